package dev.holdfast.examples.training;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A {@code .mar} archive of TorchServe's form: a zip file with {@code MAR-INF/MANIFEST.json}.
 *
 * <p>Entries are stored, under one fixed time, because deflated bytes differ between releases of zlib.
 */
final class ModelArchive {

    private static final LocalDateTime CREATED = LocalDateTime.of(2026, 11, 1, 0, 0);

    private ModelArchive() {}

    /** An archive without files, for a handler that needs none. */
    static byte[] of(String model, String version, String handler) throws IOException {
        return zip(Map.of("MAR-INF/MANIFEST.json", manifest(model, version, handler, "")));
    }

    /** An archive of one model file, which the handler reads. */
    static byte[] of(String model, String version, String handler, String file, byte[] content) throws IOException {
        String serialized = "    \"serializedFile\": \"" + file + "\",\n";
        return zip(Map.of("MAR-INF/MANIFEST.json", manifest(model, version, handler, serialized), file, content));
    }

    private static byte[] manifest(String model, String version, String handler, String serializedFile) {
        return """
                {
                  "createdOn": "01/11/2026 00:00:00",
                  "runtime": "python",
                  "model": {
                    "modelName": "%s",
                %s    "handler": "%s",
                    "modelVersion": "%s"
                  },
                  "archiverVersion": "holdfast-examples"
                }
                """.formatted(model, serializedFile, handler, version).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] zip(Map<String, byte[]> files) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> file : new TreeMap<>(files).entrySet()) {
                byte[] content = file.getValue();
                CRC32 crc = new CRC32();
                crc.update(content);
                ZipEntry entry = new ZipEntry(file.getKey());
                entry.setTimeLocal(CREATED);
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(content.length);
                entry.setCrc(crc.getValue());
                zip.putNextEntry(entry);
                zip.write(content);
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }
}
