/**
 * Serializer {@code jdbc}: the snapshots and chunks of a group as rows of tables.
 *
 * <pre>
 *   JdbcSnapshotSerializer ── what the SDK promises
 *     Transactions ── tries again, settles what a lost reply left open, says what went wrong
 *       Pool ── HikariCP over the one driver of the URL
 *     Schema ── whether the tables are there, are ours, and of which version
 *     SnapshotTable, Payload ── rows and bytes
 *   JdbcChunkStore, ChunkTable ── the same for the chunks of what models have learned
 *     Dialect ── what differs between SQLite, PostgreSQL, MariaDB and H2
 * </pre>
 */
@NullMarked
package dev.holdfast.plugin.jdbc;

import org.jspecify.annotations.NullMarked;
