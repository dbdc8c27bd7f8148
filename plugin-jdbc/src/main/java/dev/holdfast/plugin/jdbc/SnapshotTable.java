package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one group, in SQL that every database here understands. Only names of tables are parts of the SQL; every
 * value is bound.
 */
final class SnapshotTable {

    private static final String HEADER = "s.timestamp, s.workflow, s.name, s.codec, s.revision, s.kind, s.host,"
            + " s.model_count, s.size, s.sha256, s.save_id, s.parts";

    /** What the kind of a snapshot looks like, also of one that is not known yet. */
    private static final Pattern WORD = Pattern.compile("[a-z]+");

    private static final Set<String> KINDS =
            Arrays.stream(SnapshotKind.values()).map(SnapshotKind::word).collect(Collectors.toUnmodifiableSet());

    /** Not what was saved under a name of an operator's choice, nor what a newer version may want to keep. */
    private static final String REMOVABLE = "kind in ('startup', 'snapshot', 'shutdown')";

    private final TableName table;
    private final String group;
    private final Dialect dialect;
    /** Tells what one start of one host has written from what another has. */
    private final String logId = UUID.randomUUID().toString();

    SnapshotTable(TableName table, String group, Dialect dialect) {
        this.table = table;
        this.group = group;
        this.dialect = dialect;
    }

    /**
     * What a new snapshot may run into.
     *
     * @param last the group's highest revision; -1 if it has none
     * @param newest the name of the snapshot of the highest revision; null if there is none
     * @param newestSaveId its save-id, as it is stored
     * @param ofName the save-id of the snapshot of that name
     * @param ofRevision the save-id of the snapshot of that revision
     */
    record Neighbours(
            long last,
            @Nullable String newest,
            @Nullable String newestSaveId,
            @Nullable String ofName,
            @Nullable String ofRevision) {

        /** Those of a snapshot that is to come after the newest one. */
        static Neighbours of(SnapshotHeader newest) {
            return new Neighbours(newest.revision(), newest.name(), newest.saveId(), null, null);
        }
    }

    /** A row of which the header can be read or not. */
    record Row(long revision, Optional<SnapshotHeader> header) {}

    /**
     * What is known of a snapshot that may be removed.
     *
     * @param createdOn empty where that cannot be read
     */
    record Old(long revision, String name, Optional<Instant> createdOn) {}

    /** Waits until no one else changes the group, and keeps the others waiting until the transaction ends. */
    void lock(Connection connection) throws SQLException {
        if (dialect.writesAlone()) {
            return;
        }
        try (PreparedStatement lock = connection.prepareStatement(
                "select workflow from " + table.groups() + " where workflow = ? for update")) {
            lock.setString(1, group);
            try (ResultSet row = lock.executeQuery()) {
                if (row.next()) {
                    return;
                }
            }
        }
        // Whoever is a moment later waits here, and is then told that the row is there: a clash, which is tried again.
        try (PreparedStatement add =
                connection.prepareStatement("insert into " + table.groups() + " (workflow) values (?)")) {
            add.setString(1, group);
            add.executeUpdate();
        }
    }

    /** Removes the row by which the group is locked, where the group has neither a snapshot nor a chunk. */
    void removeLock(Connection connection) throws SQLException {
        try (PreparedStatement remove = connection.prepareStatement("delete from " + table.groups()
                + " where workflow = ? and not exists (select 1 from " + table.snapshots() + " where workflow = ?)"
                + " and not exists (select 1 from " + table.chunks() + " where workflow = ?)")) {
            for (int parameter = 1; parameter <= 3; parameter++) {
                remove.setString(parameter, group);
            }
            remove.executeUpdate();
        }
    }

    Neighbours neighbours(Connection connection, SnapshotHeader header) throws SQLException {
        String of = " from " + table.snapshots() + " where workflow = ?";
        String newest = of + " order by revision desc limit 1";
        try (PreparedStatement query = connection.prepareStatement("select (select max(revision)" + of
                + "), (select name" + newest + "), (select save_id" + newest + "), (select save_id" + of
                + " and name = ?), (select save_id" + of + " and revision = ?)")) {
            for (int parameter = 1; parameter <= 4; parameter++) {
                query.setString(parameter, group);
            }
            query.setString(5, header.name());
            query.setString(6, group);
            query.setLong(7, header.revision());
            try (ResultSet row = query.executeQuery()) {
                row.next();
                long last = row.getLong(1);
                return new Neighbours(
                        row.wasNull() ? -1 : last,
                        row.getString(2),
                        row.getString(3),
                        row.getString(4),
                        row.getString(5));
            }
        }
    }

    /** A snapshot that is to be stored. */
    record Entry(SnapshotHeader header, Payload payload) {}

    void insert(Connection connection, List<Entry> entries, String codec, Deadline deadline) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("insert into " + table.snapshots()
                + " (timestamp, id, log_id, workflow, name, codec, revision, kind, host, model_count, size, sha256,"
                + " save_id, parts, data) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            for (Entry entry : entries) {
                set(insert, entry.header(), codec, entry.payload());
                if (entries.size() > 1) {
                    insert.addBatch();
                }
            }
            deadline.require();
            if (entries.size() > 1) {
                insert.executeBatch();
            } else {
                insert.executeUpdate();
            }
        }
        for (Entry entry : entries) {
            insertParts(connection, entry, deadline);
        }
    }

    private void set(PreparedStatement insert, SnapshotHeader header, String codec, Payload payload)
            throws SQLException {
        dialect.setTime(insert, 1, header.createdOn());
        insert.setString(2, id(header.saveId()));
        insert.setString(3, logId);
        insert.setString(4, group);
        insert.setString(5, header.name());
        insert.setString(6, codec);
        insert.setLong(7, header.revision());
        insert.setString(8, header.kind().word());
        insert.setString(9, header.host());
        insert.setInt(10, header.modelCount());
        insert.setLong(11, header.size());
        insert.setString(12, header.sha256());
        insert.setString(13, header.saveId());
        insert.setInt(14, payload.pieces().size());
        insert.setBytes(15, payload.whole());
    }

    private void insertParts(Connection connection, Entry entry, Deadline deadline) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "insert into " + table.parts() + " (workflow, revision, part, data) values (?, ?, ?, ?)")) {
            for (int part = 0; part < entry.payload().pieces().size(); part++) {
                insert.setString(1, group);
                insert.setLong(2, entry.header().revision());
                insert.setInt(3, part);
                insert.setBytes(4, entry.payload().pieces().get(part));
                deadline.require();
                insert.executeUpdate();
            }
        }
    }

    /** The save-id where it is a UUID, as every host's is, else one that is made of it. */
    private static String id(String saveId) {
        try {
            if (UUID.fromString(saveId).toString().equals(saveId)) {
                return saveId;
            }
        } catch (IllegalArgumentException e) {
            // Not a UUID: below.
        }
        return UUID.nameUUIDFromBytes(saveId.getBytes(StandardCharsets.UTF_8)).toString();
    }

    /** The snapshot of the highest revision. */
    Optional<Snapshot> last(Connection connection, Function<String, Codec> codecs) throws SQLException {
        return one(
                connection,
                "s.revision = (select max(revision) from " + table.snapshots() + " where workflow = ?)",
                group,
                codecs);
    }

    Optional<String> lastSaveId(Connection connection) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                "select save_id from " + table.snapshots() + " where workflow = ? order by revision desc limit 1")) {
            query.setString(1, group);
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
            }
        }
    }

    Optional<Snapshot> named(Connection connection, String name, Function<String, Codec> codecs) throws SQLException {
        return one(connection, "s.name = ?", name, codecs);
    }

    /** One statement for the row and its pieces, so that nothing comes between them. */
    private Optional<Snapshot> one(
            Connection connection, String which, String parameter, Function<String, Codec> codecs) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("select " + HEADER + ", s.data, p.data as piece from "
                        + table.snapshots() + " s left join " + table.parts()
                        + " p on p.workflow = s.workflow and p.revision = s.revision where s.workflow = ? and " + which
                        + " order by p.part")) {
            query.setString(1, group);
            query.setString(2, parameter);
            try (ResultSet row = query.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                SnapshotHeader header = header(row);
                String codec = String.valueOf(row.getString("codec"));
                int parts = row.getInt("parts");
                byte[] whole = row.getBytes("data");
                List<byte[]> pieces = new ArrayList<>();
                do {
                    byte[] piece = row.getBytes("piece");
                    if (piece != null) {
                        pieces.add(piece);
                    }
                } while (row.next());
                return Optional.of(new Payload(whole, pieces).snapshot(header, parts, codec, codecs));
            }
        }
    }

    private SnapshotHeader header(ResultSet row) throws SQLException {
        String name = String.valueOf(row.getString("name"));
        String kind = String.valueOf(row.getString("kind"));
        if (WORD.matcher(kind).matches() && !KINDS.contains(kind)) {
            throw new SnapshotFormatTooNewException("Snapshot " + Text.printable(name) + " is of the kind '" + kind
                    + "', which a newer version of Holdfast wrote");
        }
        try {
            return SnapshotHeader.builder()
                    .name(name)
                    .kind(SnapshotKind.of(kind))
                    .createdOn(dialect.time(row, "timestamp"))
                    .group(String.valueOf(row.getString("workflow")))
                    .revision(row.getLong("revision"))
                    .host(String.valueOf(row.getString("host")))
                    .modelCount(row.getInt("model_count"))
                    .size(row.getLong("size"))
                    .sha256(String.valueOf(row.getString("sha256")))
                    .saveId(String.valueOf(row.getString("save_id")))
                    .build();
        } catch (IllegalArgumentException e) {
            throw new SnapshotCorruptException(
                    "Snapshot " + Text.printable(name) + " is damaged: " + Text.oneLine(String.valueOf(e.getMessage())),
                    e);
        }
    }

    /**
     * A page of rows, highest revision first, without their texts.
     *
     * @param before only revisions below this one
     */
    List<Row> list(Connection connection, ListRequest request, long before, int limit) throws SQLException {
        String sql = "select " + HEADER + " from " + table.snapshots() + " s where s.workflow = ? and s.revision < ?"
                + (request.from().isPresent() ? " and s.timestamp >= ?" : "")
                + (request.until().isPresent() ? " and s.timestamp < ?" : "")
                + (request.kind().isPresent() ? " and s.kind = ?" : "")
                + " order by s.revision desc limit ?";
        try (PreparedStatement query = connection.prepareStatement(sql)) {
            int index = 1;
            query.setString(index++, group);
            query.setLong(index++, before);
            if (request.from().isPresent()) {
                dialect.setTime(query, index++, request.from().get());
            }
            if (request.until().isPresent()) {
                dialect.setTime(query, index++, request.until().get());
            }
            if (request.kind().isPresent()) {
                query.setString(index++, request.kind().get().word());
            }
            query.setInt(index, limit);
            List<Row> rows = new ArrayList<>();
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    rows.add(new Row(row.getLong("revision"), readable(row)));
                }
            }
            return rows;
        }
    }

    private Optional<SnapshotHeader> readable(ResultSet row) throws SQLException {
        try {
            return Optional.of(header(row));
        } catch (SnapshotUnreadableException e) {
            return Optional.empty();
        }
    }

    /** The revision of a snapshot; empty if there is none of that name. */
    Optional<Long> revision(Connection connection, String name) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                "select revision from " + table.snapshots() + " where workflow = ? and name = ?")) {
            query.setString(1, group);
            query.setString(2, name);
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
            }
        }
    }

    long highestRevision(Connection connection) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("select max(revision) from " + table.snapshots() + " where workflow = ?")) {
            query.setString(1, group);
            try (ResultSet row = query.executeQuery()) {
                row.next();
                long highest = row.getLong(1);
                return row.wasNull() ? -1 : highest;
            }
        }
    }

    /** How many rows the group has, readable or not. */
    long count(Connection connection) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("select count(*) from " + table.snapshots() + " where workflow = ?")) {
            query.setString(1, group);
            try (ResultSet row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    void delete(Connection connection, long revision) throws SQLException {
        for (String from : List.of(table.parts(), table.snapshots())) {
            try (PreparedStatement delete =
                    connection.prepareStatement("delete from " + from + " where workflow = ? and revision = ?")) {
                delete.setString(1, group);
                delete.setLong(2, revision);
                delete.executeUpdate();
            }
        }
    }

    /**
     * The revision of the so-manieth snapshot from the newest, only those counted that may be removed; empty if there are
     * not so many.
     */
    Optional<Long> revisionOfNewest(Connection connection, int number) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("select revision from " + table.snapshots()
                + " where workflow = ? and " + REMOVABLE + " order by revision desc limit 1 offset ?")) {
            query.setString(1, group);
            query.setInt(2, number - 1);
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
            }
        }
    }

    /** The oldest snapshots below a revision, only those that may be removed. */
    List<Old> oldest(Connection connection, long before, int limit) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("select revision, name, timestamp from "
                + table.snapshots() + " where workflow = ? and " + REMOVABLE + " and revision < ?"
                + " order by revision limit ?")) {
            query.setString(1, group);
            query.setLong(2, before);
            query.setInt(3, limit);
            List<Old> oldest = new ArrayList<>();
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    oldest.add(new Old(row.getLong(1), String.valueOf(row.getString(2)), time(row)));
                }
            }
            return oldest;
        }
    }

    private Optional<Instant> time(ResultSet row) throws SQLException {
        try {
            return Optional.of(dialect.time(row, "timestamp"));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
