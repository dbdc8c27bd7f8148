package dev.holdfast.host;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Archives that tests of a whole host serve. */
public final class TestArchives {

    private TestArchives() {}

    /** Writes {@code <file>} into the store: the handler {@code noop} under a name and a version. */
    public static void noop(Path store, String file, String model, String version) {
        String manifest = """
                {"createdOn": "21/11/2026 09:30:00", "runtime": "python",
                 "model": {"modelName": "%s", "handler": "noop", "modelVersion": "%s"},
                 "archiverVersion": "0.12.0"}
                """.formatted(model, version);
        try {
            Files.createDirectories(store);
            try (OutputStream out = Files.newOutputStream(store.resolve(file));
                    ZipOutputStream zip = new ZipOutputStream(out)) {
                ZipEntry entry = new ZipEntry("MAR-INF/MANIFEST.json");
                // The same archive, made again, is the same bytes.
                entry.setTimeLocal(LocalDateTime.of(2026, 11, 21, 9, 30));
                zip.putNextEntry(entry);
                zip.write(manifest.getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes the directory {@code forest-1.0} in the store: a small random cut forest, model {@code forest}. */
    public static void forest(Path store) {
        forest(store, "forest");
    }

    /** The same under another name. */
    public static void forest(Path store, String model) {
        try {
            Path archive = Files.createDirectories(store.resolve(model + "-1.0"));
            Files.writeString(archive.resolve("manifest.json"), """
                    {"modelName": "%s", "modelVersion": "1.0", "modelFile": "forest.json",
                     "handler": "random-cut-forest"}
                    """.formatted(model));
            Files.writeString(archive.resolve("forest.json"), """
                    {"dimensions": 1, "shingleSize": 2, "trees": 20, "sampleSize": 64, "outputAfter": 16, "seed": 3}
                    """);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes the directory {@code <model>-1.0} in the store: a classifier of words and numbers, by AROW. */
    static void classifier(Path store, String model) {
        try {
            Path archive = Files.createDirectories(store.resolve(model + "-1.0"));
            Files.writeString(archive.resolve("manifest.json"), """
                    {"modelName": "%s", "modelVersion": "1.0", "modelFile": "config.json",
                     "handler": "online-classifier"}
                    """.formatted(model));
            Files.writeString(archive.resolve("config.json"), CLASSIFIER);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static final String CLASSIFIER = """
            {"method": "AROW", "parameter": {"regularization_weight": 1.0},
             "converter": {
               "string_rules": [{"key": "*", "type": "space", "sample_weight": "bin", "global_weight": "bin"}],
               "num_rules": [{"key": "*", "type": "num"}]}}
            """;
}
