package dev.holdfast.host.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that reserves room on the disk, and is removed for the newest state when the disk is full. It grows to twice the
 * largest snapshot kept. Used by one thread at a time.
 */
final class Reserve {

    private static final Logger log = LoggerFactory.getLogger(Reserve.class);

    private final Path file;
    private final JournalFiles files;
    private long bytes;
    private boolean missed;

    /** @param bytes how large it is at least */
    Reserve(Path file, JournalFiles files, long bytes) {
        this.file = file;
        this.files = files;
        this.bytes = bytes;
    }

    /** Takes the room, if that can be had. */
    void take() {
        try {
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) >= bytes) {
                return;
            }
            byte[] content = new byte[(int) bytes];
            // Random, as some file systems store zeros in less room.
            new Random(bytes).nextBytes(content);
            files.write(file, content);
            missed = false;
        } catch (IOException e) {
            if (!missed) {
                missed = true;
                log.warn("{} bytes could not be reserved for the newest state in {}: {}", bytes, file, e.toString());
            }
        }
    }

    /** Gives the room back; false if there was none. */
    boolean release() throws IOException {
        return files.delete(file);
    }

    /** A snapshot of some size was kept: grows so that the next one fits. */
    void kept(int size) {
        while (bytes < 2L * size && bytes < Integer.MAX_VALUE / 4) {
            // In large steps, as each writes the file anew.
            bytes *= 2;
        }
        take();
    }
}
