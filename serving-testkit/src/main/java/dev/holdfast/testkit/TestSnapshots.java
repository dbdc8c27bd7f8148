package dev.holdfast.testkit;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Random;

/**
 * Snapshots for tests, as like a host's as a test needs them: the text begins with the line of the snapshot format and
 * holds what revision it is; the name is made of the time, which grows with the revision.
 */
public final class TestSnapshots {

    /** The time of revision 0; each revision comes one second later. */
    public static final Instant START = Instant.parse("2026-11-21T09:30:00Z");

    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("yyyyMMddHHmmssSSS", Locale.ROOT);

    private TestSnapshots() {}

    /** The snapshot of a revision, with a save-id of its own each time. */
    public static Snapshot snapshot(String group, long revision) {
        return snapshot(group, revision, name(revision));
    }

    /** The same under another name. */
    public static Snapshot snapshot(String group, long revision, String name) {
        return snapshot(group, revision, name, text(revision));
    }

    /** The same with another text. */
    public static Snapshot snapshot(String group, long revision, String name, byte[] text) {
        return Snapshot.create(header(group, revision).name(name), text);
    }

    /** A header of which a test changes what it needs to. */
    public static SnapshotHeader.Builder header(String group, long revision) {
        return SnapshotHeader.builder()
                .name(name(revision))
                .kind(kind(revision))
                .createdOn(time(revision))
                .group(group)
                .revision(revision)
                .host("test-host")
                .modelCount(2);
    }

    /** When the snapshot of a revision was taken; those above a billion, for which there are not years enough, at one time. */
    public static Instant time(long revision) {
        return START.plusSeconds(Math.min(revision, 1_000_000_000));
    }

    /** The kind of a revision: the first is a start, every fifth a save, the others follow a change. */
    public static SnapshotKind kind(long revision) {
        if (revision <= 1) {
            return SnapshotKind.STARTUP;
        }
        return revision % 5 == 0 ? SnapshotKind.SAVE : SnapshotKind.SNAPSHOT;
    }

    /** The name that a host would give to the snapshot of a revision. */
    public static String name(long revision) {
        return LocalDateTime.ofInstant(time(revision), ZoneOffset.UTC).format(NAME) + "-"
                + kind(revision).word() + ".cfg";
    }

    /** A short text, different for each revision. */
    public static byte[] text(long revision) {
        return ("#Holdfast snapshot format=1\nrevision=" + revision + "\nmodel_snapshot={\"modelCount\"\\: 2}\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Bytes of every value, the same for the same seed, which hardly compress. */
    public static byte[] noise(int bytes, long seed) {
        byte[] noise = new byte[bytes];
        new Random(seed).nextBytes(noise);
        return noise;
    }
}
