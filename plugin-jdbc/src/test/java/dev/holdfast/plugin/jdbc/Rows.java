package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What somebody does with the table by hand, past the serializer. */
final class Rows {

    private Rows() {}

    /** Flips one bit in the middle of a stored text. */
    static void damage(Connection connection, String group, String name) throws SQLException {
        try (connection;
                PreparedStatement select = connection.prepareStatement(
                        "select data from holdfast_snapshots where workflow = ? and name = ?")) {
            select.setString(1, group);
            select.setString(2, name);
            byte[] data;
            try (ResultSet row = select.executeQuery()) {
                row.next();
                data = row.getBytes(1);
            }
            data[data.length / 2] ^= 4;
            try (PreparedStatement update = connection.prepareStatement(
                    "update holdfast_snapshots set data = ? where workflow = ? and name = ?")) {
                update.setBytes(1, data);
                update.setString(2, group);
                update.setString(3, name);
                update.executeUpdate();
            }
        }
    }

    static int execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    /** The first column of every row. */
    static List<String> select(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            List<String> values = new ArrayList<>();
            while (row.next()) {
                values.add(row.getString(1));
            }
            return values;
        }
    }
}
