package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** PostgreSQL tells who listens of the saves of others. */
class SavesAreToldIT {

    private static final Duration LONG = Duration.ofSeconds(60);

    private static String url;

    private final AtomicInteger told = new AtomicInteger();

    @BeforeAll
    static void database() throws SQLException {
        url = Postgres.newDatabase();
    }

    private static SnapshotSerializer open(String group) {
        return new JdbcSnapshotSerializerFactory().open(Configs.of(url, group));
    }

    private static Snapshot of(String group, long revision) {
        return snapshot(group, revision);
    }

    private static int listening() throws SQLException {
        try (Connection connection = Postgres.connect(url)) {
            return Integer.parseInt(Rows.select(
                            connection,
                            "select count(*) from pg_stat_activity where datname = current_database() and (query like"
                                    + " 'listen holdfast%' or query = 'select 1') and application_name = 'Holdfast'")
                    .get(0));
        }
    }

    @Test
    void aSaveOfAnotherHostIsToldAndNoneOfAnotherGroup() throws Exception {
        try (SnapshotSerializer host = open("told");
                SnapshotSerializer other = open("told");
                SnapshotSerializer stranger = open("stranger")) {
            host.onSave(told::incrementAndGet);
            await().atMost(LONG).until(() -> told.get() == 1 && listening() == 1);

            stranger.save(of("stranger", 1));
            other.save(of("told", 1));

            await().atMost(LONG).until(() -> told.get() == 2);
            other.save(of("told", 2));
            await().atMost(LONG).until(() -> told.get() == 3);
        }
        await().atMost(LONG).until(() -> listening() == 0);
    }

    @Test
    void aListenerWhoseConnectionIsCutListensAgainAndIsToldOfWhatItMissed() throws Exception {
        AtomicInteger instead = new AtomicInteger();
        try (SnapshotSerializer host = open("cut");
                SnapshotSerializer other = open("cut")) {
            host.onSave(told::incrementAndGet);
            await().atMost(LONG).until(() -> told.get() == 1);
            host.onSave(instead::incrementAndGet);
            try (Connection connection = Postgres.connect(url)) {
                Rows.select(
                        connection,
                        "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen holdfast%'");
            }

            await().atMost(LONG).until(() -> instead.get() == 1);
            other.save(of("cut", 1));

            await().atMost(LONG).until(() -> instead.get() == 2);
            assertThat(told.get()).isEqualTo(1);
        }
    }
}
