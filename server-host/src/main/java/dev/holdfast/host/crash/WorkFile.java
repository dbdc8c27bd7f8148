package dev.holdfast.host.crash;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A file, mapped into memory, that names the dangerous work under way. What is written to it survives any end of the process; a
 * power cut survives only what was {@linkplain Slot#force forced}.
 *
 * <pre>
 *   line of 512 bytes   head: A for alive, E for an orderly end, G for a start that was given up; format, pid, boot of the
 *                       machine, milliseconds since 1970 at the start, directory in which the process began
 *   lines of 512 bytes  one for each thing that is done at once: a sign, or a blank where it is not in use, and what is done;
 *                       for models that are being loaded or run the {@linkplain Phase phase's} sign, then model, version,
 *                       archive and SHA-256
 * </pre>
 *
 * <p>Fields are separated by tabs, and lines end in a line feed, so that {@code cat} shows it. Safe for several threads; a
 * slot belongs to one thread at a time.
 */
final class WorkFile implements AutoCloseable {

    static final String FORMAT = "holdfast-work-1";

    private static final int LINE = 512;
    private static final int LINES = 64;
    private static final int SEGMENT = LINE * LINES;
    private static final int MOST_BYTES = 64 << 20;
    private static final byte FREE = ' ';
    private static final byte ALIVE = 'A';
    private static final byte ENDED = 'E';
    private static final byte GIVEN_UP = 'G';

    private final FileChannel channel;
    private final MappedByteBuffer head;

    // Guarded by this.
    private final List<MappedByteBuffer> segments = new ArrayList<>();
    private final Deque<Slot> free = new ArrayDeque<>();

    /** A line that was in use: its sign and its text. */
    record Line(byte sign, String text) {}

    /** The file of an earlier process. */
    record Left(long pid, String boot, long startedMillis, Path directory, Ending.How how, List<Line> lines) {}

    private WorkFile(FileChannel channel, MappedByteBuffer head) {
        this.channel = channel;
        this.head = head;
        addSlots(head, 1);
    }

    /** Replaces the file of an earlier process by a new one. If that process still lives, its mapping is not touched. */
    static WorkFile create(Path file, long pid, String boot, long millis, Path directory) throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Files.deleteIfExists(part);
        FileChannel channel =
                OwnFiles.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            MappedByteBuffer head = grow(channel, 0);
            put(
                    head,
                    0,
                    ALIVE,
                    String.join("\t", FORMAT, Long.toString(pid), boot, Long.toString(millis), directory.toString()));
            WorkFile created = new WorkFile(channel, head);
            created.segments.add(head);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return created;
        } catch (IOException | RuntimeException e) {
            channel.close();
            Files.deleteIfExists(part);
            throw e;
        }
    }

    /**
     * The bytes are written before they are mapped: touching a mapped page that the disk has no room for would end the process.
     */
    private static MappedByteBuffer grow(FileChannel channel, long from) throws IOException {
        byte[] blank = new byte[SEGMENT];
        Arrays.fill(blank, FREE);
        for (int line = 1; line <= LINES; line++) {
            blank[line * LINE - 1] = '\n';
        }
        ByteBuffer bytes = ByteBuffer.wrap(blank);
        while (bytes.hasRemaining()) {
            channel.write(bytes, from + bytes.position());
        }
        return channel.map(FileChannel.MapMode.READ_WRITE, from, SEGMENT);
    }

    private static void put(MappedByteBuffer segment, int at, byte sign, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        byte[] line = new byte[LINE - 2];
        Arrays.fill(line, FREE);
        System.arraycopy(bytes, 0, line, 0, Math.min(bytes.length, line.length));
        segment.put(at + 1, line);
        segment.put(at, sign);
    }

    /** Reads the file of an earlier process; empty if there is none that is readable. */
    static Optional<Left> read(Path file) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) > MOST_BYTES) {
            return Optional.empty();
        }
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length < LINE) {
            return Optional.empty();
        }
        String[] fields = text(bytes, 0).split("\t", 5);
        if (fields.length != 5
                || !fields[0].equals(FORMAT)
                || !fields[1].matches("[0-9]{1,18}")
                || !fields[3].matches("[0-9]{1,18}")) {
            return Optional.empty();
        }
        List<Line> lines = new ArrayList<>();
        for (int at = LINE; at + LINE <= bytes.length; at += LINE) {
            if (bytes[at] != FREE) {
                lines.add(new Line(bytes[at], text(bytes, at)));
            }
        }
        return Optional.of(new Left(
                Long.parseLong(fields[1]),
                fields[2],
                Long.parseLong(fields[3]),
                Path.of(fields[4]),
                how(bytes[0]),
                lines));
    }

    private static Ending.How how(byte sign) {
        return switch (sign) {
            case ENDED -> Ending.How.ORDERLY;
            case GIVEN_UP -> Ending.How.GIVEN_UP;
            default -> Ending.How.UNEXPECTED;
        };
    }

    private static String text(byte[] bytes, int at) {
        int end = at + LINE - 1;
        while (end > at + 1 && bytes[end - 1] == FREE) {
            end--;
        }
        return new String(bytes, at + 1, end - at - 1, StandardCharsets.UTF_8);
    }

    /** A new line, not in use yet. */
    synchronized Slot slot(String text) throws IOException {
        if (free.isEmpty()) {
            MappedByteBuffer segment = grow(channel, (long) segments.size() * SEGMENT);
            segments.add(segment);
            addSlots(segment, 0);
        }
        Slot slot = free.removeFirst();
        put(slot.segment, slot.at, FREE, text);
        return slot;
    }

    private synchronized void addSlots(MappedByteBuffer segment, int first) {
        for (int line = first; line < LINES; line++) {
            free.addLast(new Slot(segment, line * LINE));
        }
    }

    /** Makes everything durable that was written so far. */
    synchronized void force() {
        segments.forEach(MappedByteBuffer::force);
    }

    private synchronized void release(Slot slot) {
        free.addFirst(slot);
    }

    /** Notes that the process ends in an orderly way. */
    void ended(boolean served) {
        head.put(0, served ? ENDED : GIVEN_UP);
    }

    /** Notes in a file that its process gives up its start in an orderly way; may be called from any thread. */
    static void givenUp(Path file) throws IOException {
        try (FileChannel channel = OwnFiles.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {GIVEN_UP}), 0);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** One line; while it has a sign, it names what the process is doing. */
    final class Slot implements AutoCloseable {

        private final MappedByteBuffer segment;
        private final int at;

        private Slot(MappedByteBuffer segment, int at) {
            this.segment = segment;
            this.at = at;
        }

        void mark(byte sign) {
            segment.put(at, sign);
        }

        void rest() {
            segment.put(at, FREE);
        }

        /** Makes this line durable. */
        void force() {
            segment.force(at, LINE);
        }

        @Override
        public void close() {
            rest();
            release(this);
        }
    }
}
