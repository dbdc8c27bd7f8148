package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The file of one snapshot: the text's exact bytes, then one comment line, so that the whole is still a properties file
 * that TorchServe can load.
 *
 * <pre>
 *   the text, {@code size} bytes of SHA-256 {@code sha256}
 *   [a newline, if and only if the text is not empty and does not end in one]
 *   #holdfast.fs name=… kind=… … size=… sha256=… saveId=… [after=name,name] crc32c=8 hex of the line up to here
 * </pre>
 *
 * <p>The line is found from the file's end, so a header costs one small read however long the text is. {@code after}
 * names files with unreadable lines that were there when this snapshot was saved, and that it comes after. A line that
 * begins with {@code #holdfast.fs/} and a number is a later format's.
 */
final class SnapshotFile {

    /** What {@link #of} can find under a name. */
    enum State {
        /** Nothing there. */
        ABSENT,
        /** Not a snapshot of the group: somebody else's file, a directory, a link, a copy under another name. */
        FOREIGN,
        /** A snapshot by its last line; whether the text is right is known when it is read. */
        OURS,
        /** A snapshot by its last line, which a later version of the plugin wrote. */
        TOO_NEW,
        /** A snapshot that TorchServe wrote: no last line, so nothing to check it by. */
        TORCHSERVE,
        /** It was a snapshot, and its last line is damaged or gone. */
        UNREADABLE,
        /** There is a file, and what it is nobody can tell: it could not be read just now. It may be whole. */
        INACCESSIBLE
    }

    /** The first line of a text that a Holdfast host wrote. */
    private static final String FIRST_LINE = "#Holdfast snapshot format=";

    private static final Pattern HOST_NAME = Pattern.compile("[0-9]{17}-[a-z]+\\.cfg");
    /** The last line of a later format, whose rest nobody here can know. */
    private static final Pattern LATER_LINE = Pattern.compile("\n#holdfast\\.fs/([0-9]{1,9}) [^\n]*\n?\\z");

    /** The header as the text says it, near its beginning. */
    private static final Pattern REVISION_IN_TEXT = Pattern.compile(
            "^holdfast\\.header=name=(\\S+) (?:\\S+ )*revision=([0-9]{1,18})(?: |$)", Pattern.MULTILINE);

    private static final Pattern LINE =
            Pattern.compile("(#holdfast\\.fs(/[0-9]{1,9})? .*?(?: after=([A-Za-z0-9._,-]+))?) crc32c=([0-9a-f]{8})");
    private static final int FORMAT = 1;
    /** Longer than any last line; {@code after} is kept short enough for that. */
    private static final int TAIL = 4096;

    private static final String DAMAGED_LAST_LINE = "has a damaged last line";

    private static final int LONGEST_AFTER = 2048;
    static final int LARGEST = Snapshot.MOST_BYTES + TAIL;

    private final Path path;
    private final State state;
    private final @Nullable SnapshotHeader header;
    private final Set<String> after;
    private final String reason;
    private final byte @Nullable [] content;
    private long revisionInText = -1;

    private SnapshotFile(
            Path path,
            State state,
            @Nullable SnapshotHeader header,
            Set<String> after,
            String reason,
            byte @Nullable [] content) {
        this.path = path;
        this.state = state;
        this.header = header;
        this.after = after;
        this.reason = reason;
        this.content = content;
    }

    /** The bytes of the file of a snapshot. */
    static byte[] encode(Snapshot snapshot, Collection<String> after) {
        byte[] text = snapshot.toBytes();
        StringBuilder names = new StringBuilder();
        for (String name : after) {
            if (names.length() + name.length() < LONGEST_AFTER) {
                names.append(names.isEmpty() ? " after=" : ",").append(name);
            }
        }
        String line = "#holdfast.fs " + snapshot.header().toLine() + names;
        byte[] end = ((needsNewline(text) ? "\n" : "") + line + " crc32c=" + crc32c(line) + "\n")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] file = Arrays.copyOf(text, text.length + end.length);
        System.arraycopy(end, 0, file, text.length, end.length);
        return file;
    }

    private static boolean needsNewline(byte[] text) {
        return text.length > 0 && text[text.length - 1] != '\n';
    }

    static String crc32c(String line) {
        CRC32C crc = new CRC32C();
        crc.update(line.getBytes(StandardCharsets.UTF_8));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }

    /** What is under a name in a group's directory; of a file that is ours only the end is read. */
    static SnapshotFile of(Path path, String group) {
        return of(path, group, false);
    }

    /** The same with the whole content, ready for {@link #snapshot}. */
    static SnapshotFile whole(Path path, String group) {
        return of(path, group, true);
    }

    private static SnapshotFile of(Path path, String group, boolean whole) {
        try {
            return Patience.with(() -> look(path, group, whole));
        } catch (IOException e) {
            return bare(path, State.INACCESSIBLE, "cannot be read: " + e);
        }
    }

    private static SnapshotFile look(Path path, String group, boolean whole) throws IOException {
        String name = String.valueOf(path.getFileName());
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                return bare(path, State.FOREIGN, "is not a regular file");
            }
        } catch (NoSuchFileException e) {
            return bare(path, State.ABSENT, "is not there");
        }
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            long size = file.size();
            if (size > LARGEST) {
                return bare(path, State.UNREADABLE, "has " + size + " bytes, more than a snapshot may have");
            }
            byte[] bytes = read(file, whole ? 0 : Math.max(0, size - TAIL), size);
            SnapshotFile found = byLastLine(path, name, group, size, bytes, whole);
            if (found != null) {
                return found;
            }
            return withoutLastLine(path, name, group, whole ? bytes : read(file, 0, size));
        } catch (NoSuchFileException e) {
            return bare(path, State.ABSENT, "is not there");
        }
    }

    /**
     * The whole of a file that may be a snapshot.
     *
     * @throws SnapshotCorruptException if it is larger than any snapshot; nothing of it is read then
     */
    static byte[] readBounded(Path path) throws IOException {
        long size = Files.size(path);
        if (size > LARGEST) {
            throw new SnapshotCorruptException(
                    "File " + path + " has " + size + " bytes, more than a snapshot may have");
        }
        return Files.readAllBytes(path);
    }

    /** What a file of any name and group holds; empty if it shows no trace of a last line of ours. */
    static Optional<Snapshot> parse(Path path, byte[] content) {
        Matcher line = lastLine(content);
        if (line == null) {
            SnapshotFile found = withoutLastLine(path, "", "", content);
            if (found.state == State.UNREADABLE && found.reason.equals(DAMAGED_LAST_LINE)) {
                found.snapshot();
            }
            return Optional.empty();
        }
        SnapshotHeader header = SnapshotHeader.fromLine(line.group(1));
        SnapshotFile found = byLastLine(path, header.name(), header.group(), content.length, content, true);
        return Optional.ofNullable(found).map(SnapshotFile::snapshot);
    }

    private static byte[] read(FileChannel file, long from, long to) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) (to - from));
        while (buffer.hasRemaining() && file.read(buffer, from + buffer.position()) >= 0) {
            // One read may give less than was asked for.
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    /** Null if there is no sound last line. */
    private static @Nullable SnapshotFile byLastLine(
            Path path, String name, String group, long size, byte[] tail, boolean whole) {
        Matcher line = lastLine(tail);
        if (line == null) {
            return null;
        }
        byte[] content = whole ? tail : null;
        SnapshotHeader header;
        try {
            header = SnapshotHeader.fromLine(line.group(1), "file " + path);
        } catch (SnapshotFormatTooNewException e) {
            return bare(path, State.TOO_NEW, "is of a newer plugin: " + e.getMessage());
        } catch (SnapshotCorruptException e) {
            return bare(path, State.UNREADABLE, "has a last line that cannot be understood: " + e.getMessage());
        }
        Set<String> after = line.group(3) == null
                ? Set.of()
                : Set.copyOf(Arrays.asList(line.group(3).split(",")));
        if (!header.name().equals(name) || !header.group().equals(group)) {
            String reason = "is a copy of snapshot " + header.name() + " of group " + header.group();
            return new SnapshotFile(path, State.FOREIGN, header, after, reason, content);
        }
        if (line.group(2) != null) {
            String reason = "has the format " + line.group(2).substring(1) + " of a newer plugin";
            return new SnapshotFile(path, State.TOO_NEW, header, after, reason, content);
        }
        long before = size - line.group().length() - 1;
        boolean sizeIsRight = before == header.size() || before == header.size() + 1;
        String reason = sizeIsRight
                ? ""
                : "has " + before + " bytes before its last line, which says " + header.size() + " for the text";
        return new SnapshotFile(path, State.OURS, header, after, reason, content);
    }

    private static @Nullable Matcher lastLine(byte[] tail) {
        int end = tail.length - 1;
        if (end < 0 || tail[end] != '\n') {
            return null;
        }
        int start = end;
        while (start > 0 && tail[start - 1] != '\n') {
            start--;
        }
        Matcher line = LINE.matcher(new String(tail, start, end - start, StandardCharsets.ISO_8859_1));
        return line.matches() && crc32c(line.group(1)).equals(line.group(4)) ? line : null;
    }

    private static SnapshotFile withoutLastLine(Path path, String name, String group, byte[] content) {
        if (content.length == 0) {
            return new SnapshotFile(
                    path,
                    HOST_NAME.matcher(name).matches() ? State.UNREADABLE : State.FOREIGN,
                    null,
                    Set.of(),
                    "is empty: it has zero bytes",
                    content);
        }
        String tail = new String(
                content,
                Math.max(0, content.length - TAIL),
                Math.min(TAIL, content.length),
                StandardCharsets.ISO_8859_1);
        Matcher later = LATER_LINE.matcher(tail);
        if (later.find() && Integer.parseInt(later.group(1)) > FORMAT) {
            return bare(path, State.TOO_NEW, "has the format " + later.group(1) + " of a newer plugin");
        }
        if (tail.contains("#holdfast.fs") || tail.contains(" crc32c=") || tail.contains(" saveId=")) {
            return ruin(path, name, DAMAGED_LAST_LINE, content);
        }
        String head =
                new String(content, 0, Math.min(content.length, FIRST_LINE.length()), StandardCharsets.ISO_8859_1);
        if (FIRST_LINE.startsWith(head)) {
            return ruin(path, name, "has lost its end: it begins as a snapshot and its last line is missing", content);
        }
        SnapshotHeader header = TorchServeSnapshot.header(name, group, content);
        if (header != null) {
            return new SnapshotFile(path, State.TORCHSERVE, header, Set.of(), "", content);
        }
        if (HOST_NAME.matcher(name).matches()) {
            return bare(
                    path, State.UNREADABLE, "has neither a last line of Holdfast nor a model_snapshot of TorchServe");
        }
        return new SnapshotFile(path, State.FOREIGN, null, Set.of(), "is not a snapshot", content);
    }

    private static SnapshotFile bare(Path path, State state, String reason) {
        return new SnapshotFile(path, state, null, Set.of(), reason, null);
    }

    /** A file without a last line that can be read, but perhaps with a first one. */
    private static SnapshotFile ruin(Path path, String name, String reason, byte[] content) {
        String head = new String(content, 0, Math.min(TAIL, content.length), StandardCharsets.ISO_8859_1);
        Matcher header = REVISION_IN_TEXT.matcher(head);
        SnapshotFile ruin = bare(path, State.UNREADABLE, reason);
        ruin.revisionInText = header.find() && header.group(1).equals(name) ? Long.parseLong(header.group(2)) : -1;
        return ruin;
    }

    /** The revision that a ruin had by its text; empty where that is not left. */
    OptionalLong revisionInText() {
        return revisionInText < 0 ? OptionalLong.empty() : OptionalLong.of(revisionInText);
    }

    Path path() {
        return path;
    }

    State state() {
        return state;
    }

    /** Null where the file is absent, or not a snapshot, or has lost it. */
    @Nullable
    SnapshotHeader header() {
        return header;
    }

    /** Names that it is known to come after; see above. */
    Set<String> after() {
        return after;
    }

    /** What is wrong with it, to go on after "it"; empty if nothing is. */
    String reason() {
        return reason;
    }

    /** Whether it has a header, and so a place in the order. */
    boolean listed() {
        return state == State.OURS || state == State.TOO_NEW || state == State.TORCHSERVE;
    }

    /** Whether it is a snapshot or the ruin of one. */
    boolean counts() {
        return listed() || state == State.UNREADABLE;
    }

    /**
     * Gives itself, if it could be looked at.
     *
     * @throws StoreUnavailableException if not: nobody can tell whether it is a snapshot, and whether that is whole
     */
    SnapshotFile accessible() {
        if (state == State.INACCESSIBLE) {
            throw new StoreUnavailableException("Snapshot file " + path + " " + reason
                    + ". It may be whole: check the disk and the mount, and the file's owner and mode");
        }
        return this;
    }

    /**
     * The snapshot, checked; only for a file that was read {@link #whole} and is a snapshot or the ruin of one.
     *
     * @throws SnapshotCorruptException if it is not what was saved
     * @throws SnapshotFormatTooNewException if a later version wrote it
     * @throws StoreUnavailableException if it could not be read
     */
    Snapshot snapshot() {
        accessible();
        if (state == State.TOO_NEW) {
            throw new SnapshotFormatTooNewException(
                    "Snapshot file " + path + " " + reason + "; read it with that plugin, or a later one");
        }
        if (header == null || content == null || !reason.isEmpty()) {
            throw new SnapshotCorruptException(
                    "Snapshot file " + path + " is damaged: it " + reason + (header == null ? "" : ifEdited()));
        }
        byte[] text = Arrays.copyOf(content, (int) header.size());
        Snapshot snapshot;
        try {
            snapshot = Snapshot.read(header, text);
        } catch (SnapshotCorruptException e) {
            throw new SnapshotCorruptException("Snapshot file " + path + ": " + e.getMessage() + ifEdited(), e);
        }
        if (state == State.OURS && !endsRightly(content, text)) {
            throw new SnapshotCorruptException(
                    "Snapshot file " + path + " is damaged: its last line does not follow the text" + ifEdited());
        }
        return snapshot;
    }

    /** A last line that is sound under a text that is not, is what an editor leaves. */
    private String ifEdited() {
        return ". If somebody changed it on purpose: holdfast snapshots accept " + path;
    }

    private static boolean endsRightly(byte[] content, byte[] text) {
        int lineStart = text.length + (needsNewline(text) ? 1 : 0);
        return content.length > lineStart
                && content[lineStart] == '#'
                && (lineStart == text.length || content[text.length] == '\n');
    }
}
