package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.SnapshotKind;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;

/**
 * Names of snapshots, {@code <yyyyMMddHHmmssSSS>-<kind>.cfg} in UTC, strictly increasing even within one millisecond and
 * when the clock steps back. Used by one thread.
 */
public final class SnapshotNames {

    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("yyyyMMddHHmmssSSS", Locale.ROOT);

    private final Clock clock;

    private Instant last = Instant.EPOCH;

    public SnapshotNames(Clock clock) {
        this.clock = clock;
    }

    /** Whether a name has the form of those that are made here. */
    public static boolean isOne(String name) {
        return name.matches("[0-9]{17}-.*");
    }

    /** Makes later names sort after this one; a name of another form is ignored. */
    public void after(String name) {
        if (isOne(name)) {
            try {
                after(LocalDateTime.parse(name.substring(0, 17), FORMAT).toInstant(ZoneOffset.UTC));
            } catch (DateTimeParseException e) {
                // Digits that are no time: such a name is not one of ours.
                return;
            }
        }
    }

    /** Makes later names sort after this time. */
    public void after(Instant time) {
        last = time.isAfter(last) ? time : last;
    }

    /** The time of the next name; each call gives a later one. */
    public Instant next() {
        Instant now = Instant.ofEpochMilli(clock.millis());
        last = now.isAfter(last) ? now : last.plusMillis(1);
        return last;
    }

    public static String name(Instant time, SnapshotKind kind) {
        return FORMAT.format(time.atOffset(ZoneOffset.UTC)) + "-" + kind.word() + ".cfg";
    }
}
