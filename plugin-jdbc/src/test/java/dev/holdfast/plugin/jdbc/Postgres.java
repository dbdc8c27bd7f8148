package dev.holdfast.plugin.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.UUID;

/** A real PostgreSQL on loopback, one for all tests of this JVM. */
final class Postgres {

    private static EmbeddedPostgres running;

    private Postgres() {}

    static synchronized EmbeddedPostgres server() {
        if (running == null) {
            running = start();
        }
        return running;
    }

    /** Another one, for a test that stops or starves it. */
    static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setServerConfig("fsync", "on")
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A database of its own, and the URL that leads there. */
    static String newDatabase() throws SQLException {
        String name = "d" + UUID.randomUUID().toString().replace("-", "");
        try (Connection connection = connect(url("postgres"))) {
            Rows.execute(connection, "create database " + name);
        }
        return url(name);
    }

    static String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + server().getPort() + "/" + database;
    }

    static Connection connect(String url) throws SQLException {
        return DriverManager.getConnection(url, "postgres", "postgres");
    }
}
