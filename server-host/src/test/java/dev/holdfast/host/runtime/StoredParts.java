package dev.holdfast.host.runtime;

import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateMismatchException;
import dev.holdfast.host.state.StatePart;
import dev.holdfast.host.state.StateSource;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;

/** A captured state in memory, to be restored as it is or damaged. */
public record StoredParts(StateFormat format, Map<String, byte[]> bytes) implements StateSource {

    public static StoredParts of(StatefulModel model) {
        try (StateCapture capture = model.capture()) {
            Map<String, byte[]> parts = new LinkedHashMap<>();
            for (StatePart part : capture.parts()) {
                byte[] content = new byte[(int) part.size()];
                part.read(0, content, content.length);
                parts.put(part.name(), content);
            }
            return new StoredParts(capture.format(), parts);
        }
    }

    @Override
    public List<Part> parts() {
        return bytes.entrySet().stream()
                .map(part -> new Part(part.getKey(), part.getValue().length))
                .toList();
    }

    @Override
    public InputStream open(String part) {
        byte[] content = bytes.get(part);
        if (content == null) {
            throw new StateMismatchException("no part " + part);
        }
        return new ByteArrayInputStream(content);
    }

    /** The parts with their bytes, to be compared: that of arrays one by one takes reflection. */
    public Map<String, ByteBuffer> contents() {
        Map<String, ByteBuffer> contents = new LinkedHashMap<>();
        bytes.forEach((name, content) -> contents.put(name, ByteBuffer.wrap(content)));
        return contents;
    }

    long size() {
        return bytes.values().stream().mapToLong(part -> part.length).sum();
    }

    StoredParts with(String part, byte[] content) {
        Map<String, byte[]> changed = new LinkedHashMap<>(bytes);
        changed.put(part, content);
        return new StoredParts(format, changed);
    }

    public StoredParts without(String part) {
        Map<String, byte[]> changed = new LinkedHashMap<>(bytes);
        changed.remove(part);
        return new StoredParts(format, changed);
    }

    /** One part cut short, longer, or with a few changed bits. */
    public StoredParts damaged(Random random) {
        String name = new ArrayList<>(bytes.keySet()).get(random.nextInt(bytes.size()));
        byte[] content = bytes.get(name);
        byte[] changed = switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(content, random.nextInt(content.length));
            case 1 -> Arrays.copyOf(content, content.length + 1 + random.nextInt(20));
            default -> flipped(content, content.length, random);
        };
        return with(name, changed);
    }

    /** One part as somebody would write it who knows the checksum and wishes us ill. */
    public StoredParts forged(Random random) {
        String name = new ArrayList<>(bytes.keySet()).get(random.nextInt(bytes.size()));
        byte[] content = bytes.get(name);
        int end = content.length - 4;
        byte[] changed = end == 0 || random.nextInt(8) == 0
                ? Arrays.copyOf(content, 4 + random.nextInt(content.length))
                : flipped(content, end, random);
        CRC32C sum = new CRC32C();
        sum.update(changed, 0, changed.length - 4);
        ByteBuffer.wrap(changed).putInt(changed.length - 4, (int) sum.getValue());
        return with(name, changed);
    }

    private static byte[] flipped(byte[] content, int end, Random random) {
        byte[] changed = content.clone();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            // The beginnings of parts hold the counts, which are few among so many bytes.
            int at = random.nextBoolean() ? random.nextInt(end) : random.nextInt(Math.min(end, 64));
            changed[at] ^= (byte) (1 << random.nextInt(8));
        }
        if (Arrays.equals(changed, content)) {
            changed[0] ^= 1;
        }
        return changed;
    }
}
