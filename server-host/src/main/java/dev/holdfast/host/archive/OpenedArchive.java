package dev.holdfast.host.archive;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** An archive whose content lies in a directory, and what closing it does with that directory. */
final class OpenedArchive implements Archive {

    private final String fileName;
    private final Path root;
    private final ArchiveManifest manifest;
    private final String sha256;
    private final Optional<Digest> earlier;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** The SHA-256 by which an earlier version knew the same content; reads it. */
    interface Digest {
        String read() throws IOException;
    }

    OpenedArchive(String fileName, Path root, ArchiveManifest manifest, String sha256, Runnable onClose) {
        this(fileName, root, manifest, sha256, Optional.empty(), onClose);
    }

    OpenedArchive(
            String fileName,
            Path root,
            ArchiveManifest manifest,
            String sha256,
            Optional<Digest> earlier,
            Runnable onClose) {
        this.fileName = fileName;
        this.root = root;
        this.manifest = manifest;
        this.sha256 = sha256;
        this.earlier = earlier;
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
    public boolean is(String pinned) {
        if (pinned.equals(sha256)) {
            return true;
        }
        try {
            return earlier.isPresent() && earlier.get().read().equals(pinned);
        } catch (IOException e) {
            throw new ArchiveException("Archive " + fileName + " cannot be read: " + e, e);
        }
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
