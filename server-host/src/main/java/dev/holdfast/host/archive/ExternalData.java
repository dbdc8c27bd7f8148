package dev.holdfast.host.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The files in which an ONNX model keeps weights outside its own file, found by walking over the model's protocol buffers
 * message (onnx.proto of the ONNX project: {@code TensorProto.external_data}, wherever a tensor may be) without reading the
 * weights.
 *
 * <p>What is no such message has none; the engine says what is wrong with it.
 */
public final class ExternalData {

    private static final int DEEPEST = 64;
    private static final int MOST = 10_000;
    private static final int LONGEST_TEXT = 4096;

    /** Which fields of a message hold messages in which a tensor may be. */
    private enum Message {
        MODEL,
        TRAINING,
        FUNCTION,
        GRAPH,
        NODE,
        ATTRIBUTE,
        SPARSE,
        TENSOR,
        ENTRY;

        private static final Map<Message, Map<Integer, Message>> FIELDS = Map.of(
                MODEL, Map.of(7, GRAPH, 20, TRAINING, 25, FUNCTION),
                TRAINING, Map.of(1, GRAPH, 2, GRAPH),
                FUNCTION, Map.of(7, NODE, 11, ATTRIBUTE),
                GRAPH, Map.of(1, NODE, 5, TENSOR, 15, SPARSE),
                NODE, Map.of(5, ATTRIBUTE),
                ATTRIBUTE, Map.of(5, TENSOR, 6, GRAPH, 10, TENSOR, 11, GRAPH, 22, SPARSE, 23, SPARSE),
                SPARSE, Map.of(1, TENSOR, 2, TENSOR),
                TENSOR, Map.of(13, ENTRY),
                ENTRY, Map.of());

        Optional<Message> at(int field) {
            return Optional.ofNullable(FIELDS.getOrDefault(this, Map.of()).get(field));
        }
    }

    /** The bytes are no protocol buffers message. */
    private static final class MalformedException extends IOException {
        private static final long serialVersionUID = 1;
    }

    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(8192).limit(0);
    private final SortedSet<String> locations = new TreeSet<>();
    private long bufferAt;
    private long at;

    private ExternalData(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * The files beside a model that it needs, sorted by name. Those that would lie elsewhere than in the model's directory,
     * or below it, are left out, for the engine refuses them.
     */
    public static SortedSet<Path> of(Path model) throws IOException {
        Path directory = model.toAbsolutePath().resolveSibling(".").normalize();
        SortedSet<Path> files = new TreeSet<>();
        for (String location : locations(model)) {
            try {
                Path file = directory.resolve(location).normalize();
                if (file.startsWith(directory) && !file.equals(directory)) {
                    files.add(file);
                }
            } catch (InvalidPathException e) {
                // No file has such a name.
            }
        }
        return files;
    }

    private static SortedSet<String> locations(Path model) throws IOException {
        try (FileChannel channel = FileChannel.open(model, StandardOpenOption.READ)) {
            ExternalData walk = new ExternalData(channel);
            try {
                walk.message(Message.MODEL, channel.size(), 0);
            } catch (MalformedException e) {
                return walk.locations;
            }
            return walk.locations;
        }
    }

    private void message(Message type, long to, int depth) throws IOException {
        if (depth > DEEPEST || locations.size() > MOST) {
            throw new MalformedException();
        }
        String key = "";
        String value = "";
        while (at < to) {
            long tag = number(to);
            switch ((int) tag & 7) {
                case 0 -> number(to);
                case 1 -> at += 8;
                case 5 -> at += 4;
                case 2 -> {
                    long size = number(to);
                    if (size < 0 || size > to - at) {
                        throw new MalformedException();
                    }
                    long end = at + size;
                    int field = (int) (tag >>> 3);
                    Optional<Message> inner = type.at(field);
                    if (inner.isPresent()) {
                        message(inner.get(), end, depth + 1);
                    } else if (type == Message.ENTRY && field == 1) {
                        key = text(size);
                    } else if (type == Message.ENTRY && field == 2) {
                        value = text(size);
                    }
                    at = end;
                }
                default -> throw new MalformedException();
            }
        }
        if (key.equals("location")) {
            locations.add(value);
        }
    }

    private long number(long to) throws IOException {
        long number = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (at >= to) {
                throw new MalformedException();
            }
            byte next = next();
            number |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return number;
            }
        }
        throw new MalformedException();
    }

    private String text(long size) throws IOException {
        if (size > LONGEST_TEXT) {
            throw new MalformedException();
        }
        byte[] bytes = new byte[(int) size];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = next();
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private byte next() throws IOException {
        if (at < bufferAt || at >= bufferAt + buffer.limit()) {
            buffer.clear();
            int read = channel.read(buffer, at);
            buffer.flip();
            bufferAt = at;
            if (read <= 0) {
                throw new MalformedException();
            }
        }
        return buffer.get((int) (at++ - bufferAt));
    }
}
