package dev.holdfast.sdk;

import java.time.Instant;

/** Headers of which a test changes what it needs to. */
final class Headers {

    static final Instant TIME = Instant.parse("2026-11-21T09:30:00.123Z");

    private Headers() {}

    /** Everything set but size and sha256, which {@link Snapshot#create} knows. */
    static SnapshotHeader.Builder withoutText() {
        return SnapshotHeader.builder()
                .name("20261121093000123-startup.cfg")
                .kind(SnapshotKind.STARTUP)
                .createdOn(TIME)
                .group("default")
                .revision(7)
                .host("host-1.example")
                .modelCount(3)
                .saveId("save-1");
    }

    static SnapshotHeader.Builder complete() {
        return withoutText().size(12).sha256("0a".repeat(32));
    }
}
