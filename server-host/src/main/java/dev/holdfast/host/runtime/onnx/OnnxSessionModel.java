package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.runtime.CopiedState;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.runtime.onnx.Sessions.Session;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateSource;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Utf8;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * An ONNX model of which some outputs are inputs of the next call of the same session.
 *
 * <pre>
 *   request: session_id, inputs ──▶ inputs + what the session carries ──▶ run ──▶ outputs
 *                                              ▲                           │
 *                                              └── carried outputs ◀───────┘
 * </pre>
 *
 * <p>A request names its session in {@code session_id}, BYTES[1], and may end it by {@code session_end}, BOOL[1]. By {@code
 * session_start}, BOOL[1], it says whether the session begins anew with it (true), or must exist already (false), so that a
 * lost session is not taken for a new one; without it the session goes on, or begins. In each answer {@code session_new}
 * says which of the two it was, and {@code session_step} counts the calls of the session. A request
 * without a session begins anew, and what it would carry is dropped. Requests of one session run one at a time in the order
 * in which they come; those of different sessions run side by side. What a session carries is replaced when the batch of
 * its request has succeeded as a whole: a request that failed, and is sent again, has not happened.
 */
final class OnnxSessionModel implements StatefulModel {

    static final String RUNTIME = "onnx-session";

    private static final TensorSpec SESSION_ID = new TensorSpec("session_id", TensorType.BYTES, List.of(1L));
    private static final TensorSpec SESSION_START = new TensorSpec("session_start", TensorType.BOOL, List.of(1L));
    private static final TensorSpec SESSION_END = new TensorSpec("session_end", TensorType.BOOL, List.of(1L));
    private static final List<TensorSpec> CONTROLS = List.of(SESSION_ID, SESSION_START, SESSION_END);
    private static final TensorSpec SESSION_NEW = new TensorSpec("session_new", TensorType.BOOL, List.of(1L));
    private static final TensorSpec SESSION_STEP = new TensorSpec("session_step", TensorType.INT64, List.of(1L));
    private static final List<TensorSpec> REMARKS = List.of(SESSION_NEW, SESSION_STEP);
    private static final int FORMAT_VERSION = 1;

    private final String name;
    private final LoadedModel model;
    private final SessionSettings settings;
    private final Sessions sessions;
    private final ModelSignature signature;
    private final InputCheck check;
    /** The inputs that are carried, and in the same order what they are in a session's first call. */
    private final List<TensorSpec> carried;

    private final SessionPoint first;
    private final SessionState codec;
    private final StateFormat format;

    /** @param digest of the model's file */
    OnnxSessionModel(String name, LoadedModel model, SessionSettings settings, String digest, LongSupplier nanos) {
        this.name = name;
        this.model = model;
        this.settings = settings;
        this.sessions = new Sessions(name, settings, nanos);
        ModelSignature plain = model.signature();
        this.carried = settings.carry().keySet().stream()
                .map(input -> carried(plain, input))
                .toList();
        this.first = new SessionPoint(carried.stream().map(this::first).toList(), 0);
        List<TensorSpec> inputs = plain.inputs().stream()
                .filter(input -> !settings.carry().containsKey(input.name()))
                .toList();
        this.check = new InputCheck(name, inputs);
        List<TensorSpec> named = new ArrayList<>(inputs);
        named.add(SESSION_ID);
        this.signature = new ModelSignature(
                plain.platform(),
                named,
                List.of(SESSION_ID, SESSION_START, SESSION_END),
                plain.outputs().stream()
                        .filter(output -> !settings.carry().containsValue(output.name()))
                        .toList(),
                REMARKS,
                plain.leftOut(),
                false);
        this.codec = new SessionState(carried, settings);
        this.format = new StateFormat(
                RUNTIME, FORMAT_VERSION, fingerprint(digest, settings.carry().toString()));
    }

    /** Readable where the names are short and plain, as they mostly are. */
    private static String fingerprint(String digest, String carry) {
        String plain = carry.replace(", ", ",");
        String readable = plain.matches("[!-~]{1,100}") ? plain : Sha256.of(carry);
        return "carry=" + readable + ",model=" + digest;
    }

    private TensorSpec carried(ModelSignature plain, String input) {
        for (TensorSpec control : CONTROLS) {
            if (find(plain.inputs(), control.name()).isPresent()) {
                throw refused("the model has an input of its own named " + control.name());
            }
        }
        for (TensorSpec remark : REMARKS) {
            if (find(plain.outputs(), remark.name()).isPresent()) {
                throw refused("the model has an output of its own named " + remark.name());
            }
        }
        String output = settings.carry().getOrDefault(input, "");
        TensorSpec to = find(plain.inputs(), input)
                .orElseThrow(() -> refused("'carry' names the input '" + OneLine.name(input)
                        + "', which the model does not have; it has " + names(plain.inputs())));
        TensorSpec from = find(plain.outputs(), output)
                .orElseThrow(() -> refused("'carry' names the output '" + OneLine.name(output) + "', which "
                        + (plain.leftOut().containsKey(output)
                                ? "cannot be carried: it is " + plain.leftOut().get(output)
                                : "the model does not have; it has " + names(plain.outputs()))));
        if (to.type() != from.type() || to.type() == TensorType.BYTES) {
            throw refused("'carry' takes the input '" + OneLine.name(input) + "' of the type " + to.type()
                    + " from an output of the type " + from.type() + "; both must be of one type, and not BYTES");
        }
        return to;
    }

    /** What a session carries before its first call: zeros, in the shape that the model or the settings say. */
    private Tensor first(TensorSpec spec) {
        List<Long> shape = settings.shapes().getOrDefault(spec.name(), spec.shape());
        long[] sizes = shape.stream().mapToLong(size -> size).toArray();
        if (shape.contains(-1L) || !InputCheck.fits(sizes, spec.shape())) {
            throw refused("the input '" + OneLine.name(spec.name()) + "' has the shape " + spec.shape()
                    + "; 'shapes' must say which it has at the beginning of a session, such as [2, 1, 128], and not "
                    + shape);
        }
        long bytes = TensorBytes.width(spec.type());
        for (long size : sizes) {
            bytes = Math.min(bytes * size, Integer.MAX_VALUE);
        }
        if (bytes > settings.maxSessionBytes()) {
            throw refused("'maxSessionBytes' is " + settings.maxSessionBytes() + ", and the input '"
                    + OneLine.name(spec.name()) + "' alone takes " + bytes);
        }
        return TensorBytes.tensor(spec, sizes, new byte[(int) bytes]);
    }

    private ModelLoadException refused(String why) {
        return new ModelLoadException("Archive " + name + ": " + SessionSettings.FILE + ": " + why);
    }

    private static Optional<TensorSpec> find(List<TensorSpec> specs, String name) {
        return specs.stream().filter(spec -> spec.name().equals(name)).findFirst();
    }

    private static Optional<Tensor> tensor(List<Tensor> tensors, String name) {
        return tensors.stream().filter(tensor -> tensor.name().equals(name)).findFirst();
    }

    private static String names(List<TensorSpec> specs) {
        return OneLine.name(specs.stream().map(TensorSpec::name).toList().toString());
    }

    @Override
    public long weightBytes() {
        return model.weightBytes();
    }

    @Override
    public ModelSignature signature() {
        return signature;
    }

    @Override
    public void check(List<Tensor> inputs) {
        check.check(withoutControls(inputs));
        for (TensorSpec control : CONTROLS) {
            List<Tensor> given = inputs.stream()
                    .filter(input -> input.name().equals(control.name()))
                    .toList();
            for (Tensor input : given) {
                if (given.size() > 1 || input.type() != control.type() || !isOne(input)) {
                    throw new InvalidInputException("Model " + name + " wants " + control.name() + " once, as "
                            + control.type() + "[1], not " + OneLine.name(given.toString()));
                }
            }
        }
        if (sessionId(inputs).isEmpty() && tensor(inputs, SESSION_END.name()).isPresent()) {
            throw new InvalidInputException("Model " + name + " got session_end and no session_id to end");
        }
        if (sessionId(inputs).isEmpty() && tensor(inputs, SESSION_START.name()).isPresent()) {
            throw new InvalidInputException("Model " + name + " got session_start and no session_id to start");
        }
    }

    private static boolean isOne(Tensor tensor) {
        return tensor.shape().length == 1 && tensor.count() == 1;
    }

    private static List<Tensor> withoutControls(List<Tensor> inputs) {
        return inputs.stream()
                .filter(input -> find(CONTROLS, input.name()).isEmpty())
                .toList();
    }

    private Optional<String> sessionId(List<Tensor> request) {
        return tensor(request, SESSION_ID.name()).map(tensor -> {
            byte[] id = ((byte[][]) tensor.elements())[0];
            if (!SessionState.isId(id)) {
                throw new InvalidInputException("Model " + name + " got a session_id of " + id.length
                        + " bytes; it must have 1 to " + SessionState.LONGEST_ID);
            }
            try {
                return Utf8.decode(id);
            } catch (CharacterCodingException e) {
                throw new InvalidInputException("Model " + name + " got a session_id that is not UTF-8", e);
            }
        });
    }

    private static Optional<Boolean> truth(List<Tensor> request, TensorSpec control) {
        return tensor(request, control.name()).map(tensor -> ((boolean[]) tensor.elements())[0]);
    }

    private static boolean ends(List<Tensor> request) {
        return truth(request, SESSION_END).orElse(false);
    }

    private static boolean goesOn(List<Tensor> request) {
        return !truth(request, SESSION_START).orElse(true);
    }

    private static boolean beginsAnew(List<Tensor> request) {
        return truth(request, SESSION_START).orElse(false);
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch) {
        // In the order of their ids, so that two batches never wait for one another.
        TreeMap<String, Boolean> mayBegin = new TreeMap<>();
        batch.forEach(request ->
                sessionId(request).ifPresent(id -> mayBegin.merge(id, !goesOn(request), Boolean::logicalOr)));
        Map<String, Session> entered = new HashMap<>();
        try {
            mayBegin.forEach((id, may) -> entered.put(id, sessions.enter(id, may)));
            return predict(batch, entered);
        } finally {
            entered.values().forEach(sessions::leave);
        }
    }

    private List<List<Tensor>> predict(List<List<Tensor>> batch, Map<String, Session> entered) {
        Map<Session, Optional<SessionPoint>> states = new HashMap<>();
        entered.values().forEach(session -> states.put(session, sessions.state(session)));
        List<List<Tensor>> answers = new ArrayList<>();
        int inSessions = 0;
        for (List<Tensor> request : batch) {
            Optional<String> id = sessionId(request);
            if (id.isEmpty()) {
                answers.add(call(request, first).outputs());
                continue;
            }
            Session session = entered.get(id.get());
            Optional<SessionPoint> before = states.getOrDefault(session, Optional.empty());
            if (goesOn(request) && before.isEmpty()) {
                throw sessions.absent(id.get());
            }
            boolean isNew = beginsAnew(request) || before.isEmpty();
            SessionPoint from = isNew ? first : before.orElseThrow();
            Call call = call(request, from);
            states.put(session, ends(request) ? Optional.empty() : Optional.of(call.next()));
            inSessions++;
            answers.add(withRemarks(call, isNew));
        }
        if (Thread.currentThread().isInterrupted()) {
            // Nobody waits for the answers, and those whose time is not over are run again: it must not have happened.
            throw new InferenceException("The run of model " + name + " was told to end");
        }
        sessions.commit(states, inSessions);
        return answers;
    }

    private static List<Tensor> withRemarks(Call call, boolean isNew) {
        List<Tensor> answer = new ArrayList<>(call.outputs());
        answer.add(new Tensor(SESSION_NEW.name(), SESSION_NEW.type(), new long[] {1}, new boolean[] {isNew}));
        answer.add(new Tensor(SESSION_STEP.name(), SESSION_STEP.type(), new long[] {1}, new long[] {
            call.next().steps()
        }));
        return answer;
    }

    /** What a call gave: the outputs for the caller, and where its session stands from then on. */
    private record Call(List<Tensor> outputs, SessionPoint next) {}

    private Call call(List<Tensor> request, SessionPoint from) {
        List<Tensor> inputs = new ArrayList<>(withoutControls(request));
        inputs.addAll(from.carried());
        List<Tensor> outputs = new ArrayList<>(model.predict(List.of(inputs)).get(0));
        List<Tensor> next = new ArrayList<>();
        long bytes = 0;
        for (TensorSpec spec : carried) {
            String output = settings.carry().getOrDefault(spec.name(), "");
            Tensor given = tensor(outputs, output)
                    .orElseThrow(
                            () -> new InferenceException("Model " + name + " left out its output '" + output + "'"));
            outputs.remove(given);
            if (!InputCheck.fits(given.shape(), spec.shape())) {
                throw new InferenceException("Model " + name + " gave " + given + ", which its input '" + spec.name()
                        + "' of the shape " + spec.shape() + " does not take");
            }
            next.add(new Tensor(spec.name(), spec.type(), given.shape(), given.elements()));
            bytes += (long) given.count() * TensorBytes.width(spec.type());
        }
        if (bytes > settings.maxSessionBytes()) {
            throw new InvalidInputException("Model " + name + " would carry " + bytes + " bytes for the session, and "
                    + SessionSettings.FILE + " allows " + settings.maxSessionBytes()
                    + " (maxSessionBytes): end the session, and begin another");
        }
        return new Call(outputs, new SessionPoint(next, from.steps() + 1));
    }

    @Override
    public StateFormat stateFormat() {
        return format;
    }

    @Override
    public StateCapture capture() {
        return new CopiedState(format, codec.parts(sessions.states()));
    }

    @Override
    public void restore(StateSource source) {
        source.format().requireFits(format);
        sessions.replace(codec.sessions(source));
    }

    @Override
    public SaveRule saveRule() {
        return settings.saveRule();
    }

    @Override
    public long updates() {
        return sessions.updates();
    }

    @Override
    public void end(Thread predicting) {
        model.end(predicting);
    }

    @Override
    public void close() {
        model.close();
    }
}
