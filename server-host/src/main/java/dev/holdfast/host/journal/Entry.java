package dev.holdfast.host.journal;

import dev.holdfast.sdk.SnapshotHeader;

/**
 * A snapshot that waits in the journal.
 *
 * @param sequence its place in the journal's own order, whatever its revision is
 */
public record Entry(long sequence, SnapshotHeader header) {}
