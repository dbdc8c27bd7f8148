package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.noise;
import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import dev.holdfast.testsupport.Tmpfs;
import java.io.File;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteIT {

    @TempDir
    private Path directory;

    /** The first connection of a JVM unpacks native code, which is no matter of these tests' time-outs. */
    @BeforeAll
    static void loadTheDriver() throws SQLException {
        DriverManager.getConnection("jdbc:sqlite::memory:").close();
    }

    private Path file() {
        return directory.resolve("snapshots.db");
    }

    private SnapshotSerializer open(String... more) {
        return open(directory, more);
    }

    private static SnapshotSerializer open(Path directory, String... more) {
        Map<String, String> values = new HashMap<>(Map.of("connect-timeout", "15s"));
        for (int i = 0; i < more.length; i += 2) {
            values.put(more[i], more[i + 1]);
        }
        return new JdbcSnapshotSerializerFactory()
                .open(SerializerConfig.builder("jdbc", directory).values(values).build());
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file());
    }

    private static List<Long> revisions(SnapshotSerializer serializer) {
        return serializer.list(ListRequest.firstPage(1000)).headers().stream()
                .map(SnapshotHeader::revision)
                .toList();
    }

    // The file

    @Test
    void theFileIsMadeByTheFirstSaveForTheOwnerAlone() throws Exception {
        Path logs = directory.resolve("not/there/yet");
        try (SnapshotSerializer serializer = open(logs)) {
            assertThat(serializer.getLast()).isEmpty();
            assertThat(revisions(serializer)).isEmpty();
            assertThat(serializer.delete("x")).isFalse();
            assertThat(logs).doesNotExist();

            serializer.save(snapshot("default", 1));

            for (String name : List.of("snapshots.db", "snapshots.db-wal", "snapshots.db-shm")) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(logs.resolve(name))))
                        .as(name)
                        .isEqualTo("rw-------");
            }
        }
    }

    @Test
    void lookingIntoAnothersDatabaseChangesNoByte() throws Exception {
        try (Connection connection = connect()) {
            Rows.execute(connection, "create table mine (x)");
        }
        byte[] before = Files.readAllBytes(file());

        try (SnapshotSerializer serializer = open()) {
            assertThat(serializer.getLast()).isEmpty();
            assertThat(revisions(serializer)).isEmpty();
        }

        assertThat(Files.readAllBytes(file())).isEqualTo(before);
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file());
        }
    }

    @Test
    void everyConnectionSyncsWhatItCommits() throws Exception {
        try (SnapshotSerializer serializer = open()) {
            serializer.save(snapshot("default", 1));
        }
        Settings settings =
                Settings.of(SerializerConfig.builder("jdbc", directory).build());
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        try (Connection connection = new DriverSource(
                        Drivers.find(Database.SQLITE, getClass().getClassLoader()), dialect, settings.login())
                .getConnection()) {
            assertThat(Rows.select(connection, "PRAGMA journal_mode")).containsExactly("wal");
            // 3 is EXTRA, which syncs whatever FULL (2) does, and the directory.
            assertThat(Rows.select(connection, "PRAGMA synchronous")).containsExactly("3");
            assertThat(Rows.select(connection, "PRAGMA busy_timeout")).containsExactly("10000");
        }
    }

    @Test
    void everySaveReachesTheDiskBeforeItReturns() throws Exception {
        assumeThat(Path.of("/usr/bin/strace")).as("strace is installed").isExecutable();
        Path calls = directory.resolve("calls");
        File out = directory.resolve("out").toFile();
        List<String> strace = List.of(
                "/usr/bin/strace", "-f", "-e", "trace=fsync,fdatasync,write", "-s", "8", "-o", calls.toString());

        Process process = SavingHost.start(strace, directory, 5, out);

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assumeThat(Files.exists(calls)).as("strace may trace here").isTrue();
        // Between two lines "saved" of the process stands at least one sync that succeeded.
        int synced = 0;
        int said = 0;
        for (String line : Files.readAllLines(calls)) {
            if (line.matches(".*(fsync|fdatasync)(\\(| resumed).*= 0")) {
                synced++;
            } else if (line.matches(".* write\\(1, \"[0-9].*")) {
                said++;
                assertThat(synced)
                        .as("syncs before save %d was said to be done", said)
                        .isPositive();
                synced = 0;
            }
        }
        assertThat(said).isEqualTo(5);
    }

    @Test
    void aFileThatWasRemovedOrReplacedIsNotWrittenToUnseen() throws Exception {
        try (SnapshotSerializer serializer = open()) {
            serializer.save(snapshot("default", 1));
            serializer.save(snapshot("default", 2));
            for (String name : List.of("snapshots.db", "snapshots.db-wal", "snapshots.db-shm")) {
                Files.delete(directory.resolve(name));
            }

            assertThatThrownBy(serializer::getLast).isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> serializer.save(snapshot("default", 3)))
                    .isInstanceOf(StoreUnavailableException.class);
            try (SnapshotSerializer other = open()) {
                other.save(snapshot("default", 3));
                assertThat(revisions(other)).containsExactly(3L);
            }
            assertThat(revisions(serializer)).containsExactly(3L);

            Path elsewhere = directory.resolve("elsewhere");
            try (SnapshotSerializer other = open(elsewhere)) {
                other.save(snapshot("default", 10));
            }
            for (String name : List.of("snapshots.db-wal", "snapshots.db-shm")) {
                Files.deleteIfExists(directory.resolve(name));
            }
            Files.move(elsewhere.resolve("snapshots.db"), file(), StandardCopyOption.REPLACE_EXISTING);
            assertThat(revisions(serializer)).containsExactly(10L);
            serializer.save(snapshot("default", 11));
            try (SnapshotSerializer other = open()) {
                assertThat(revisions(other)).containsExactly(11L, 10L);
            }
        }
    }

    @Test
    void aDirectoryThatIsAFileIsNotTakenForAnEmptyStore() throws Exception {
        Path notADirectory = Files.writeString(directory.resolve("file"), "x");
        try (SnapshotSerializer serializer = new JdbcSnapshotSerializerFactory()
                .open(Configs.of(
                        "jdbc:sqlite:" + notADirectory.resolve("x.db"), "default", "connect-timeout", "500ms"))) {
            assertThatThrownBy(serializer::getLast).isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> serializer.save(snapshot("default", 1)))
                    .isInstanceOf(StoreUnavailableException.class);
        }
    }

    // Retention

    @Test
    void aTimeThatCannotBeReadKeepsNeitherASaveNorTheRemovalOfOtherSnapshotsFromBeingDone() throws Exception {
        try (SnapshotSerializer serializer = open()) {
            for (int revision = 1; revision <= 3; revision++) {
                serializer.save(snapshot("default", revision));
            }
        }
        try (Connection connection = connect()) {
            Rows.execute(
                    connection, "update holdfast_snapshots set timestamp = '2026-11-21 09:30:00' where revision = 1");
        }

        try (SnapshotSerializer young = open("keep-for", "1s")) {
            young.save(snapshot("default", 4));
        }
        try (Connection connection = connect()) {
            assertThat(Rows.select(connection, "select revision from holdfast_snapshots order by revision"))
                    .containsExactly("1", "4");
        }
        try (SnapshotSerializer newest = open("keep", "1")) {
            newest.save(snapshot("default", 6));
        }
        try (Connection connection = connect()) {
            assertThat(Rows.select(connection, "select revision from holdfast_snapshots"))
                    .containsExactly("6");
        }
    }

    @Test
    void aSaveIsDoneWhateverTheRemovalOfOldSnapshotsRunsInto() {
        // From which no time that is kept can be taken.
        Clock clock = Clock.fixed(Instant.MIN, ZoneOffset.UTC);
        try (SnapshotSerializer serializer = new JdbcSnapshotSerializerFactory(clock)
                        .open(SerializerConfig.builder("jdbc", directory)
                                .values(Map.of("keep-for", "1d"))
                                .build());
                LogLines log = LogLines.ofAll(Level.INFO)) {
            serializer.save(snapshot("default", 1));
            serializer.save(snapshot("default", 2));

            assertThat(revisions(serializer)).containsExactly(2L, 1L);
            assertThat(log.lines())
                    .anyMatch(line -> line.startsWith("WARN Old snapshots could not be removed from table"
                            + " holdfast_snapshots of jdbc:sqlite:" + file() + ": java.time.DateTimeException: "));
        }
    }

    // Processes

    @Test
    void whatAKilledProcessSaidToBeSavedIsThere() throws Exception {
        for (int round = 0; round < 3; round++) {
            Path out = directory.resolve("out" + round);
            Process process = SavingHost.start(List.of(), directory, 100_000, out.toFile());
            await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(out) && Files.size(out) > 100);
            process.destroyForcibly().waitFor();

            List<Long> said = Files.readString(out).lines().map(Long::parseLong).toList();
            try (SnapshotSerializer serializer = open()) {
                long last = serializer.getLast().orElseThrow().header().revision();
                assertThat(last).isGreaterThanOrEqualTo(said.get(said.size() - 1));
                serializer.save(snapshot("default", last + 1));
            }
        }
        try (Connection connection = connect()) {
            assertThat(Rows.select(connection, "PRAGMA integrity_check")).containsExactly("ok");
        }
    }

    @Test
    void aLockThatAnotherProcessHoldsIsWaitedForAndThenTold() throws Exception {
        try (SnapshotSerializer serializer = open();
                SnapshotSerializer hurried = open("query-timeout", "250ms", "total-timeout", "2s");
                Connection other = connect()) {
            serializer.save(snapshot("default", 1));
            // Its connection is there, so that nothing but the lock can take its time.
            await().ignoreExceptionsInstanceOf(StoreUnavailableException.class)
                    .untilAsserted(() -> assertThat(hurried.getLast()).isPresent());
            Rows.execute(other, "begin immediate");

            assertThat(serializer.getLast()).isPresent();
            assertThatThrownBy(() -> hurried.save(snapshot("default", 2)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("Another process holds the lock of the database");

            Rows.execute(other, "rollback");
            serializer.save(snapshot("default", 2));
        }
    }

    @Test
    void whatWaitsForTheLockOfAnotherProcessKeepsNobodyFromReading() throws Exception {
        try (SnapshotSerializer serializer = open("query-timeout", "60s", "total-timeout", "90s");
                Connection other = connect()) {
            serializer.save(snapshot("default", 1));
            Rows.execute(other, "begin immediate");
            FutureTask<Void> save = new FutureTask<>(() -> serializer.save(snapshot("default", 2)), null);
            FutureTask<Void> put = new FutureTask<>(
                    () -> serializer.chunks().orElseThrow().put(Map.of("1".repeat(64), new byte[1])), null);
            List<Thread> writers = List.of(new Thread(save), new Thread(put));
            writers.forEach(Thread::start);
            await().until(() -> writers.stream().anyMatch(SqliteIT::waitsForItsTurn));

            for (int i = 0; i < 50; i++) {
                assertThat(revisions(serializer)).containsExactly(1L);
            }
            assertThat(save).isNotDone();
            assertThat(put).isNotDone();

            Rows.execute(other, "rollback");
            save.get(60, TimeUnit.SECONDS);
            put.get(60, TimeUnit.SECONDS);
            assertThat(revisions(serializer)).containsExactly(2L, 1L);
        }
    }

    /** Then another has its turn, and is at the database or on its way there. */
    private static boolean waitsForItsTurn(Thread writer) {
        return Arrays.stream(writer.getStackTrace())
                .anyMatch(frame -> frame.getClassName().equals(Semaphore.class.getName()));
    }

    @Test
    void aTemporaryDirectoryFromWhichNoCodeRunsIsTold() throws Exception {
        File out = directory.resolve("out").toFile();

        Process process =
                SavingHost.start(List.of(), List.of("-Dorg.sqlite.tmpdir=/proc/nowhere"), directory, 1, "5s", out);

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(out).content().contains("HOLDFAST_JAVA_OPTS=-Dorg.sqlite.tmpdir=DIR");
    }

    // Disks

    @Test
    void whatIsNoDatabaseIsToldAndLeftAlone() throws Exception {
        Files.write(file(), noise(10_000, 1));

        try (SnapshotSerializer serializer = open("connect-timeout", "1s")) {
            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(StoreUnavailableException.class)
                    .as("our words first, the driver's last")
                    .hasMessageMatching(
                            "The last snapshot could not be read from .*: The file is no sound SQLite database: .*"
                                    + "\\. The driver says: .+");
            assertThatThrownBy(() -> serializer.save(snapshot("default", 1)))
                    .isInstanceOf(StoreUnavailableException.class);
        }

        assertThat(Files.readAllBytes(file())).isEqualTo(noise(10_000, 1));
    }

    @Test
    void aDamagedPageIsToldOrTheSnapshotIsCorruptButNeverAnother() throws Exception {
        byte[] text = noise(200_000, 1);
        try (SnapshotSerializer serializer = open("codec", "none")) {
            serializer.save(snapshot("default", 1, "one", text));
        }
        long size = Files.size(file());
        for (long at = size / 4; at < size; at += size / 4) {
            try (RandomAccessFile raw = new RandomAccessFile(file().toFile(), "rw")) {
                raw.seek(at);
                int was = raw.read();
                raw.seek(at);
                raw.write(was ^ 1);
            }
            try (SnapshotSerializer serializer = open()) {
                assertThatThrownBy(() -> serializer.get("one"))
                        .isInstanceOf(dev.holdfast.sdk.SnapshotStoreException.class);
            }
            try (RandomAccessFile raw = new RandomAccessFile(file().toFile(), "rw")) {
                raw.seek(at);
                int was = raw.read();
                raw.seek(at);
                raw.write(was ^ 1);
            }
        }
        try (SnapshotSerializer serializer = open()) {
            assertThat(serializer.get("one").toBytes()).isEqualTo(text);
        }
    }

    @Test
    void aFullDiskIsToldAndNothingThatWasSavedIsLost() throws Exception {
        Path disk = Tmpfs.mount(directory.resolve("disk"), "size=1m,mode=700");
        try (SnapshotSerializer serializer = open(disk)) {
            serializer.save(snapshot("default", 1));

            assertThatThrownBy(() -> serializer.save(snapshot("default", 2, "big", noise(3 << 20, 1))))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("make room on the disk");

            assertThat(revisions(serializer)).containsExactly(1L);
            serializer.save(snapshot("default", 2));
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(2);
        } finally {
            Tmpfs.unmount(disk);
        }
    }

    @Test
    void aReadOnlyDiskIsReadAndToldOfBySaves() throws Exception {
        Path disk = Tmpfs.mount(directory.resolve("disk"), "size=4m,mode=700");
        try {
            try (SnapshotSerializer serializer = open(disk)) {
                serializer.save(snapshot("default", 1));
            }
            Tmpfs.change(disk, "remount,ro");
            try (SnapshotSerializer serializer = open(disk, "connect-timeout", "1s")) {
                assertThatThrownBy(() -> serializer.save(snapshot("default", 2)))
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining("heck the ");
            }
            Tmpfs.change(disk, "remount,rw");
            try (SnapshotSerializer serializer = open(disk)) {
                assertThat(revisions(serializer)).containsExactly(1L);
                serializer.save(snapshot("default", 2));
            }
        } finally {
            Tmpfs.unmount(disk);
        }
    }
}
