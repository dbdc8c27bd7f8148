package dev.holdfast.host.wire;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.config.ConfigException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code key_file.json}: where the operator of this host finds its tokens. Only the owner reads it; it is replaced whole,
 * and removed at the end.
 */
public final class TokenFile implements AutoCloseable {

    public static final String NAME = "key_file.json";

    private static final Logger log = LoggerFactory.getLogger(TokenFile.class);

    private final Path file;
    private byte[] written = {};

    public TokenFile(Path directory) {
        this.file = directory.resolve(NAME);
    }

    /**
     * Writes {@link Tokens#toMap()}.
     *
     * @throws ConfigException if the file cannot be written; what was there before is there still
     */
    public synchronized void write(Map<String, Object> tokens) {
        byte[] content = Json.pretty(tokens);
        Path temporary = file.resolveSibling("." + NAME + "." + UUID.randomUUID());
        try {
            OwnFiles.createParent(file);
            try (FileChannel channel =
                    OwnFiles.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                OwnFiles.writeAll(channel, content);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            written = content;
        } catch (IOException e) {
            remove(temporary);
            throw new ConfigException(
                    "The tokens cannot be written to " + file + ": " + e
                            + "; make room there and the directory writable, or start with disable_token_authorization=true",
                    e);
        }
    }

    /** Removes the file, unless another host has put its own in this place. */
    @Override
    public synchronized void close() {
        try {
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && Arrays.equals(Files.readAllBytes(file), written)) {
                Files.delete(file);
            }
        } catch (IOException e) {
            log.warn("The file of expired tokens {} could not be removed: {}", file, e.toString());
        }
    }

    private static void remove(Path temporary) {
        try {
            if (Files.exists(temporary, LinkOption.NOFOLLOW_LINKS)) {
                Files.delete(temporary);
            }
        } catch (IOException e) {
            log.warn("The temporary file {} could not be removed: {}", temporary, e.toString());
        }
    }
}
