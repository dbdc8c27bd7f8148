package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots of one group as rows of one table, and its chunks as rows of another.
 *
 * <p>Whoever saves or removes locks the group first, looks, and then writes, in one transaction; so of two hosts one comes
 * after the other, and a save that is sent again finds itself. The unique keys (group, revision) and (group, name) hold
 * even where somebody writes past this code.
 *
 * <p>Nothing is made or changed before the first save or put of chunks: opening and reading leave a foreign database as
 * it is.
 */
final class JdbcSnapshotSerializer implements SnapshotSerializer {

    private static final Logger log = LoggerFactory.getLogger(JdbcSnapshotSerializer.class);

    private static final Pattern SAVE_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private final String group;
    private final Codec codec;
    private final Function<String, Codec> codecs;
    private final Dialect dialect;
    private final String place;
    private final Schema schema;
    private final SnapshotTable table;
    private final Retention retention;
    private final Pool pool;
    private final Transactions transactions;
    private final ChunkStore chunks;
    private final DriverSource connections;
    /** Where hosts of this group tell of their saves, where the database lets them. */
    private final String channel;

    private @Nullable SaveListener listener;
    /** The highest revision saved or removed here: removing the last one does not make its revision free. */
    private final AtomicLong highest = new AtomicLong(-1);

    private final AtomicBoolean closed = new AtomicBoolean();

    JdbcSnapshotSerializer(
            String group,
            Settings settings,
            Dialect dialect,
            Driver driver,
            Function<String, Codec> codecs,
            Clock clock) {
        this.group = group;
        this.codec = settings.codec();
        this.codecs = codecs;
        this.dialect = dialect;
        this.place = "table " + settings.table() + " of " + dialect;
        this.schema = new Schema(dialect, settings.table());
        this.table = new SnapshotTable(settings.table(), group, dialect);
        this.retention = new Retention(settings.keep(), table, codecs, clock);
        this.connections = new DriverSource(driver, dialect, settings.login());
        this.channel = channel(settings.table(), group);
        this.pool = new Pool(connections, dialect, settings);
        this.transactions =
                new Transactions(() -> pool, dialect, settings.login(), settings.timeouts(), schema::forget);
        this.chunks = new JdbcChunkStore(settings.table(), group, dialect, schema, transactions, gate(), clock);
    }

    /** Any group's name, as an identifier that no database cuts off. */
    private static String channel(TableName table, String group) {
        String both = table + " " + group;
        return "holdfast_"
                + UUID.nameUUIDFromBytes(both.getBytes(StandardCharsets.UTF_8))
                        .toString()
                        .replace('-', '_');
    }

    private JdbcChunkStore.Gate gate() {
        return new JdbcChunkStore.Gate() {
            @Override
            public void requireOpen() {
                JdbcSnapshotSerializer.this.requireOpen();
            }

            @Override
            public void bringUp(String failure, Deadline deadline) {
                JdbcSnapshotSerializer.this.bringUp(failure, deadline);
            }
        };
    }

    @Override
    public void save(Snapshot snapshot) {
        saveAll(List.of(snapshot));
    }

    /** In one transaction, so all of them or none. */
    @Override
    public void saveAll(List<Snapshot> snapshots) {
        requireOpen();
        if (snapshots.isEmpty()) {
            return;
        }
        snapshots.forEach(snapshot -> snapshot.header().requireGroup(group));
        SnapshotHeader first = snapshots.get(0).header();
        SnapshotHeader last = snapshots.get(snapshots.size() - 1).header();
        String failure = (snapshots.size() == 1
                        ? "Snapshot " + first.name()
                        : "Snapshots " + first.name() + " to " + last.name())
                + " could not be saved in " + place;
        Deadline deadline = transactions.deadline();
        bringUp(failure, deadline);
        List<SnapshotTable.Entry> entries = snapshots.stream()
                .map(snapshot -> new SnapshotTable.Entry(snapshot.header(), Payload.of(snapshot, codec)))
                .toList();
        // Once: a name that is in use clashes, and the second attempt finds out whose.
        AtomicBoolean together = new AtomicBoolean(entries.size() > 1);
        transactions.write(failure, deadline, connection -> {
            table.lock(connection);
            deadline.require();
            boolean inserted = (together.getAndSet(false) && insertedTogether(connection, entries, deadline))
                    || insertedEach(connection, entries, deadline);
            if (inserted && dialect.tellsOfSaves()) {
                dialect.tellOfSave(connection, channel);
            }
            return inserted;
        });
        highest.accumulateAndGet(last.revision(), Math::max);
        removeOld(deadline);
    }

    private boolean insertedEach(Connection connection, List<SnapshotTable.Entry> entries, Deadline deadline)
            throws SQLException {
        for (SnapshotTable.Entry entry : entries) {
            deadline.require();
            SnapshotTable.Neighbours neighbours = table.neighbours(connection, entry.header());
            // This very save, sent again, is there.
            if (!entry.header().saveId().equals(neighbours.ofRevision())) {
                requireFree(entry.header(), neighbours);
                table.insert(connection, List.of(entry), codec.name(), deadline);
            }
        }
        return true;
    }

    /**
     * Where nothing is in the way of the first one, what is before each of the others is known without asking.
     *
     * @return false if something is: some may be there, from an attempt whose outcome nobody was told
     */
    private boolean insertedTogether(Connection connection, List<SnapshotTable.Entry> entries, Deadline deadline)
            throws SQLException {
        SnapshotTable.Neighbours neighbours =
                table.neighbours(connection, entries.get(0).header());
        if (neighbours.last() >= entries.get(0).header().revision()) {
            return false;
        }
        for (SnapshotTable.Entry entry : entries) {
            requireFree(entry.header(), neighbours);
            neighbours = SnapshotTable.Neighbours.of(entry.header());
        }
        table.insert(connection, entries, codec.name(), deadline);
        return true;
    }

    private void requireFree(SnapshotHeader header, SnapshotTable.Neighbours neighbours) {
        if (neighbours.ofName() != null) {
            throw SnapshotConflictException.ofName(header);
        }
        long last = Math.max(neighbours.last(), highest.get());
        if (last >= header.revision()) {
            throw SnapshotConflictException.ofRevision(header, last);
        }
        requireFollowed(header, neighbours);
    }

    /** Where the newest row's save-id is not one that a host gives, the revision alone decides. */
    private void requireFollowed(SnapshotHeader header, SnapshotTable.Neighbours neighbours) {
        Optional<String> follows = header.follows();
        if (follows.isEmpty() || follows.get().equals(neighbours.newestSaveId())) {
            return;
        }
        if (neighbours.newest() == null) {
            throw new SnapshotConflictException("Snapshot " + header.name() + " follows save-id " + follows.get()
                    + ", and group " + group + " of " + place + " has no snapshot");
        }
        if (SAVE_ID.matcher(String.valueOf(neighbours.newestSaveId())).matches()) {
            throw new SnapshotConflictException("Snapshot " + header.name() + " follows save-id " + follows.get()
                    + ", and the newest one of group " + group + " of " + place + " is "
                    + Text.printable(neighbours.newest()) + " of revision " + neighbours.last() + ", save-id "
                    + neighbours.newestSaveId());
        }
    }

    private void bringUp(String failure, Deadline deadline) {
        if (dialect.exists() && schema.isCurrent()) {
            return;
        }
        try {
            dialect.create();
        } catch (IOException e) {
            throw new StoreUnavailableException(
                    failure + ": " + e + ". Check the directory, its owner and its mode", e);
        }
        transactions.alone(failure, deadline, connection -> {
            schema.bringUp(connection, deadline);
            return true;
        });
    }

    /** The save is done whatever becomes of this, so no failure may get out, and it has only the time that is left. */
    private void removeOld(Deadline deadline) {
        if (retention.removesNothing()) {
            return;
        }
        String failure = "Old snapshots could not be removed from " + place;
        try {
            int removed = transactions.write(
                    failure, deadline, connection -> retention.apply(connection, deadline.halfway()));
            if (removed > 0) {
                log.debug("Removed {} old snapshots from {}", removed, place);
            }
        } catch (StoreUnavailableException e) {
            log.warn("{}", e.getMessage());
        } catch (RuntimeException e) {
            log.warn("{}: {}", failure, Text.oneLine(e.toString()));
            log.debug("{}", failure, e);
        }
    }

    @Override
    public Optional<Snapshot> getLast() {
        requireOpen();
        if (!dialect.exists()) {
            return Optional.empty();
        }
        return transactions.read(
                "The last snapshot could not be read from " + place, transactions.deadline(), connection -> {
                    return schema.isThere(connection) ? table.last(connection, codecs) : Optional.empty();
                });
    }

    @Override
    public Optional<String> lastSaveId() {
        requireOpen();
        if (!dialect.exists()) {
            return Optional.empty();
        }
        return transactions.read(
                "The last snapshot could not be looked at in " + place, transactions.deadline(), connection -> {
                    return schema.isThere(connection) ? table.lastSaveId(connection) : Optional.empty();
                });
    }

    @Override
    public void onSave(Runnable told) {
        requireOpen();
        if (!dialect.tellsOfSaves()) {
            return;
        }
        synchronized (closed) {
            if (listener != null) {
                listener.tell(told);
            } else if (!closed.get()) {
                listener = SaveListener.start(connections, channel, place, told);
            }
        }
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        requireOpen();
        long before = request.pageToken().map(JdbcSnapshotSerializer::revision).orElse(Long.MAX_VALUE);
        int limit = request.limit();
        List<SnapshotTable.Row> rows = !dialect.exists()
                ? List.of()
                : transactions.read(
                        "The snapshots in " + place + " could not be listed", transactions.deadline(), connection -> {
                            return schema.isThere(connection)
                                    ? table.list(connection, request, before, limit + 1)
                                    : List.of();
                        });
        List<SnapshotHeader> headers =
                rows.stream().limit(limit).flatMap(row -> row.header().stream()).toList();
        return rows.size() <= limit
                ? SnapshotPage.last(headers)
                : SnapshotPage.of(
                        headers, PageToken.of(Long.toString(rows.get(limit - 1).revision())));
    }

    /** The revision that a page ended with. */
    private static long revision(String token) {
        try {
            return Long.parseLong(PageToken.place(token));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("Page token '" + token + "' is not one that serializer jdbc gave", e);
        }
    }

    @Override
    public Snapshot get(String name) {
        requireOpen();
        if (!SnapshotHeader.isName(name)) {
            throw SnapshotNotFoundException.of(name, place);
        }
        Optional<Snapshot> found = !dialect.exists()
                ? Optional.empty()
                : transactions.read(
                        "Snapshot " + name + " could not be read from " + place,
                        transactions.deadline(),
                        connection -> {
                            return schema.isThere(connection)
                                    ? table.named(connection, name, codecs)
                                    : Optional.empty();
                        });
        return found.orElseThrow(() -> SnapshotNotFoundException.of(name, "group " + group + " of " + place));
    }

    @Override
    public boolean delete(String name) {
        requireOpen();
        if (!SnapshotHeader.isName(name) || !dialect.exists()) {
            return false;
        }
        String failure = "Snapshot " + name + " could not be removed from " + place;
        Deadline deadline = transactions.deadline();
        if (!transactions.read(failure, deadline, schema::isThere)) {
            return false;
        }
        AtomicBoolean found = new AtomicBoolean();
        transactions.write(failure, deadline, connection -> {
            table.lock(connection);
            deadline.require();
            Optional<Long> revision = table.revision(connection, name);
            if (revision.isPresent()) {
                // Also where it is tried again and found gone: then the attempt before has removed it.
                found.set(true);
                highest.accumulateAndGet(table.highestRevision(connection), Math::max);
                table.delete(connection, revision.get());
            }
            return true;
        });
        return found.get();
    }

    @Override
    public void removeEmptyGroup() {
        requireOpen();
        if (dialect.writesAlone() || !dialect.exists()) {
            return;
        }
        String failure = "What group " + group + " leaves could not be removed from " + place;
        Deadline deadline = transactions.deadline();
        if (transactions.read(failure, deadline, schema::hasChunks)) {
            transactions.write(failure, deadline, connection -> {
                table.removeLock(connection);
                return true;
            });
        }
    }

    @Override
    public OptionalLong count() {
        requireOpen();
        return OptionalLong.of(
                !dialect.exists()
                        ? 0
                        : transactions.read(
                                "The snapshots in " + place + " could not be counted",
                                transactions.deadline(),
                                connection -> schema.isThere(connection) ? table.count(connection) : 0));
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return Optional.of(chunks);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            synchronized (closed) {
                if (listener != null) {
                    listener.close();
                }
            }
            pool.close();
            Drivers.deregister();
        }
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("The serializer of " + place + " is closed");
        }
    }
}
