package dev.holdfast.host.rpc;

import dev.holdfast.host.api.EngineOperations;
import dev.holdfast.host.rpc.RpcMethod.Turn;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
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
    private static final byte[] NOTHING = {};

    /** Old clients know the texts of the first specification alone. */
    private static final MessagePack.PackerConfig ANSWERS =
            new MessagePack.PackerConfig().withStr8FormatSupport(false).withBufferSize(512);

    private final EngineOperations operations;
    private final Engine<?> engine;
    private final ModelDirectory files;
    private final Executor threads;
    private final Map<String, ModelRecord> records = new ConcurrentHashMap<>();

    /** @param threads run what waits for others, or for the disk */
    Calls(EngineOperations operations, Engine<?> engine, ModelDirectory files, Executor threads) {
        this.operations = operations;
        this.engine = engine;
        this.files = files;
        this.threads = threads;
    }

    Turn turn(Call call) {
        RpcMethod<?> method = engine.methods().get(call.method());
        return method == null ? Turn.ASK : method.turn();
    }

    void later(Runnable work) {
        threads.execute(work);
    }

    /** The model that is meant by a name. */
    <M> CalledModel<M> model(Engine<M> of, String name) {
        EngineOperations.Found<M> found = operations.find(name, of.kind());
        return new CalledModel<>(found, records.computeIfAbsent(found.name(), any -> new ModelRecord()), files);
    }

    /** Does what is asked for; never throws. The answer is empty for a call that wants none. */
    byte[] answer(Call call) {
        byte[] answer = answer(call, engine);
        return call.id().isPresent() ? answer : NOTHING;
    }

    private <M> byte[] answer(Call call, Engine<M> of) {
        RpcMethod<M> method = of.methods().get(call.method());
        if (method == null) {
            return packed(call, out -> out.packInt(UNKNOWN_METHOD).packString(call.method()));
        }
        try {
            Arguments in = new Arguments(call.arguments());
            RpcMethod.Reply reply = method.body().call(model(of, in.text()), in);
            return packed(call, out -> reply.to((MessageBufferPacker) out.packNil()));
        } catch (MessagePackException e) {
            return packed(call, out -> out.packInt(WRONG_ARGUMENT).packNil());
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            if (e instanceof Error) {
                log.warn("{} by RPC was given up: {}", call.method(), e.toString());
            }
            log.debug("{} by RPC failed", call.method(), e);
            String message = e.getMessage() == null || e instanceof IOException ? OneLine.of(e) : e.getMessage();
            return packed(call, out -> out.packString(message).packNil());
        }
    }

    private byte[] packed(Call call, RpcMethod.Reply rest) {
        try (MessageBufferPacker out = ANSWERS.newBufferPacker()) {
            out.packArrayHeader(4).packInt(RESPONSE).packLong(call.id().orElse(0));
            rest.to(out);
            return out.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException("Bytes are written into memory", e);
        }
    }
}
