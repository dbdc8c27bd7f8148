package dev.holdfast.host.runtime;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveManifest;
import dev.holdfast.host.archive.ModelConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** An archive that says what it is told to. */
public record FakeArchive(String fileName, Path root, ArchiveManifest manifest) implements Archive {

    public static FakeArchive ofModel(Path root, String file) {
        return new FakeArchive(file, root, manifest("m", file, null, null));
    }

    public static FakeArchive ofModel(Path root, String file, int nativeThreads) {
        return new FakeArchive(
                file,
                root,
                new ArchiveManifest(
                        "m",
                        "1.0",
                        Optional.of(file),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        OptionalInt.of(nativeThreads),
                        Optional.empty(),
                        ModelConfig.NONE,
                        Optional.empty(),
                        Optional.empty()));
    }

    public static FakeArchive ofHandler(String handler, String runtime) {
        return new FakeArchive("x.mar", Path.of("nowhere"), manifest("m", null, handler, runtime));
    }

    public static ArchiveManifest manifest(String name, String file, String handler, String runtime) {
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
