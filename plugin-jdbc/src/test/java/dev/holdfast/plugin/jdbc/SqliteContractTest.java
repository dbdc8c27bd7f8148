package dev.holdfast.plugin.jdbc;

import dev.holdfast.testkit.Outage;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class SqliteContractTest extends JdbcContract {

    @TempDir
    private static Path directory;

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = "jdbc:sqlite:" + directory.resolve("snapshots.db");
    }

    @Override
    protected List<Outage> outages() {
        return List.of(Outage.directoryGone(directory), Outage.directoryBlocked(directory));
    }

    @Override
    String url() {
        return url;
    }

    @Override
    Connection connect() throws SQLException {
        return DriverManager.getConnection(url);
    }
}
