package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.ChunkStoreContract;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** What every chunk store must do, on every database. */
class JdbcChunkStoreIT {

    private abstract static class OnSome extends ChunkStoreContract {

        abstract String url();

        @Override
        protected final SnapshotSerializerFactory factory() {
            return new JdbcSnapshotSerializerFactory();
        }

        @Override
        protected final SerializerConfig config(String ofGroup) {
            return Configs.of(url(), ofGroup);
        }
    }

    @Nested
    class OnSqlite extends OnSome {

        @TempDir
        private static Path directory;

        @Override
        String url() {
            return "jdbc:sqlite:" + directory.resolve("snapshots.db");
        }
    }

    @Nested
    class OnPostgresql extends OnSome {

        private static String url;

        @BeforeAll
        static void database() throws SQLException {
            url = Postgres.newDatabase();
        }

        @Override
        String url() {
            return url;
        }
    }

    @Nested
    class OnMariadb extends OnSome {

        private static String url;

        @BeforeAll
        static void database() throws SQLException {
            url = Mariadb.server().newDatabase();
        }

        @Override
        String url() {
            return url;
        }
    }

    @Nested
    class OnH2 extends OnSome {

        private static final String URL = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";

        @Override
        String url() {
            return URL;
        }
    }
}
