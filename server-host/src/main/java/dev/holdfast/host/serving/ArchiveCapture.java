package dev.holdfast.host.serving;

import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StatePart;
import dev.holdfast.host.state.StateSource;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * An archive's files as the parts of a state: {@code names}, a line for each file, and the files themselves as {@code 0},
 * {@code 1}, … in that order. The archive's own name stands as a dot ({@code .}, or {@code ./a/b} in a directory), so that equal
 * archives of two names are the same chunks.
 */
record ArchiveCapture(StateFormat format, List<StatePart> parts) implements StateCapture {

    private static final String NAMES = "names";
    private static final String FORMAT = "archive";
    private static final int VERSION = 1;
    private static final int LONGEST_LIST = 16 << 20;

    /** @param files by their paths below the model store */
    static ArchiveCapture of(String fileName, String sha256, SortedMap<String, Path> files) throws IOException {
        StringBuilder names = new StringBuilder();
        List<StatePart> parts = new ArrayList<>();
        for (Map.Entry<String, Path> file : files.entrySet()) {
            names.append(shortened(fileName, file.getKey())).append('\n');
            parts.add(new FilePart(String.valueOf(parts.size()), file.getValue(), Files.size(file.getValue())));
        }
        parts.add(0, StatePart.of(NAMES, names.toString().getBytes(StandardCharsets.UTF_8)));
        return new ArchiveCapture(new StateFormat(FORMAT, VERSION, sha256), List.copyOf(parts));
    }

    private static String shortened(String fileName, String path) {
        boolean own = path.equals(fileName) || path.startsWith(fileName + "/");
        return own ? "." + path.substring(fileName.length()) : path;
    }

    /**
     * The paths of the files below the model store, in the order of their parts.
     *
     * @throws dev.holdfast.host.state.StateException if the state is no archive of this SHA-256
     */
    static List<String> paths(StateSource stored, String fileName, String sha256) throws IOException {
        StateFormat format = stored.format();
        if (!format.name().equals(FORMAT) || format.version() > VERSION) {
            throw new IOException("its chunks are in version " + format.version() + " of the format " + format.name()
                    + ", which takes a newer Holdfast");
        }
        if (!format.fingerprint().equals(sha256)) {
            throw new IOException("its chunks are of an archive with the SHA-256 " + format.fingerprint()
                    + ", and the one that was registered has " + sha256);
        }
        List<String> paths;
        try (InputStream in = stored.open(NAMES)) {
            paths = new String(in.readNBytes(LONGEST_LIST), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.equals(".") || line.startsWith("./") ? fileName + line.substring(1) : line)
                    .toList();
        }
        if (paths.stream().distinct().count() != stored.parts().size() - 1L) {
            throw new IOException("its chunks list " + paths.size() + " files and have "
                    + (stored.parts().size() - 1));
        }
        return paths;
    }

    /** A file is opened for each read: there may be more of them than a process has open. */
    private record FilePart(String name, Path file, long size) implements StatePart {

        @Override
        public void read(long offset, byte[] target, int length) {
            try (FileChannel channel = FileChannel.open(file)) {
                ByteBuffer into = ByteBuffer.wrap(target, 0, length);
                while (into.hasRemaining()) {
                    if (channel.read(into, offset + into.position()) < 0) {
                        throw new EOFException(file + " got shorter while it was read");
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public long number() {
        return 0;
    }

    @Override
    public void close() {}
}
