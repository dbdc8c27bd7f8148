package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.PartReader;
import dev.holdfast.host.runtime.PartWriter;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateMismatchException;
import dev.holdfast.host.state.StatePart;
import dev.holdfast.host.state.StateSource;
import dev.holdfast.host.text.Utf8;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Sessions as bytes: a part {@code summary} with the number of sessions and of the parts that follow, the sessions in
 * the order of their ids in {@code sessions/000000} and so on; for each its id, and for each tensor that it carries the
 * sizes of its dimensions and its elements; and, where there is a session, a part {@code steps} with the number of calls of
 * each, which older hosts neither write nor read.
 *
 * @param carried the inputs that are carried, in their order in a session's list
 */
record SessionState(List<TensorSpec> carried, SessionSettings settings) {

    /** A part ends with the session that reaches this size. */
    private static final int PART_BYTES = 16 << 20;

    private static final String STEPS = "steps";
    /** More than any session makes, and a whole number in every JSON. */
    private static final long MOST_STEPS = 1L << 53;

    static final int LONGEST_ID = 200;
    private static final int MOST_DIMENSIONS = 64;

    List<StatePart> parts(SortedMap<String, SessionPoint> sessions) {
        List<StatePart> parts = new ArrayList<>();
        PartWriter part = new PartWriter();
        PartWriter steps = new PartWriter();
        for (Map.Entry<String, SessionPoint> session : sessions.entrySet()) {
            byte[] id = session.getKey().getBytes(StandardCharsets.UTF_8);
            part.putChar(id.length).putBytes(id);
            for (Tensor tensor : session.getValue().carried()) {
                write(tensor, part);
            }
            steps.putLong(session.getValue().steps());
            if (part.size() >= PART_BYTES) {
                parts.add(part.toPart(name(parts.size())));
                part = new PartWriter();
            }
        }
        if (part.size() > 0) {
            parts.add(part.toPart(name(parts.size())));
        }
        parts.add(
                0, new PartWriter().putInt(sessions.size()).putInt(parts.size()).toPart("summary"));
        if (!sessions.isEmpty()) {
            parts.add(steps.toPart(STEPS));
        }
        return parts;
    }

    private static String name(int part) {
        return String.format(Locale.ROOT, "sessions/%06d", part);
    }

    private static void write(Tensor tensor, PartWriter part) {
        part.putByte(tensor.shape().length);
        for (long size : tensor.shape()) {
            part.putInt((int) size);
        }
        part.putBytes(TensorBytes.of(tensor));
    }

    /**
     * @throws StateDamagedException if the bytes are not those of sessions of this model
     * @throws StateMismatchException if there are more sessions than there may be
     */
    SortedMap<String, SessionPoint> sessions(StateSource source) {
        PartReader summary = PartReader.open(source, "summary", 16);
        int count = summary.getInt("number of sessions", 0, Integer.MAX_VALUE);
        int parts = summary.getInt("number of parts", 0, count);
        summary.end();
        if (count > settings.maxSessions()) {
            throw new StateMismatchException("The state has " + count + " sessions, and " + SessionSettings.FILE
                    + " allows " + settings.maxSessions() + " (maxSessions)");
        }
        SortedMap<String, List<Tensor>> sessions = new TreeMap<>();
        for (int i = 0; i < parts; i++) {
            PartReader part =
                    PartReader.open(source, name(i), PART_BYTES + carried.size() * (settings.maxSessionBytes() + 1024));
            while (part.hasMore()) {
                String id = id(part);
                List<Tensor> state = new ArrayList<>();
                for (TensorSpec spec : carried) {
                    state.add(read(spec, part));
                }
                if (!sessions.isEmpty() && id.compareTo(sessions.lastKey()) <= 0) {
                    throw part.damaged("its sessions are not in their order");
                }
                sessions.put(id, List.copyOf(state));
            }
        }
        if (sessions.size() != count) {
            throw new StateDamagedException(
                    "The state has " + sessions.size() + " sessions where " + count + " are said");
        }
        return withSteps(sessions, source);
    }

    private static SortedMap<String, SessionPoint> withSteps(
            SortedMap<String, List<Tensor>> sessions, StateSource source) {
        SortedMap<String, SessionPoint> points = new TreeMap<>();
        if (source.parts().stream().noneMatch(part -> part.name().equals(STEPS))) {
            sessions.forEach((id, carried) -> points.put(id, new SessionPoint(carried, 0)));
            return points;
        }
        PartReader steps = PartReader.open(source, STEPS, 16 + (long) sessions.size() * Long.BYTES);
        sessions.forEach((id, carried) ->
                points.put(id, new SessionPoint(carried, steps.getLong("number of steps", 0, MOST_STEPS))));
        steps.end();
        return points;
    }

    private static String id(PartReader part) {
        byte[] id = part.getBytes(part.getChar());
        try {
            if (isId(id)) {
                return Utf8.decode(id);
            }
        } catch (CharacterCodingException e) {
            throw new StateDamagedException("The state has a session whose id is not UTF-8", e);
        }
        throw part.damaged("the id of a session has " + id.length + " bytes");
    }

    private Tensor read(TensorSpec spec, PartReader part) {
        long[] shape = new long[part.getByte()];
        if (shape.length > MOST_DIMENSIONS) {
            throw part.damaged("a tensor has " + shape.length + " dimensions");
        }
        long bytes = TensorBytes.width(spec.type());
        for (int i = 0; i < shape.length; i++) {
            shape[i] = part.getInt("size of a dimension", 0, Integer.MAX_VALUE);
            bytes = Math.min(bytes * shape[i], Integer.MAX_VALUE);
        }
        if (!InputCheck.fits(shape, spec.shape()) || bytes > settings.maxSessionBytes()) {
            throw part.damaged("the tensor '" + spec.name() + "' has a shape that it cannot have");
        }
        return TensorBytes.tensor(spec, shape, part.getBytes((int) bytes));
    }

    /** Whether a session may have this id. */
    static boolean isId(byte[] id) {
        return id.length > 0 && id.length <= LONGEST_ID;
    }
}
