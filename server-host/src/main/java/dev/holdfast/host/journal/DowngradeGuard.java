package dev.holdfast.host.journal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A plain file where a host without a journal has its directory of waiting snapshots. While something waits here, such a host
 * starts detached because of it, instead of silently without what was acknowledged. Used by one thread at a time.
 *
 * <p>It is not made durable, as each start writes it again.
 */
final class DowngradeGuard {

    private static final Logger log = LoggerFactory.getLogger(DowngradeGuard.class);
    private static final String FIRST_LINE =
            "Snapshots wait for their store in a journal that this version cannot read.";

    private final Path file;
    private final Path journal;
    private final JournalFiles files;
    private boolean othersWait;
    private boolean stands;
    private boolean told;

    /**
     * @param file where the older version has its directory
     * @param journal where the snapshots wait, for the text
     */
    DowngradeGuard(Path file, Path journal, JournalFiles files) {
        this.file = file;
        this.journal = journal;
        this.files = files;
    }

    /** Puts it up if anything waits, here or in other groups of this log location, and takes it down otherwise. */
    void begin(boolean waits, boolean othersWaitToo) {
        othersWait = othersWaitToo;
        try {
            stands = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && Files.readString(file).startsWith(FIRST_LINE);
        } catch (IOException e) {
            log.debug("What stands at {} is not ours", file, e);
        }
        if (waits || othersWait) {
            up();
        } else {
            down();
        }
    }

    void up() {
        if (stands) {
            return;
        }
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                files.makeDirectories(parent);
            }
            files.writeQuickly(file, text().getBytes(StandardCharsets.UTF_8));
            stands = true;
        } catch (IOException e) {
            if (!told) {
                told = true;
                log.warn(
                        "{} cannot be written ({}): do not start an older version with this log location while snapshots"
                                + " wait, for it would not know of them",
                        file,
                        e.toString());
            }
        }
    }

    void down() {
        if (!stands || othersWait) {
            return;
        }
        try {
            files.delete(file);
            stands = false;
        } catch (IOException e) {
            log.warn("{} says that snapshots wait, and cannot be removed: {}", file, e.toString());
        }
    }

    private String text() {
        return FIRST_LINE + "\nThey are in " + journal + ".\n"
                + "This file keeps an older Holdfast from starting as if there were none: it starts detached.\n"
                + "Start the newer Holdfast with this log location and a store that can be reached: it sends them, and"
                + " removes this file.\n"
                + "To give up what waits for good, remove that directory and this file.\n";
    }
}
