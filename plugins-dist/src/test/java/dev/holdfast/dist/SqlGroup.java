package dev.holdfast.dist;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;

/** Rows of the table of serializer {@code jdbc}, whose texts are not compressed. */
record SqlGroup(String name, DataSource database, Ways ways) implements Group {

    private static final String NEWEST =
            " where workflow = ? and revision = (select max(revision) from holdfast_snapshots where workflow = ?)";

    /** How hosts get to this database. */
    interface Ways {
        Way way(Path link) throws Exception;
    }

    @Override
    public Way way(Path link) throws Exception {
        return ways.way(link);
    }

    @Override
    public Optional<String> newestText() throws SQLException {
        try (Connection connection = database.getConnection()) {
            return newestBytes(connection).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
        }
    }

    private Optional<byte[]> newestBytes(Connection connection) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("select data from holdfast_snapshots" + NEWEST)) {
            query.setString(1, name);
            query.setString(2, name);
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getBytes(1)) : Optional.empty();
            }
        }
    }

    @Override
    public int count() throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement query =
                        connection.prepareStatement("select count(*) from holdfast_snapshots where workflow = ?")) {
            query.setString(1, name);
            try (ResultSet row = query.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    @Override
    public void damageNewest() throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement update =
                        connection.prepareStatement("update holdfast_snapshots set data = ?" + NEWEST)) {
            update.setBytes(1, SnapshotTexts.damaged(newestBytes(connection).orElseThrow()));
            update.setString(2, name);
            update.setString(3, name);
            require(update.executeUpdate());
        }
    }

    @Override
    public void removeNewest() throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement delete = connection.prepareStatement("delete from holdfast_snapshots" + NEWEST)) {
            delete.setString(1, name);
            delete.setString(2, name);
            require(delete.executeUpdate());
        }
    }

    private static void require(int rows) throws SQLException {
        if (rows != 1) {
            throw new SQLException(rows + " rows where one is the newest");
        }
    }
}
