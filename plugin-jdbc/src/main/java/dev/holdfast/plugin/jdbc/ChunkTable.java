package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.SnapshotCorruptException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * The chunks of one group, a row for each. Only names of tables are parts of the SQL; every value is bound.
 *
 * <p>Times are milliseconds since 1970, cut: of what is before another moment here, the whole was.
 */
final class ChunkTable {

    /** A row of a size that every database here takes; see {@link Payload}. */
    static final int LONGEST = Payload.LONGEST;

    /** So that what a driver holds of one answer is 16 MB at most, or twice that where it comes in hexadecimal digits. */
    private static final int CONTENTS_AT_ONCE = 16;

    private static final int IDS_AT_ONCE = 500;

    private final TableName table;
    private final String group;
    private final Dialect dialect;

    ChunkTable(TableName table, String group, Dialect dialect) {
        this.table = table;
        this.group = group;
        this.dialect = dialect;
    }

    /**
     * Puts chunks in the order of their ids, so that of two hosts with the same ones the second waits for the first and
     * neither for the other. One statement for each: drivers lose the error's code in a batch, or send it as one packet.
     */
    void put(Connection connection, SortedMap<String, byte[]> chunks, Instant now, Deadline deadline)
            throws SQLException {
        try (PreparedStatement put = connection.prepareStatement(dialect.putChunk(table))) {
            for (Map.Entry<String, byte[]> chunk : chunks.entrySet()) {
                put.setString(1, group);
                put.setString(2, chunk.getKey());
                put.setLong(3, now.toEpochMilli());
                put.setBytes(4, chunk.getValue());
                deadline.require();
                put.executeUpdate();
            }
        }
    }

    Map<String, byte[]> contents(Connection connection, SortedSet<String> ids, Deadline deadline) throws SQLException {
        Map<String, byte[]> contents = new HashMap<>();
        for (List<String> some : inGroups(ids, CONTENTS_AT_ONCE)) {
            deadline.require();
            try (PreparedStatement query = select("id, data", connection, some);
                    ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    String id = row.getString(1);
                    byte[] data = row.getBytes(2);
                    if (data == null || data.length > LONGEST) {
                        throw new SnapshotCorruptException("Chunk " + id + " in table " + table.chunks()
                                + " is no chunk: it has " + (data == null ? "no" : data.length) + " bytes, where "
                                + LONGEST + " are the most");
                    }
                    contents.put(id, data);
                }
            }
        }
        return contents;
    }

    /** Which of the ids are there; reads no content. */
    Set<String> present(Connection connection, SortedSet<String> ids, Deadline deadline) throws SQLException {
        Set<String> present = new HashSet<>();
        for (List<String> some : inGroups(ids, IDS_AT_ONCE)) {
            deadline.require();
            try (PreparedStatement query = select("id", connection, some);
                    ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    present.add(row.getString(1));
                }
            }
        }
        return present;
    }

    private PreparedStatement select(String columns, Connection connection, List<String> ids) throws SQLException {
        PreparedStatement query = connection.prepareStatement("select " + columns + " from " + table.chunks()
                + " where workflow = ? and id in (" + String.join(", ", Collections.nCopies(ids.size(), "?")) + ")");
        query.setString(1, group);
        for (int i = 0; i < ids.size(); i++) {
            query.setString(i + 2, ids.get(i));
        }
        return query;
    }

    private static List<List<String>> inGroups(SortedSet<String> ids, int size) {
        List<String> all = List.copyOf(ids);
        List<List<String>> groups = new ArrayList<>();
        for (int from = 0; from < all.size(); from += size) {
            groups.add(all.subList(from, Math.min(all.size(), from + size)));
        }
        return groups;
    }

    SortedMap<String, Instant> list(Connection connection, String after, int limit) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                "select id, put_on from " + table.chunks() + " where workflow = ? and id > ? order by id limit ?")) {
            query.setString(1, group);
            query.setString(2, after);
            query.setInt(3, limit);
            SortedMap<String, Instant> page = new TreeMap<>();
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    page.put(row.getString(1), Instant.ofEpochMilli(row.getLong(2)));
                }
            }
            return page;
        }
    }

    /**
     * Removes chunks that were put before a moment, in the order of their ids. Each statement waits for whoever puts that
     * chunk and then looks at the time again, so what was put meanwhile stays.
     *
     * @param putBefore in milliseconds since 1970
     * @return which were removed
     */
    Set<String> delete(Connection connection, SortedSet<String> ids, long putBefore, Deadline deadline)
            throws SQLException {
        Set<String> removed = new HashSet<>();
        try (PreparedStatement delete = connection.prepareStatement(
                "delete from " + table.chunks() + " where workflow = ? and id = ? and put_on < ?")) {
            for (String id : ids) {
                delete.setString(1, group);
                delete.setString(2, id);
                delete.setLong(3, putBefore);
                deadline.require();
                if (delete.executeUpdate() > 0) {
                    removed.add(id);
                }
            }
        }
        return removed;
    }
}
