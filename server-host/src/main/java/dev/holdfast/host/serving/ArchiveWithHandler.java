package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveManifest;
import java.nio.file.Path;

/** An archive whose handler the operator overrode when registering it. */
record ArchiveWithHandler(Archive archive, String handler) implements Archive {

    @Override
    public String fileName() {
        return archive.fileName();
    }

    @Override
    public Path root() {
        return archive.root();
    }

    @Override
    public ArchiveManifest manifest() {
        return archive.manifest().withHandler(handler);
    }

    @Override
    public String sha256() {
        return archive.sha256();
    }

    @Override
    public void close() {
        archive.close();
    }
}
