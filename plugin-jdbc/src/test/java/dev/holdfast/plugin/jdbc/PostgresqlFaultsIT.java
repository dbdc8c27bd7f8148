package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.noise;
import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.Tmpfs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresqlFaultsIT extends ServerFaults {

    private static final String CANARY = "canary-4711-password";

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = Postgres.newDatabase();
    }

    @Override
    int serverPort() {
        return Postgres.server().getPort();
    }

    /** Every COMMIT in words, so that the wire can tell it. */
    @Override
    String url(int port) {
        return url.replaceFirst(":[0-9]+/", ":" + port + "/") + "?prepareThreshold=0";
    }

    @Override
    Connection connect() throws SQLException {
        return Postgres.connect(url);
    }

    @Override
    void disconnectAll() throws SQLException {
        try (Connection connection = Postgres.connect(Postgres.url("postgres"))) {
            Rows.select(
                    connection,
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'Holdfast'");
        }
    }

    @Override
    boolean waitsForALock() throws SQLException {
        try (Connection connection = Postgres.connect(Postgres.url("postgres"))) {
            return !Rows.select(
                            connection,
                            "select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%"
                                    + table() + "%'")
                    .isEmpty();
        }
    }

    private String onTheServer(String sql) throws SQLException {
        try (Connection connection = connect()) {
            return Rows.select(connection, sql).get(0);
        }
    }

    @Test
    void aServerThatCrashesIsUsedAgainWhenItHasRecovered() throws Exception {
        SnapshotSerializer serializer = open("total-timeout", "30s");
        serializer.save(named(1));
        AtomicInteger acknowledged = new AtomicInteger(1);
        AtomicInteger last = new AtomicInteger(Integer.MAX_VALUE);
        Future<?> saves = inTheBackground(() -> {
            for (int revision = 2; revision <= last.get(); revision++) {
                while (acknowledged.get() < revision) {
                    try {
                        serializer.save(named(revision));
                        acknowledged.set(revision);
                    } catch (StoreUnavailableException e) {
                        // The server starts; a host has its spool for that. Here it is tried again.
                    }
                }
            }
        });
        await().until(() -> acknowledged.get() > 20);
        try (Connection victim = connect()) {
            // A process that dies so makes the server restart all of itself and recover from its log.
            long backend = Long.parseLong(
                    Rows.select(victim, "select pg_backend_pid()").get(0));
            ProcessHandle.of(backend).orElseThrow().destroyForcibly();
            await().until(() -> !victim.isValid(1));
        }
        last.set(acknowledged.get() + 20);
        saves.get(40, TimeUnit.SECONDS);

        assertThat(saved()).hasSize(acknowledged.get()).doesNotHaveDuplicates();
    }

    @Test
    void serializationFailuresAreTriedAgain() throws Exception {
        String strict = Postgres.newDatabase();
        try (Connection connection = Postgres.connect(strict)) {
            Rows.execute(
                    connection,
                    "alter database " + strict.substring(strict.lastIndexOf('/') + 1)
                            + " set default_transaction_isolation = 'serializable'");
        }
        List<Future<?>> threads = new ArrayList<>();
        AtomicInteger acknowledged = new AtomicInteger();
        for (int thread = 0; thread < 4; thread++) {
            String name = "of-" + thread + "-";
            SnapshotSerializer one = new JdbcSnapshotSerializerFactory().open(Configs.of(strict, "default"));
            threads.add(inTheBackground(() -> {
                try (one) {
                    for (int i = 0; i < 15; i++) {
                        long next = one.getLast()
                                        .map(last -> last.header().revision())
                                        .orElse(0L)
                                + 1;
                        try {
                            one.save(snapshot("default", next, name + i));
                            acknowledged.incrementAndGet();
                        } catch (SnapshotConflictException e) {
                            // Another was first: that is what a race is.
                        }
                    }
                }
            }));
        }
        for (Future<?> thread : threads) {
            thread.get();
        }
        try (Connection connection = Postgres.connect(strict)) {
            assertThat(Rows.select(connection, "select name from holdfast_snapshots"))
                    .hasSize(acknowledged.get());
        }
    }

    @Test
    void aWrongPasswordIsToldWithTheCureAndNeverShown() throws Exception {
        String user = "u" + UUID.randomUUID().toString().replace("-", "");
        Path rules = Path.of(onTheServer("show data_directory")).resolve("pg_hba.conf");
        String before = Files.readString(rules);
        try {
            onTheServer("select 1");
            try (Connection connection = connect()) {
                Rows.execute(connection, "create role " + user + " login password 'the right one'");
                Files.writeString(rules, "host all " + user + " 127.0.0.1/32 scram-sha-256\n" + before);
                Rows.select(connection, "select pg_reload_conf()");
            }
            SnapshotSerializer serializer = as(user, CANARY);

            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("password authentication failed for user \"" + user + "\"")
                    .hasMessageContaining("Check snapshot.jdbc.user, and the password in"
                            + " HOLDFAST_SNAPSHOT_JDBC_PASSWORD or snapshot.jdbc.password-file")
                    .satisfies(failure -> assertThat(withCauses(failure)).doesNotContain(CANARY));
            serializer.close();
        } finally {
            Files.writeString(rules, before);
        }
    }

    private SnapshotSerializer as(String user, String password) {
        return new JdbcSnapshotSerializerFactory()
                .open(SerializerConfig.builder("jdbc", Path.of("target"))
                        .values(Map.of("url", url, "user", user, "table", table(), "connect-timeout", "10s"))
                        .environment(Map.of("HOLDFAST_SNAPSHOT_JDBC_PASSWORD", password))
                        .build());
    }

    @Test
    void theGrantsOfTheManualSuffice() throws Exception {
        String owner = "o" + UUID.randomUUID().toString().replace("-", "");
        try (Connection connection = connect()) {
            Rows.execute(connection, "create role " + owner + " login password 'x'");
            Rows.execute(connection, "grant create, usage on schema public to " + owner);
        }
        try (SnapshotSerializer first = as(owner, "x")) {
            first.save(snapshot("default", 1));
        }
        String user = "u" + UUID.randomUUID().toString().replace("-", "");
        try (Connection connection = connect()) {
            Rows.execute(connection, "create role " + user + " login password 'x'");
        }
        SnapshotSerializer none = as(user, "x");
        assertThatThrownBy(none::getLast)
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("permission denied")
                .hasMessageContaining("Grant the user what docs/serializer-jdbc.md lists");
        none.close();

        String t = table();
        try (Connection connection = connect()) {
            Rows.execute(connection, "grant select on " + t + "_schema to " + user);
            Rows.execute(connection, "grant select, insert, update, delete on " + t + "_groups to " + user);
            Rows.execute(connection, "grant select, insert, delete on " + t + ", " + t + "_parts to " + user);
            Rows.execute(connection, "grant select, insert, update, delete on " + t + "_chunks to " + user);
        }
        try (SnapshotSerializer granted = as(user, "x")) {
            granted.save(snapshot("default", 2));
            granted.save(snapshot("default", 3));
            putReplaceAndRemoveAChunk(granted);
            assertThat(granted.delete(granted.getLast().orElseThrow().header().name()))
                    .isTrue();
        }
    }

    @Test
    void aDatabaseThatTakesNoWritesIsReadAndSaysSo() throws Exception {
        String readOnly = Postgres.newDatabase();
        try (SnapshotSerializer writer = new JdbcSnapshotSerializerFactory().open(Configs.of(readOnly, "default"))) {
            writer.save(snapshot("default", 1));
        }
        try (Connection connection = Postgres.connect(readOnly)) {
            Rows.execute(
                    connection,
                    "alter database " + readOnly.substring(readOnly.lastIndexOf('/') + 1)
                            + " set default_transaction_read_only = on");
        }
        try (SnapshotSerializer serializer =
                new JdbcSnapshotSerializerFactory().open(Configs.of(readOnly, "default"))) {
            assertThat(serializer.getLast()).isPresent();
            assertThatThrownBy(() -> serializer.save(snapshot("default", 2)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("The database takes no writes: let the URL name the primary server");
        }
    }

    @Test
    void aFullDiskIsToldAndNothingThatWasSavedIsLost(@TempDir Path directory) throws Exception {
        Path disk = Tmpfs.mount(directory.resolve("disk"), "size=24m");
        String name = "full" + UUID.randomUUID().toString().replace("-", "");
        try (Connection admin = Postgres.connect(Postgres.url("postgres"))) {
            Rows.execute(
                    admin,
                    "create tablespace " + name + " location '" + Files.createDirectory(disk.resolve("t")) + "'");
            Rows.execute(admin, "create database " + name + " tablespace " + name);
            try (SnapshotSerializer serializer =
                    new JdbcSnapshotSerializerFactory().open(Configs.of(Postgres.url(name), "default"))) {
                serializer.save(snapshot("default", 1));

                assertThatThrownBy(() -> serializer.save(snapshot("default", 2, "big", noise(24 << 20, 1))))
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining("No space left on device")
                        .hasMessageContaining("make room on the server's disk");

                assertThat(serializer.getLast().orElseThrow().header().revision())
                        .isEqualTo(1);
            }
            Rows.execute(admin, "drop database " + name + " with (force)");
            Rows.execute(admin, "drop tablespace " + name);
        } finally {
            Tmpfs.unmount(disk);
        }
    }

    @Test
    void aDatabaseThatIsNotThereIsNamed() {
        try (SnapshotSerializer serializer = new JdbcSnapshotSerializerFactory()
                .open(Configs.of(Postgres.url("no_such_database"), "default", "connect-timeout", "10s"))) {
            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("database \"no_such_database\" does not exist")
                    .hasMessageContaining("Create the database first");
        }
    }

    @Test
    void aCommitIsOnTheDiskWhateverTheServersDefaultIs() throws Exception {
        String lax = Postgres.newDatabase();
        try (Connection connection = Postgres.connect(lax)) {
            Rows.execute(
                    connection,
                    "alter database " + lax.substring(lax.lastIndexOf('/') + 1) + " set synchronous_commit = off");
        }
        Settings settings = Settings.of(Configs.of(lax, "default"));
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        try (Connection connection = new DriverSource(
                        Drivers.find(Database.POSTGRESQL, getClass().getClassLoader()), dialect, settings.login())
                .getConnection()) {
            assertThat(Rows.select(connection, "show synchronous_commit")).containsExactly("on");
            assertThat(Rows.select(connection, "show statement_timeout")).containsExactly("10s");
            assertThat(Rows.select(connection, "show lock_timeout")).containsExactly("10s");
            assertThat(Rows.select(connection, "show idle_in_transaction_session_timeout"))
                    .containsExactly("30s");
        }
    }
}
