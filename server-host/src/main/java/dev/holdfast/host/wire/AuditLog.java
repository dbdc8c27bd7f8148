package dev.holdfast.host.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.holdfast.host.common.OlderFiles;
import dev.holdfast.host.common.OwnFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code audit.log}: a line of JSON for each call that was to change something, with who made it and what came of it. A file that has
 * reached its size becomes {@code audit.1.log}, and so on up to five older ones. Safe for several threads.
 *
 * <p>A line that cannot be written keeps no call from being answered; the log says so.
 */
public final class AuditLog {

    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);
    private static final int OLDER = 5;
    private static final long LARGEST = 20L << 20;

    private final Path file;
    private final long largest;
    private boolean failed;

    public AuditLog(Path directory) {
        this(directory, LARGEST);
    }

    /** @param largest how many bytes a file has at the most */
    public AuditLog(Path directory, long largest) {
        this.file = directory.resolve("audit.log");
        this.largest = largest;
    }

    public synchronized void write(Map<String, Object> line) {
        try {
            byte[] bytes = bytes(line);
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) + bytes.length > largest) {
                OlderFiles.push(file, OLDER);
            }
            try (FileChannel channel = OwnFiles.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
                OwnFiles.writeAll(channel, bytes);
            }
            failed = false;
        } catch (IOException | RuntimeException e) {
            if (!failed) {
                log.warn(
                        "Calls that change something are answered, and not written down from now on: {}", e.toString());
            }
            failed = true;
        }
    }

    private static byte[] bytes(Map<String, Object> line) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = Json.FACTORY.createGenerator(bytes)) {
            Json.write(json, line);
            json.writeRaw('\n');
        }
        return bytes.toByteArray();
    }
}
