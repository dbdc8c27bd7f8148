package dev.holdfast.host;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Archives with Python handlers, as TorchServe's archiver writes them. */
public final class PythonArchives {

    private PythonArchives() {}

    /** Leaves a test out, and says so, where no Python is there. */
    public static void assumePython() {
        boolean there;
        try {
            Process asked =
                    new ProcessBuilder("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 8))").start();
            there = asked.waitFor() == 0;
        } catch (IOException e) {
            there = false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        assumeTrue(there, "There is no python3 of 3.8 or newer here, so this was left out");
    }

    /** Writes {@code NAME.mar}, whose handler is the file {@code handler.py}. */
    public static void mar(Path store, String name, String handler) {
        mar(store, name, "\"handler\": \"handler.py\"", Map.of("handler.py", handler));
    }

    /**
     * Writes {@code NAME.mar}.
     *
     * @param model what the manifest says of the model beside its name and version
     * @param files by their names
     */
    public static void mar(Path store, String name, String model, Map<String, String> files) {
        Map<String, byte[]> bytes = new TreeMap<>();
        files.forEach((file, text) -> bytes.put(file, text.getBytes(StandardCharsets.UTF_8)));
        write(store, name, model, bytes);
    }

    /** The same, with files of bytes. */
    public static void write(Path store, String name, String model, Map<String, byte[]> files) {
        Map<String, byte[]> all = new TreeMap<>(files);
        all.put("MAR-INF/MANIFEST.json", manifest(name, model).getBytes(StandardCharsets.UTF_8));
        zip(store.resolve(name + ".mar"), all);
    }

    /**
     * Writes {@code NAME.war}, a workflow, as TorchServe's archiver of workflows does.
     *
     * @param handler the file {@code handler.py} with its functions
     */
    public static void war(Path store, String name, String spec, String handler) {
        String manifest = """
                {
                  "createdOn": "30/11/2026 08:30:00",
                  "workflow": {"workflowName": "%s", "specFile": "spec.yaml", "handler": "handler.py"},
                  "archiverVersion": "0.2.10"
                }
                """.formatted(name);
        Map<String, byte[]> all = new TreeMap<>();
        all.put("WAR-INF/MANIFEST.json", manifest.getBytes(StandardCharsets.UTF_8));
        all.put("spec.yaml", spec.getBytes(StandardCharsets.UTF_8));
        all.put("handler.py", handler.getBytes(StandardCharsets.UTF_8));
        zip(store.resolve(name + ".war"), all);
    }

    private static void zip(Path file, Map<String, byte[]> all) {
        try {
            Files.createDirectories(file.getParent());
            try (OutputStream out = Files.newOutputStream(file);
                    ZipOutputStream zip = new ZipOutputStream(out)) {
                for (Map.Entry<String, byte[]> entry : all.entrySet()) {
                    zip.putNextEntry(new ZipEntry(entry.getKey()));
                    zip.write(entry.getValue());
                    zip.closeEntry();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String manifest(String name, String model) {
        return """
                {
                  "createdOn": "30/11/2026 08:30:00",
                  "runtime": "python",
                  "model": {
                    "modelName": "%s",
                    %s,
                    "modelVersion": "1.0"
                  },
                  "archiverVersion": "0.12.0"
                }
                """.formatted(name, model);
    }
}
