package dev.holdfast.host.runtime;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveManifest;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** An archive that says what it is told to. */
record FakeArchive(String fileName, Path root, ArchiveManifest manifest) implements Archive {

    static FakeArchive ofModel(Path root, String file) {
        return new FakeArchive(file, root, manifest("m", file, null, null));
    }

    static FakeArchive ofHandler(String handler, String runtime) {
        return new FakeArchive("x.mar", Path.of("nowhere"), manifest("m", null, handler, runtime));
    }

    static ArchiveManifest manifest(String name, String file, String handler, String runtime) {
        return new ArchiveManifest(
                name,
                "1.0",
                Optional.ofNullable(file),
                Optional.ofNullable(handler),
                Optional.ofNullable(runtime),
                Optional.empty(),
                List.of());
    }

    @Override
    public String sha256() {
        return "0".repeat(64);
    }

    @Override
    public void close() {}
}
