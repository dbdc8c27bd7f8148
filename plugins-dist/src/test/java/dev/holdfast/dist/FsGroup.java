package dev.holdfast.dist;

import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Files, named by their times. */
record FsGroup(Path directory, boolean mounted) implements Group {

    @Override
    public Way way(Path link) throws IOException {
        return mounted
                ? LinkWay.to(directory.getParent().getParent(), link, "snapshot.fs.directory=%s/config")
                : new NoWay();
    }

    /** The log location's own {@code config}: it is where the host is. */
    private record NoWay() implements Way {

        @Override
        public List<String> settings() {
            return List.of();
        }

        @Override
        public void cut() {
            throw new UnsupportedOperationException("The log location is the host's own");
        }

        @Override
        public void mend() {
            throw new UnsupportedOperationException("The log location is the host's own");
        }
    }

    @Override
    public Optional<String> newestText() throws IOException {
        Optional<Path> newest = newest();
        return newest.isEmpty()
                ? Optional.empty()
                : Optional.of(Files.readString(newest.get(), StandardCharsets.ISO_8859_1));
    }

    @Override
    public int count() throws IOException {
        try (Stream<Path> files = files()) {
            return (int) files.count();
        }
    }

    /** In the file as it is, and so in each of its names. */
    @Override
    public void damageNewest() throws IOException {
        Path newest = newest().orElseThrow();
        ByteBuffer damaged = ByteBuffer.wrap(SnapshotTexts.damaged(Files.readAllBytes(newest)));
        try (FileChannel file = FileChannel.open(newest, WRITE)) {
            file.write(damaged, 0);
        }
    }

    @Override
    public void removeNewest() throws IOException {
        Files.delete(newest().orElseThrow());
    }

    /** Of those that a host has named, by their times: a side that lost a decision is stored under a name of another kind. */
    Optional<Path> newest() throws IOException {
        try (Stream<Path> files = files()) {
            return files.filter(file ->
                            Character.isDigit(file.getFileName().toString().charAt(0)))
                    .max(Comparator.naturalOrder());
        }
    }

    private Stream<Path> files() throws IOException {
        return Files.list(directory)
                .filter(file -> file.getFileName().toString().endsWith(".cfg"));
    }
}
