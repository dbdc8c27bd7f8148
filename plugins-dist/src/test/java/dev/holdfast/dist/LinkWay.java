package dev.holdfast.dist;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * A link to the directory that holds the store. Cut, a plain file is in its place: whatever is below it can neither be
 * opened nor made. Both take each other's place at once, so that no host finds neither and makes a directory.
 */
final class LinkWay implements Way {

    private final Path link;
    private final Path directory;
    private final List<String> settings;

    private LinkWay(Path link, Path directory, List<String> settings) {
        this.link = link;
        this.directory = directory;
        this.settings = settings;
    }

    /** @param setting such as {@code snapshot.fs.directory=%s/config}, with the link for the {@code %s} */
    static LinkWay to(Path directory, Path link, String setting) throws IOException {
        Files.createSymbolicLink(link, directory);
        return new LinkWay(link, directory, List.of("--set=" + setting.formatted(link)));
    }

    @Override
    public List<String> settings() {
        return settings;
    }

    @Override
    public void cut() throws IOException {
        takeThePlace(Files.createFile(next()));
    }

    @Override
    public void mend() throws IOException {
        takeThePlace(Files.createSymbolicLink(next(), directory));
    }

    private Path next() {
        return link.resolveSibling(link.getFileName() + ".next");
    }

    private void takeThePlace(Path other) throws IOException {
        Files.move(other, link, StandardCopyOption.ATOMIC_MOVE);
    }
}
