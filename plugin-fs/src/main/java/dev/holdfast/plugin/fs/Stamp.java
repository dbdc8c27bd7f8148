package dev.holdfast.plugin.fs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * What changes whenever a name is added to or taken from a directory: its identity and its two times.
 *
 * <p>A file system's clock ticks every few milliseconds, so two changes within one tick could leave the same times. A
 * writer therefore sets the time of modification to one that the clock would not give, below the millisecond: whoever
 * changes the directory afterwards, in the same tick or not, leaves another one. The time of change (ctime) cannot be set,
 * so that restoring a backup over the directory is noticed too.
 */
record Stamp(String directory, FileTime modified, FileTime changed) {

    /** Longer than any file system's tick, also of those that count in seconds. */
    private static final Duration TICK = Duration.ofSeconds(3);

    static Stamp of(Path directory) throws IOException {
        if (!directory.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            FileTime modified = Files.getLastModifiedTime(directory);
            return new Stamp("", modified, modified);
        }
        Map<String, Object> all = Files.readAttributes(directory, "unix:lastModifiedTime,ctime,fileKey");
        return new Stamp(
                String.valueOf(all.get("fileKey")).replace(" ", ""),
                (FileTime) Objects.requireNonNull(all.get("lastModifiedTime")),
                (FileTime) Objects.requireNonNull(all.get("ctime")));
    }

    /** Marks the directory's present state; not {@link #usable} if somebody changed it meanwhile. */
    static Stamp mark(Path directory, SplittableRandom random) throws IOException {
        Stamp before = of(directory);
        long time = before.modified.to(TimeUnit.NANOSECONDS);
        FileTime unusual = FileTime.from(
                time - Math.floorMod(time, 1_000_000L) + random.nextInt(1, 1_000_000), TimeUnit.NANOSECONDS);
        Files.setLastModifiedTime(directory, unusual);
        Stamp after = of(directory);
        return after.modified.equals(unusual) ? after : new Stamp("", after.modified, after.changed);
    }

    /** Whether the file system's times are fine enough, and tell enough, to go by. */
    boolean usable() {
        return !directory.isEmpty();
    }

    /** Whether a change made from now on must leave other times, even without a mark. */
    boolean settled(Instant now) {
        return usable()
                && changed.toInstant().isBefore(now.minus(TICK))
                && modified.toInstant().isBefore(now.minus(TICK));
    }

    String toText() {
        return directory + " " + modified.to(TimeUnit.NANOSECONDS) + " " + changed.to(TimeUnit.NANOSECONDS);
    }
}
