package dev.holdfast.plugin.fs;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A cache of the directory's snapshots in order, so that the last one and a page are found without reading the directory.
 *
 * <pre>
 *   .holdfast/index-7   one {@link Entry} a line, lowest revision first; only ever appended to, or replaced by index-8
 *   .holdfast/state     which index, how many of its lines count, and the directory's {@link Stamp} that this is true for
 * </pre>
 *
 * <p>It is never the truth. A state that does not fit the directory as it is (somebody, perhaps a killed writer, changed
 * it afterwards), another start of the machine (after which unsynced writes may be missing), or a wrong checksum: the
 * directory is read. Nothing here is synced, for that reason. Lines of snapshots that were removed may stay.
 */
final class Index {

    private static final Pattern STATE = Pattern.compile(
            "(holdfast-fs-index 1 boot=(\\S+) directory=(\\S+ \\S+ \\S+) file=([0-9]{1,18}) lines=([0-9]{1,9})"
                    + " unreadable=(\\S*)) crc32c=([0-9a-f]{8})");
    private static final int LONGEST_STATE = 4000;
    private static final int BLOCK = 64;
    private static final String CANNOT_BE_READ = "cannot be read: ";
    /** How many places of the index may be taken by what cannot be removed. */
    private static final int OTHER_NUMBERS = 5;

    private static final Logger LOG = System.getLogger(Index.class.getName());

    /** What the state file says. */
    record State(String boot, String stamp, long file, int lines, Set<String> unreadable) {

        boolean fits(String boot, Stamp stamp) {
            return this.boot.equals(boot) && this.stamp.equals(stamp.toText());
        }
    }

    private final Path hidden;
    private final String boot;

    /** What the state file said last. While the directory has its stamp, nobody has written another one. */
    private volatile @Nullable State known;

    /**
     * @param hidden the directory for the index
     * @param boot this start of the machine; empty if unknown, and then nothing is trusted
     */
    Index(Path hidden, String boot) {
        this.hidden = hidden;
        this.boot = boot;
    }

    /** The view of the index if it is right for the directory as stamped; null if it is not. */
    @Nullable
    View view(Stamp stamp) throws IOException {
        if (boot.isEmpty() || !stamp.usable()) {
            return null;
        }
        State state = known;
        if (state == null || !state.fits(boot, stamp)) {
            state = state();
            if (state == null || !state.fits(boot, stamp)) {
                return null;
            }
            known = state;
        }
        Path file = file(state.file);
        try {
            return new Lines(file, FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS), state);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw new IndexDamagedException(file, CANNOT_BE_READ + e, e);
        }
    }

    /**
     * Null if there is none.
     *
     * @throws IndexDamagedException if it cannot be read or understood
     */
    @Nullable
    State state() throws IndexDamagedException {
        Path file = hidden.resolve("state");
        byte[] bytes;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            bytes = read(channel, 0, LONGEST_STATE);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw new IndexDamagedException(file, CANNOT_BE_READ + e, e);
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int end = text.indexOf('\n');
        Matcher line = STATE.matcher(end < 0 ? text : text.substring(0, end));
        if (!line.matches() || !SnapshotFile.crc32c(line.group(1)).equals(line.group(7))) {
            throw new IndexDamagedException(file, "is damaged", null);
        }
        Set<String> unreadable = line.group(6).isEmpty()
                ? Set.of()
                : new LinkedHashSet<>(Arrays.asList(line.group(6).split(",")));
        return new State(
                line.group(2),
                line.group(3),
                Long.parseLong(line.group(4)),
                Integer.parseInt(line.group(5)),
                unreadable);
    }

    /**
     * All entries of the index whether or not it is right for the directory; damaged lines are left out.
     *
     * @throws IndexDamagedException if there is one and it cannot be read
     */
    List<Entry> hints() throws IndexDamagedException {
        List<Entry> hints = new ArrayList<>();
        State state = state();
        if (state == null) {
            return hints;
        }
        Path file = file(state.file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            int block = 4096;
            for (long line = 0; line < state.lines; line += block) {
                byte[] lines = read(channel, line * Entry.LENGTH, block * Entry.LENGTH);
                for (int at = 0; at + Entry.LENGTH <= lines.length; at += Entry.LENGTH) {
                    Entry entry = Entry.fromLine(lines, at);
                    if (entry != null) {
                        hints.add(entry);
                    }
                }
            }
        } catch (NoSuchFileException e) {
            // No hints: every file is then read.
        } catch (IOException e) {
            throw new IndexDamagedException(file, CANNOT_BE_READ + e, e);
        }
        return hints;
    }

    /** Adds an entry behind the first {@code lines}, and says that all is right for the directory as stamped. */
    void append(Entry entry, int lines, Set<String> unreadable, Stamp stamp) throws IOException {
        long file = currentFile();
        Disk.writeInPlace(file(file), entry.toLine(), (long) lines * Entry.LENGTH);
        write(file, lines + 1, unreadable, stamp);
    }

    /** Says that the first {@code lines} are right for the directory as stamped. */
    void restamp(int lines, Set<String> unreadable, Stamp stamp) throws IOException {
        write(currentFile(), lines, unreadable, stamp);
    }

    private long currentFile() throws IOException {
        State state = known != null ? known : state();
        if (state == null) {
            throw new IndexDamagedException("The state of the index has gone");
        }
        return state.file;
    }

    /** Writes the index anew, in place of one that is of no use too. */
    void replace(View view, Stamp stamp) throws IOException {
        State old = stateIfSound();
        long number = old == null ? 1 : old.file + 1;
        byte[] lines = new byte[Math.multiplyExact(view.size(), Entry.LENGTH)];
        for (int i = 0; i < view.size(); i++) {
            System.arraycopy(view.entry(i).toLine(), 0, lines, i * Entry.LENGTH, Entry.LENGTH);
        }
        number = writeLines(number, lines);
        write(number, view.size(), view.unreadable(), stamp);
        if (old != null) {
            deleteOld(file(old.file));
        }
    }

    private @Nullable State stateIfSound() {
        try {
            return state();
        } catch (IndexDamagedException e) {
            // It is about to be replaced, and whoever read it before has told of it.
            return null;
        }
    }

    /** Under the first number from this one on whose place is free or can be made free. */
    private long writeLines(long first, byte[] lines) throws IOException {
        for (long number = first; ; number++) {
            try {
                Files.deleteIfExists(file(number));
                Disk.writeInPlace(file(number), lines, 0);
                return number;
            } catch (IOException e) {
                if (number - first == OTHER_NUMBERS) {
                    throw e;
                }
            }
        }
    }

    /** What is in its place may be a directory with something in it; the new index does not need that to be gone. */
    private static void deleteOld(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} of an index that was replaced could not be removed: {1}", file, e);
        }
    }

    private void write(long file, int lines, Set<String> unreadable, Stamp stamp) throws IOException {
        String line = "holdfast-fs-index 1 boot=" + boot + " directory=" + stamp.toText() + " file=" + file + " lines="
                + lines + " unreadable=" + String.join(",", new TreeSet<>(unreadable));
        String checked = line + " crc32c=" + SnapshotFile.crc32c(line) + "\n";
        if (boot.isEmpty() || !stamp.usable() || checked.length() > LONGEST_STATE) {
            forget();
            return;
        }
        Path state = hidden.resolve("state");
        byte[] bytes = checked.getBytes(StandardCharsets.US_ASCII);
        try {
            Disk.writeInPlace(state, bytes, 0);
        } catch (IOException e) {
            // Another user's file, or an empty directory: what may not be written may be removed by the directory's
            // owner.
            Files.deleteIfExists(state);
            Disk.writeInPlace(state, bytes, 0);
        }
        known = new State(boot, stamp.toText(), file, lines, Set.copyOf(unreadable));
    }

    /** Makes the index void. */
    void forget() throws IOException {
        known = null;
        Files.deleteIfExists(hidden.resolve("state"));
    }

    private Path file(long number) {
        return hidden.resolve("index-" + number);
    }

    private static byte[] read(FileChannel channel, long position, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) >= 0) {
            // One read may give less than was asked for.
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    /** The index as a view; reads a block of lines at a time. */
    private static final class Lines implements View {

        private final Path file;
        private final FileChannel channel;
        private final State state;
        private byte[] block = {};
        private int blockStart;

        Lines(Path file, FileChannel channel, State state) {
            this.file = file;
            this.channel = channel;
            this.state = state;
        }

        @Override
        public int size() {
            return state.lines;
        }

        @Override
        public Entry entry(int index) throws IOException {
            int offset = (index - blockStart) * Entry.LENGTH;
            if (index < blockStart || offset >= block.length) {
                blockStart = Math.max(0, index - BLOCK + 1);
                block = block(blockStart);
                offset = (index - blockStart) * Entry.LENGTH;
            }
            Entry entry = offset + Entry.LENGTH <= block.length ? Entry.fromLine(block, offset) : null;
            if (entry == null) {
                throw new IndexDamagedException(file, "is damaged in line " + index, null);
            }
            return entry;
        }

        private byte[] block(int line) throws IndexDamagedException {
            try {
                return read(channel, (long) line * Entry.LENGTH, BLOCK * Entry.LENGTH);
            } catch (IOException e) {
                throw new IndexDamagedException(file, CANNOT_BE_READ + e, e);
            }
        }

        @Override
        public Set<String> unreadable() {
            return state.unreadable;
        }

        @Override
        public boolean indexed() {
            return true;
        }

        @Override
        public boolean holds(Stamp now) {
            return state.stamp.equals(now.toText());
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
