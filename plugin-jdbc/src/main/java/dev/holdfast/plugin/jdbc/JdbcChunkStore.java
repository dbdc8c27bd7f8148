package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.ChunkStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * The chunks of one group as rows of the table {@code <table>_chunks}.
 *
 * <p>A call that puts or removes is one transaction; either can be done again from the beginning, so a commit that nobody
 * answered is simply done once more. The group's lock is not taken: a put and a removal meet at the chunk's row, whose
 * lock puts one after the other (in SQLite, that of the whole database), and whichever comes first, the chunk is there
 * afterwards.
 *
 * <p>The first put makes the table, or adds it to those of an older version, as a save does too; reading and removing make
 * and change nothing.
 */
final class JdbcChunkStore implements ChunkStore {

    private static final int LARGEST_PAGE = 10_000;

    private final Dialect dialect;
    private final Schema schema;
    private final ChunkTable table;
    private final Transactions transactions;
    private final Gate gate;
    private final Clock clock;
    private final String place;

    /** What the serializer sees to for its chunk store too. */
    interface Gate {

        /** @throws IllegalStateException after the serializer's close */
        void requireOpen();

        /** Makes the tables where they are not there in the newest version. */
        void bringUp(String failure, Deadline deadline);
    }

    JdbcChunkStore(
            TableName name,
            String group,
            Dialect dialect,
            Schema schema,
            Transactions transactions,
            Gate gate,
            Clock clock) {
        this.dialect = dialect;
        this.schema = schema;
        this.table = new ChunkTable(name, group, dialect);
        this.transactions = transactions;
        this.gate = gate;
        this.clock = clock;
        this.place = "table " + name.chunks() + " of " + dialect;
    }

    @Override
    public int maxChunkBytes() {
        return ChunkTable.LONGEST;
    }

    @Override
    public void put(Map<String, byte[]> chunks) {
        ChunkStore.requireChunks("jdbc", chunks, ChunkTable.LONGEST);
        gate.requireOpen();
        if (chunks.isEmpty()) {
            return;
        }
        String failure = "Chunks could not be stored in " + place;
        Deadline deadline = transactions.deadline();
        gate.bringUp(failure, deadline);
        SortedMap<String, byte[]> ordered = new TreeMap<>(chunks);
        transactions.write(failure, deadline, connection -> {
            table.put(connection, ordered, clock.instant(), deadline);
            return true;
        });
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        SortedSet<String> wanted = checked(ids);
        Deadline deadline = transactions.deadline();
        return read(
                "Chunks could not be read from " + place,
                deadline,
                Map.of(),
                connection -> table.contents(connection, wanted, deadline));
    }

    @Override
    public Set<String> missing(Collection<String> ids) {
        SortedSet<String> wanted = checked(ids);
        Deadline deadline = transactions.deadline();
        Set<String> present = read(
                "Chunks could not be looked for in " + place,
                deadline,
                Set.of(),
                connection -> table.present(connection, wanted, deadline));
        wanted.removeAll(present);
        return wanted;
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        if (!after.isEmpty()) {
            ChunkStore.requireIds(Set.of(after));
        }
        if (limit < 1 || limit > LARGEST_PAGE) {
            throw new IllegalArgumentException("Limit " + limit + " must be from 1 to " + LARGEST_PAGE);
        }
        gate.requireOpen();
        return read(
                "The chunks in " + place + " could not be listed",
                transactions.deadline(),
                new TreeMap<>(),
                connection -> table.list(connection, after, limit));
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        SortedSet<String> unwanted = checked(ids);
        String failure = "Chunks could not be removed from " + place;
        Deadline deadline = transactions.deadline();
        if (!read(failure, deadline, false, connection -> true)) {
            return 0;
        }
        long before = TimeUnit.MILLISECONDS.convert(Duration.between(Instant.EPOCH, putBefore));
        // Over all attempts: one that is found gone was removed by the attempt before.
        Set<String> removed = new HashSet<>();
        transactions.write(
                failure, deadline, connection -> removed.addAll(table.delete(connection, unwanted, before, deadline)));
        return removed.size();
    }

    private SortedSet<String> checked(Collection<String> ids) {
        ChunkStore.requireIds(ids);
        gate.requireOpen();
        return new TreeSet<>(ids);
    }

    /** Reads where there is a table to read from; where there is none, that is the answer for an empty one. */
    private <T> T read(String failure, Deadline deadline, T nothing, Transactions.Work<T> work) {
        if (!dialect.exists()) {
            return nothing;
        }
        return transactions.read(
                failure, deadline, connection -> schema.hasChunks(connection) ? work.with(connection) : nothing);
    }
}
