package dev.holdfast.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/**
 * A way in which a store is out of reach for a while.
 *
 * <p>What a serializer does meanwhile is half of its contract: it must say so, within its own time-outs, and must never take
 * what it cannot reach for what is not there. A store with an address has the outages of a {@link TcpProxy}, one on a disk those
 * of its directory; any other is made of two steps.
 */
public final class Outage {

    /** What begins or ends it. */
    @FunctionalInterface
    public interface Step {
        void run() throws Exception;
    }

    private final String words;
    private final Step begin;
    private final Step end;
    private final boolean looksUnused;

    private Outage(String words, Step begin, Step end, boolean looksUnused) {
        this.words = words;
        this.begin = begin;
        this.end = end;
        this.looksUnused = looksUnused;
    }

    /**
     * One that two steps bring about and end.
     *
     * @param words what the store does meanwhile, as in {@code does not answer}
     */
    public static Outage of(String words, Step begin, Step end) {
        return new Outage(words, begin, end, false);
    }

    /**
     * The directory of the store is moved aside, as a disk that is not mounted. Whoever opens the store meanwhile may take it
     * for one that was never used; who has used it must not.
     */
    public static Outage directoryGone(Path directory) {
        Path aside = directory.resolveSibling(directory.getFileName() + ".aside");
        return new Outage(
                "has lost its directory",
                () -> Files.move(directory, aside),
                () -> {
                    // What was made in its place meanwhile would be in the way.
                    ScratchFiles.delete(directory);
                    Files.move(aside, directory);
                },
                true);
    }

    /** The same, with a file in the directory's place, which nobody can take for a store that was never used. */
    public static Outage directoryBlocked(Path directory) {
        Path aside = directory.resolveSibling(directory.getFileName() + ".aside");
        return new Outage(
                "has a file in the place of its directory",
                () -> {
                    Files.move(directory, aside);
                    Files.createFile(directory);
                },
                () -> {
                    Files.deleteIfExists(directory);
                    Files.move(aside, directory);
                },
                false);
    }

    /** What the store does meanwhile. */
    @Override
    public String toString() {
        return words;
    }

    /** Whether who opens the store meanwhile may take it for an unused one. */
    boolean looksUnused() {
        return looksUnused;
    }

    <T> T during(Callable<T> work) throws Exception {
        begin.run();
        try {
            return work.call();
        } finally {
            end.run();
        }
    }
}
