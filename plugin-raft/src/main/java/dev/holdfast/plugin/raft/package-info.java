/**
 * The serializer {@code raft}: hosts without a database keep their snapshots themselves, each on its own disk, and agree by
 * Raft on what is stored.
 *
 * <pre>
 *   RaftSnapshotSerializer ── Calls ──▶ the leader ── log entry ──▶ a majority ── StoreState.apply ──▶ every peer's disk
 *                                          │
 *                                          └── StoreState.query, after a majority has said that it leads still
 * </pre>
 *
 * <p>Apache Ratis has the protocol; this package has what is replicated, and where it lies.
 */
@NullMarked
package dev.holdfast.plugin.raft;

import org.jspecify.annotations.NullMarked;
