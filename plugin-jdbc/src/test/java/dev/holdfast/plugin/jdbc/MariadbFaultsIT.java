package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.noise;
import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MariadbFaultsIT extends ServerFaults {

    private static final String CANARY = "canary-4711-password";

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = Mariadb.server().newDatabase();
    }

    @Override
    int serverPort() {
        return Mariadb.server().port();
    }

    @Override
    String url(int port) {
        return url.replaceFirst(":[0-9]+/", ":" + port + "/");
    }

    @Override
    Connection connect() throws SQLException {
        return DriverManager.getConnection(url, "root", "");
    }

    @Override
    void disconnectAll() throws SQLException {
        try (Connection connection = Mariadb.server().connect("mysql")) {
            for (String id : Rows.select(
                    connection,
                    "select id from information_schema.processlist where info like 'select workflow from %for update'"
                            + " and command <> 'Sleep'")) {
                Rows.execute(connection, "kill " + id);
            }
        }
    }

    @Override
    boolean waitsForALock() throws SQLException {
        try (Connection connection = Mariadb.server().connect("mysql")) {
            return !Rows.select(
                            connection,
                            "select trx_id from information_schema.innodb_trx where trx_state = 'LOCK WAIT' and trx_query"
                                    + " like '%" + table() + "%'")
                    .isEmpty();
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
    void aWrongPasswordIsToldWithTheCureAndNeverShown() throws Exception {
        try (Connection connection = connect()) {
            Rows.execute(connection, "create or replace user wrong@localhost identified by 'the right one'");
        }
        try (SnapshotSerializer serializer = as("wrong", CANARY)) {
            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("Access denied for user 'wrong'@'localhost'")
                    .hasMessageContaining("Check snapshot.jdbc.user, and the password in"
                            + " HOLDFAST_SNAPSHOT_JDBC_PASSWORD or snapshot.jdbc.password-file")
                    .satisfies(failure -> assertThat(withCauses(failure)).doesNotContain(CANARY));
        }
    }

    @Test
    void theGrantsOfTheManualSuffice() throws Exception {
        String database = url.replaceFirst(".*/([a-z0-9]+)\\?.*", "$1");
        String t = table();
        try (SnapshotSerializer maker = open(serverPort())) {
            maker.save(snapshot("default", 1));
        }
        try (Connection connection = connect()) {
            Rows.execute(connection, "create or replace user narrow@localhost identified by 'x'");
            Rows.execute(connection, "grant select on " + database + "." + t + "_schema to narrow@localhost");
            Rows.execute(
                    connection,
                    "grant select, insert, update, delete on " + database + "." + t + "_groups to narrow@localhost");
            for (String name : new String[] {t, t + "_parts"}) {
                Rows.execute(
                        connection,
                        "grant select, insert, delete on " + database + "." + name + " to narrow@localhost");
            }
            Rows.execute(
                    connection,
                    "grant select, insert, update, delete on " + database + "." + t + "_chunks to narrow@localhost");
        }
        try (SnapshotSerializer granted = as("narrow", "x")) {
            granted.save(snapshot("default", 2));
            putReplaceAndRemoveAChunk(granted);
            assertThat(granted.delete(granted.getLast().orElseThrow().header().name()))
                    .isTrue();
        }
        try (Connection connection = connect()) {
            Rows.execute(connection, "create or replace user wide@localhost identified by 'x'");
            Rows.execute(
                    connection,
                    "grant create, alter, select, insert, update, delete on " + database + ".* to wide@localhost");
            Rows.execute(
                    connection,
                    "drop table " + t + ", " + t + "_parts, " + t + "_chunks, " + t + "_groups, " + t + "_schema");
        }
        try (SnapshotSerializer granted = as("wide", "x")) {
            granted.save(snapshot("default", 1));
        }
    }

    @Test
    void aTableThatWouldCutTextsIsRefused() throws Exception {
        try (SnapshotSerializer maker = open(serverPort())) {
            maker.save(snapshot("default", 1));
        }
        try (Connection connection = connect()) {
            Rows.execute(connection, "alter table " + table() + " modify data blob");
        }

        assertThatThrownBy(() -> open(serverPort()).getLast())
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining(
                        "is a blob, which is too short: alter table " + table() + " modify data longblob");
    }

    @Test
    void aTableWithoutTransactionsIsRefused() throws Exception {
        try (SnapshotSerializer maker = open(serverPort())) {
            maker.save(snapshot("default", 1));
        }
        try (Connection connection = connect()) {
            Rows.execute(connection, "alter table " + table() + " engine=Aria");
        }

        assertThatThrownBy(() -> open(serverPort()).save(snapshot("default", 2)))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining(
                        "has the engine Aria, which has no transactions: alter table " + table() + " engine=InnoDB");
    }

    @Test
    void aRowWithADateThatIsNoneHindersNoOther() throws Exception {
        SnapshotSerializer serializer = open(serverPort());
        for (int revision = 1; revision <= 3; revision++) {
            serializer.save(named(revision));
        }
        for (String none : List.of("0000-00-00", "2026-00-00")) {
            try (Connection connection = connect()) {
                Rows.execute(connection, "set session sql_mode = ''");
                Rows.execute(connection, "update " + table() + " set timestamp = '" + none + "' where revision <> 2");
            }

            assertThat(serializer.list(ListRequest.firstPage(10)).headers())
                    .extracting(SnapshotHeader::name)
                    .containsExactly("r2");
            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(SnapshotCorruptException.class)
                    .hasMessage("Snapshot r3 is damaged: The timestamp is no date");
        }

        open(serverPort(), "keep-for", "1s").save(named(4));

        assertThat(saved()).containsExactly("r1", "r3", "r4");
    }

    // The total time-out

    private SnapshotSerializer withTheTablesMade(String... more) {
        SnapshotSerializer maker = open(serverPort());
        maker.save(named(1));
        maker.chunks().orElseThrow().put(Map.of("0".repeat(64), new byte[1]));
        return open(serverPort(), more);
    }

    private void eachRowTakes(String seconds, String what, String of) throws SQLException {
        try (Connection connection = connect()) {
            Rows.execute(
                    connection,
                    "create trigger " + of + "_slow before " + what + " on " + of + " for each row do sleep(" + seconds
                            + ")");
        }
    }

    @Test
    void callsOfManyStatementsEndWithinTheTotalTimeOutAndLeaveNothing() throws Exception {
        SnapshotSerializer hurried = withTheTablesMade("total-timeout", "2s");
        eachRowTakes("0.5", "insert", table() + "_chunks");
        eachRowTakes("0.5", "insert", table() + "_parts");
        Map<String, byte[]> chunks = new HashMap<>();
        for (int i = 0; i < 16; i++) {
            chunks.put(String.format(Locale.ROOT, "%064x", i + 1), new byte[] {1});
        }

        assertThatThrownBy(() -> hurried.chunks().orElseThrow().put(chunks))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageEndingWith(
                        ": it took longer than snapshot.jdbc.total-timeout: see what the database is busy with");
        assertThatThrownBy(() -> hurried.save(snapshot("default", 2, "big", noise(8 << 20, 1))))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("it took longer than snapshot.jdbc.total-timeout");

        SnapshotSerializer patient = open(serverPort());
        assertThat(patient.chunks().orElseThrow().list("", 100)).hasSize(1);
        assertThat(saved()).containsExactly("r1");
    }

    @Test
    void oldSnapshotsAreRemovedInTheTimeThatASaveHasLeft() throws Exception {
        SnapshotSerializer keeping = withTheTablesMade("total-timeout", "8s", "keep", "1");
        SnapshotSerializer filling = open(serverPort());
        for (int revision = 2; revision <= 40; revision++) {
            filling.save(snapshot("default", revision * 5L + 1, "r" + revision));
        }
        eachRowTakes("0.4", "delete", table());

        try (LogLines log = LogLines.ofAll(Level.INFO)) {
            keeping.save(snapshot("default", 1000 + 1, "last"));

            assertThat(log.lines()).noneMatch(line -> line.contains("could not be removed"));
        }
        // All would have taken 16 s.
        assertThat(saved()).endsWith("r40", "last").hasSizeBetween(20, 40);
    }

    @Test
    void sessionsAreStrictWhateverTheServersDefaultIs() throws Exception {
        Settings settings = Settings.of(Configs.of(url, "default"));
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        try (Connection connection = new DriverSource(
                        Drivers.find(Database.MARIADB, getClass().getClassLoader()), dialect, settings.login())
                .getConnection()) {
            assertThat(Rows.select(connection, "select @@sql_mode").get(0)).contains("STRICT_TRANS_TABLES");
            assertThat(Rows.select(connection, "select @@innodb_lock_wait_timeout"))
                    .containsExactly("10");
            assertThat(Rows.select(connection, "select @@max_statement_time")).containsExactly("10.000000");
            assertThat(Rows.select(connection, "select @@idle_transaction_timeout"))
                    .containsExactly("30");
        }
    }

    @Test
    void aServerWithoutTlsSaysWhatToWrite() throws Exception {
        String strict = url.substring(0, url.indexOf('?'));
        try (SnapshotSerializer serializer =
                new JdbcSnapshotSerializerFactory().open(Configs.of(strict, "default", "connect-timeout", "10s"))) {
            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("The server has no TLS: switch it on there, or write ?sslMode=disable");
        }
    }

    @Test
    void aUrlForMysqlWorksWithMariadbsDriver() throws Exception {
        try (SnapshotSerializer serializer = new JdbcSnapshotSerializerFactory()
                .open(Configs.of(url.replace("jdbc:mariadb:", "jdbc:mysql:"), "default", "table", table()))) {
            serializer.save(snapshot("default", 1));
            assertThat(serializer.getLast()).isPresent();
        }
    }

    @Test
    void aServerOfItsOwnIsKilledAndRestartedAndItsLimitsAreRead() throws Exception {
        Mariadb server = Mariadb.start("--max-allowed-packet=1M", "--innodb-flush-log-at-trx-commit=2");
        try {
            String own = server.newDatabase();
            Snapshot first = snapshot("default", 1);
            try (SnapshotSerializer serializer =
                    new JdbcSnapshotSerializerFactory().open(Configs.of(own, "default", "connect-timeout", "10s"))) {
                assertThatThrownBy(() -> serializer.save(snapshot("default", 1)))
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining("max_allowed_packet of " + own.replaceFirst("\\?.*", "") + " is 1048576"
                                + " bytes and must be 4194304 or more: set max_allowed_packet=16M in the server's"
                                + " configuration");
                server.kill();
                assertThatThrownBy(() -> serializer.save(snapshot("default", 1)))
                        .isInstanceOf(StoreUnavailableException.class);
                server = server.restart();
                try (LogLines log = LogLines.ofAll(Level.INFO)) {
                    // The pool tries at longer and longer intervals, so the first call may still come too early.
                    await().ignoreExceptionsInstanceOf(StoreUnavailableException.class)
                            .untilAsserted(() -> serializer.save(first));
                    assertThat(serializer.getLast()).isPresent();
                    assertThat(log.lines()).noneMatch(line -> line.contains("flush_log"));
                }
            }
        } finally {
            server.kill();
        }
        Mariadb lax = Mariadb.start("--innodb-flush-log-at-trx-commit=2");
        try (SnapshotSerializer serializer =
                        new JdbcSnapshotSerializerFactory().open(Configs.of(lax.newDatabase(), "default"));
                LogLines log = LogLines.ofAll(Level.INFO)) {
            serializer.save(snapshot("default", 1));
            assertThat(log.lines())
                    .anyMatch(line -> line.contains("WARN") && line.contains("set innodb_flush_log_at_trx_commit=1"));
        } finally {
            lax.kill();
        }
    }
}
