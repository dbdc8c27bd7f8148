package dev.holdfast.host.rpc;

import dev.holdfast.host.api.EngineOperations;
import dev.holdfast.host.metrics.RpcMeasures;
import dev.holdfast.host.rpc.RpcMethod.Turn;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers calls. Safe for use by several threads. */
final class Calls {

    private static final Logger log = LoggerFactory.getLogger(Calls.class);
    private static final int UNKNOWN_METHOD = 1;
    private static final int WRONG_ARGUMENT = 2;
    private static final int RESPONSE = 1;
    private static final int SHORT = 1 << 14;
    private static final byte[] NOTHING = {};

    /** Old clients know the texts of the first specification alone. */
    private static final MessagePack.PackerConfig ANSWERS =
            new MessagePack.PackerConfig().withStr8FormatSupport(false).withBufferSize(512);

    private final EngineOperations operations;
    private final Engine<?> engine;
    private final ModelDirectory files;
    private final RpcMeasures measures;
    private final Executor threads;
    private final Map<String, ModelRecord> records = new ConcurrentHashMap<>();

    /** @param threads run what waits for others, or for the disk */
    Calls(EngineOperations operations, Engine<?> engine, ModelDirectory files, RpcMeasures measures, Executor threads) {
        this.operations = operations;
        this.engine = engine;
        this.files = files;
        this.measures = measures;
        this.threads = threads;
    }

    RpcMeasures measures() {
        return measures;
    }

    void later(Runnable work) {
        threads.execute(work);
    }

    /** The model that is meant by a name. */
    <M> CalledModel<M> model(Engine<M> of, String name) {
        EngineOperations.Found<M> found = operations.find(name, of.kind());
        return new CalledModel<>(found, records.computeIfAbsent(found.name(), any -> new ModelRecord()), files);
    }

    /**
     * A call that can be answered.
     *
     * @param turn on which thread
     * @param answer does what is asked for, and never throws; empty for a call that wants no answer
     */
    record Ready(Turn turn, Supplier<byte[]> answer) {}

    /** Looks for the method and the model; does nothing else. */
    Ready ready(Call call, int bytes) {
        return ready(call, bytes, engine);
    }

    private <M> Ready ready(Call call, int bytes, Engine<M> of) {
        RpcMethod<M> method = of.methods().get(call.method());
        if (method == null) {
            measures.called(RpcMeasures.UNKNOWN, false, 0);
            return now(call, out -> out.packInt(UNKNOWN_METHOD).packString(call.method()));
        }
        try {
            Arguments in = new Arguments(call.arguments());
            CalledModel<M> model = model(of, in.text());
            // To wake another thread costs more than a short lesson does.
            boolean atOnce = method.turn() == Turn.TEACH
                    && bytes <= SHORT
                    && !model.found().isBeingTaught()
                    && !of.busy().test(model.asked());
            return new Ready(atOnce ? Turn.ASK : method.turn(), () -> answer(call, method, model, in));
        } catch (IOException | RuntimeException e) {
            measures.called(call.method(), false, 0);
            return now(call, failure(call, e));
        }
    }

    private Ready now(Call call, RpcMethod.Reply answer) {
        return new Ready(Turn.ASK, () -> packed(call, answer));
    }

    private <M> byte[] answer(Call call, RpcMethod<M> method, CalledModel<M> model, Arguments in) {
        long begin = System.nanoTime();
        try {
            RpcMethod.Reply reply = method.body().call(model, in);
            byte[] answer = packed(call, out -> reply.to(out.packNil()));
            measures.called(call.method(), true, System.nanoTime() - begin);
            return answer;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            measures.called(call.method(), false, System.nanoTime() - begin);
            return packed(call, failure(call, e));
        }
    }

    private static RpcMethod.Reply failure(Call call, Throwable e) {
        if (e instanceof MessagePackException) {
            return out -> out.packInt(WRONG_ARGUMENT).packNil();
        }
        if (e instanceof Error) {
            log.warn("{} by RPC was given up: {}", call.method(), e.toString());
        }
        log.debug("{} by RPC failed", call.method(), e);
        String message = e.getMessage() == null || e instanceof IOException ? OneLine.of(e) : e.getMessage();
        return out -> out.packString(message).packNil();
    }

    private static byte[] packed(Call call, RpcMethod.Reply rest) {
        if (call.id().isEmpty()) {
            return NOTHING;
        }
        try (MessageBufferPacker out = ANSWERS.newBufferPacker()) {
            out.packArrayHeader(4).packInt(RESPONSE).packLong(call.id().getAsLong());
            rest.to(out);
            return out.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException("Bytes are written into memory", e);
        }
    }
}
