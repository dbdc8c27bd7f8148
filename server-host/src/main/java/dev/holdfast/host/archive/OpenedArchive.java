package dev.holdfast.host.archive;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/** An archive whose content lies in a directory, and what is to be done with that directory at the end. */
final class OpenedArchive implements Archive {

    private final String fileName;
    private final Path root;
    private final ArchiveManifest manifest;
    private final String sha256;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    OpenedArchive(String fileName, Path root, ArchiveManifest manifest, String sha256, Runnable onClose) {
        this.fileName = fileName;
        this.root = root;
        this.manifest = manifest;
        this.sha256 = sha256;
        this.onClose = onClose;
    }

    @Override
    public String fileName() {
        return fileName;
    }

    @Override
    public Path root() {
        return root;
    }

    @Override
    public ArchiveManifest manifest() {
        return manifest;
    }

    @Override
    public String sha256() {
        return sha256;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            onClose.run();
        }
    }

    @Override
    public String toString() {
        return fileName;
    }
}
