package dev.holdfast.plugin.jdbc;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class SqliteTablesByHandTest extends TablesByHand {

    @TempDir
    private static Path directory;

    @Override
    String url() {
        return "jdbc:sqlite:" + directory.resolve("by-hand.db");
    }

    @Override
    Connection connect() throws SQLException {
        return DriverManager.getConnection(url());
    }

    /** SQLite changes no column, so the table is made anew: {@code FROM -> TO} in the text that made it. */
    @Override
    void execute(Connection connection, String name, String statement) throws SQLException {
        String[] change = statement.split(" -> ?", -1);
        if (change.length == 1) {
            Rows.execute(connection, statement);
            return;
        }
        String made = Rows.select(connection, "select sql from sqlite_master where name = '" + name + "'")
                .get(0);
        Rows.execute(connection, "drop table " + name);
        Rows.execute(connection, made.replace(change[0], change[1]));
    }

    @Override
    List<Change> changes() {
        return List.of(
                new Change("", "must be integer", "revision integer -> revision text"),
                new Change("_parts", "must be integer", "revision integer -> revision double"),
                new Change("_chunks", "must be integer", "put_on integer -> put_on varchar(20)"),
                new Change("", "must be varchar(128)", "name varchar(128) -> name integer"),
                new Change("", "must be char(64)", "sha256 char(64) -> sha256 numeric"),
                new Change("", "must be text", "timestamp text -> timestamp real"),
                new Change("", "(collation nocase)", "name varchar(128) -> name varchar(128) collate nocase"),
                new Change("_chunks", "(collation nocase)", "id varchar(64) -> id varchar(64) collate nocase"),
                new Change("", "takes two rows with the same (workflow, name)", ", unique (workflow, name) ->"),
                new Change(
                        "",
                        "takes two rows with the same (workflow, revision)",
                        ", primary key (workflow, revision) ->"),
                new Change("", "a long text has none there", "data blob -> data blob not null"),
                new Change("", "and Holdfast does not know it", "data blob -> data blob, tenant integer not null"),
                new Change("", "has no column host", "host varchar(255) not null, ->"));
    }

    @Override
    List<Change> tolerated() {
        return List.of(
                new Change("", "", "timestamp text -> timestamp datetime"),
                new Change("", "", "revision integer -> revision bigint"),
                new Change("", "", "data blob -> data blob, tenant integer not null default 1"));
    }
}
