package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.header;
import static dev.holdfast.testkit.TestSnapshots.noise;
import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static dev.holdfast.testkit.TestSnapshots.time;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.SnapshotSerializerContract;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TimeZone;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every serializer must do, and what this plugin promises on every database. */
abstract class JdbcContract extends SnapshotSerializerContract {

    /** A table of the test's own; that of the contract is the default one. */
    private final String table =
            "t" + UUID.randomUUID().toString().replace("-", "").substring(0, 12);

    private final List<SnapshotSerializer> opened = new ArrayList<>();
    private SnapshotSerializer serializer;

    private static final Deadline FAR = Deadline.in(Duration.ofDays(1));
    private static final String ONE = "1".repeat(64);
    private static final String TWO = "2".repeat(64);

    /** Where the database of these tests is. */
    abstract String url();

    /** A connection past the serializer. */
    abstract Connection connect() throws SQLException;

    @Override
    protected final SnapshotSerializerFactory factory() {
        return new JdbcSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String group) {
        return Configs.of(url(), group);
    }

    @Override
    protected SerializerConfig outageConfig(String group) {
        return Configs.of(outageUrl(), group, Configs.HASTY);
    }

    /** The same database, by a proxy where it has an address. */
    String outageUrl() {
        return url();
    }

    @Override
    protected final void damage(String group, String name) throws SQLException {
        try (Connection connection = connect()) {
            Rows.damage(connection, group, name);
        }
    }

    @BeforeEach
    final void openTheTablesSerializer() {
        serializer = openTable();
    }

    @AfterEach
    final void closeThem() {
        opened.forEach(SnapshotSerializer::close);
    }

    private SnapshotSerializer openTable(String... more) {
        return openTable(Clock.systemUTC(), more);
    }

    private SnapshotSerializer openTable(Clock clock, String... more) {
        return opened(new JdbcSnapshotSerializerFactory(clock).open(Configs.of(url(), group(), settings(more))));
    }

    private SnapshotSerializer opened(SnapshotSerializer one) {
        opened.add(one);
        return one;
    }

    private String[] settings(String... more) {
        List<String> all = new ArrayList<>(List.of("table", table));
        all.addAll(List.of(more));
        return all.toArray(new String[0]);
    }

    private static ChunkStore chunks(SnapshotSerializer of) {
        return of.chunks().orElseThrow();
    }

    private List<String> select(String sql) throws SQLException {
        try (Connection connection = connect()) {
            return Rows.select(connection, sql);
        }
    }

    private int execute(String sql) throws SQLException {
        try (Connection connection = connect()) {
            return Rows.execute(connection, sql);
        }
    }

    private boolean hasTable(String name) throws SQLException {
        try {
            select("select * from " + name + " where 1 = 0");
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    private List<Long> revisions() {
        return serializer.list(ListRequest.firstPage(1000)).headers().stream()
                .map(SnapshotHeader::revision)
                .toList();
    }

    // The table

    @Test
    void aQueryThatKnowsOnlyTheSevenColumnsOfVelesReadsOurRows() throws SQLException {
        SnapshotSerializer plain = openTable("codec", "none");
        Snapshot saved = snapshot(group(), 7);

        plain.save(saved);

        try (Connection connection = connect();
                var statement = connection.createStatement();
                var row = statement.executeQuery(
                        "select timestamp, id, log_id, workflow, name, codec, data from " + table)) {
            assertThat(row.next()).isTrue();
            assertThat(row.getString("timestamp")).startsWith("2026-11-21 09:30:07");
            assertThat(row.getString("id")).isEqualTo(saved.header().saveId());
            assertThat(row.getString("log_id")).hasSize(36);
            assertThat(row.getString("workflow")).isEqualTo(group());
            assertThat(row.getString("name")).isEqualTo(saved.header().name());
            assertThat(row.getString("codec")).isEqualTo("none");
            assertThat(row.getBytes("data")).isEqualTo(saved.toBytes());
            assertThat(row.next()).isFalse();
        }
    }

    @Test
    void theLogIdIsTheSameForWhatOneStartOfOneHostWrote() throws SQLException {
        serializer.save(snapshot(group(), 1));
        serializer.save(snapshot(group(), 2));
        openTable().save(snapshot(group(), 3));

        List<String> logIds = select("select log_id from " + table + " order by revision");

        assertThat(logIds.get(0)).isEqualTo(logIds.get(1)).isNotEqualTo(logIds.get(2));
    }

    @Test
    void aSaveIdThatIsNoUuidGetsAnIdThatIsMadeOfIt() throws SQLException {
        serializer.save(Snapshot.create(header(group(), 1).saveId("not-a-uuid"), new byte[1]));

        assertThat(select("select id from " + table)).singleElement().satisfies(UUID::fromString);
        assertThat(serializer.getLast().orElseThrow().header().saveId()).isEqualTo("not-a-uuid");
    }

    @Test
    void timesAreUtcWhateverTheTimeZoneOfTheHost() throws SQLException {
        TimeZone before = TimeZone.getDefault();
        try {
            TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
            // A time that does not exist there: clocks went from 02:00 to 03:00.
            Snapshot saved = Snapshot.create(
                    header(group(), 1).createdOn(Instant.parse("2026-03-08T02:30:00.123Z")), new byte[1]);
            serializer.save(saved);

            assertThat(serializer.getLast().orElseThrow().header().createdOn())
                    .isEqualTo(saved.header().createdOn());
            TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));
            assertThat(serializer
                            .list(ListRequest.firstPage(1)
                                    .from(saved.header().createdOn())
                                    .until(saved.header().createdOn().plusMillis(1)))
                            .headers())
                    .containsExactly(saved.header());
        } finally {
            TimeZone.setDefault(before);
        }
    }

    @Test
    void numbersAreWrittenInAsciiWhateverTheLocaleOfTheHost() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            serializer.save(snapshot(group(), 1));
            serializer.save(snapshot(group(), 2));

            var page = serializer.list(ListRequest.firstPage(1));

            assertThat(page.nextPageToken().orElseThrow()).matches("[ -~]+");
            assertThat(serializer
                            .list(ListRequest.firstPage(1)
                                    .page(page.nextPageToken().get()))
                            .headers())
                    .hasSize(1);
        } finally {
            Locale.setDefault(before);
        }
    }

    // The schema

    @Test
    void readingMakesNoTables() throws SQLException {
        assertThat(serializer.getLast()).isEmpty();
        assertThat(serializer.list(ListRequest.firstPage(10)).headers()).isEmpty();
        assertThatThrownBy(() -> serializer.get("any.cfg")).isInstanceOf(SnapshotNotFoundException.class);
        assertThat(serializer.delete("any.cfg")).isFalse();
        assertThat(chunks(serializer).get(List.of(ONE))).isEmpty();
        assertThat(chunks(serializer).missing(List.of(ONE))).containsExactly(ONE);
        assertThat(chunks(serializer).list("", 10)).isEmpty();
        assertThat(chunks(serializer).delete(List.of(ONE), Instant.MAX)).isZero();
        chunks(serializer).put(Map.of());

        for (String name : List.of(table, table + "_parts", table + "_chunks", table + "_groups", table + "_schema")) {
            assertThat(hasTable(name)).as(name).isFalse();
        }
    }

    @Test
    void hostsThatStartAtOnceMakeTheTablesOnce() throws Exception {
        int hosts = 6;
        CountDownLatch ready = new CountDownLatch(hosts);
        ExecutorService threads = Executors.newFixedThreadPool(hosts);
        try {
            List<Future<Boolean>> saved = new ArrayList<>();
            for (int host = 0; host < hosts; host++) {
                SnapshotSerializer one = openTable();
                String name = "first-of-" + host;
                saved.add(threads.submit(() -> {
                    ready.countDown();
                    ready.await();
                    try {
                        one.save(snapshot(group(), 1, name));
                        return true;
                    } catch (SnapshotConflictException e) {
                        return false;
                    }
                }));
            }
            int winners = 0;
            for (Future<Boolean> one : saved) {
                winners += one.get() ? 1 : 0;
            }
            assertThat(winners).isEqualTo(1);
        } finally {
            threads.shutdownNow();
        }
        assertThat(select("select version from " + table + "_schema")).containsExactly("2");
        assertThat(revisions()).containsExactly(1L);
    }

    @Test
    void tablesOfANewerVersionAreRefused() throws SQLException {
        serializer.save(snapshot(group(), 1));
        execute("update " + table + "_schema set version = 3");
        SnapshotSerializer older = openTable();

        assertThatThrownBy(older::getLast)
                .isInstanceOf(SnapshotFormatTooNewException.class)
                .hasMessageContaining("has version 3, and this plugin knows 2 at most: take a newer plugin-jdbc");
        assertThatThrownBy(() -> older.save(snapshot(group(), 2))).isInstanceOf(SnapshotFormatTooNewException.class);

        assertThat(select("select revision from " + table)).containsExactly("1");
    }

    @Test
    void aTableThatIsNotOursIsRefusedAndLeftAlone() throws SQLException {
        execute("create table " + table + " (timestamp varchar(30), id char(36), log_id char(36),"
                + " workflow varchar(100), name varchar(100), codec varchar(10), data varchar(100))");

        for (Runnable use : List.<Runnable>of(serializer::getLast, () -> serializer.save(snapshot(group(), 1)))) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("is not one of Holdfast's: it has the columns timestamp, id, log_id,"
                            + " workflow, name, codec, data and no table " + table + "_schema beside it");
        }

        assertThat(select("select * from " + table)).isEmpty();
        assertThat(hasTable(table + "_schema")).isFalse();
    }

    @Test
    void tablesThatAreHalfMadeAreCompleted() throws SQLException {
        // As a crash leaves it where no transaction holds what makes tables.
        serializer.save(snapshot(group(), 1));
        execute("drop table " + table + "_parts");
        execute("delete from " + table + "_schema");
        SnapshotSerializer next = openTable();

        assertThat(next.getLast()).isEmpty();
        next.save(snapshot(group(), 2, "long", noise(3 << 20, 1)));

        assertThat(next.get("long").header().revision()).isEqualTo(2);
        assertThat(revisions()).containsExactly(2L, 1L);
    }

    @Test
    void anOlderVersionIsBroughtUpByTheFirstSaveAndKeepsWhatItHas() throws Exception {
        serializer.save(snapshot(group(), 1));
        Settings settings = Settings.of(Configs.of(url(), group(), settings()));
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        Schema next = new Schema(
                dialect,
                settings.table(),
                List.of(
                        dialect.tables(settings.table()),
                        dialect.chunkTable(settings.table()),
                        List.of("alter table " + table + " add column more integer")));
        DriverSource source = new DriverSource(
                Drivers.find(settings.url().database(), getClass().getClassLoader()), dialect, settings.login());

        try (Connection connection = source.getConnection()) {
            assertThat(next.isThere(connection)).isTrue();
            assertThat(next.isCurrent()).isFalse();
            next.bringUp(connection, FAR);
            connection.setAutoCommit(true);
        }

        assertThat(next.isCurrent()).isTrue();
        assertThat(select("select version from " + table + "_schema")).containsExactly("3");
        assertThat(select("select more from " + table)).containsExactly((String) null);
        assertThatThrownBy(openTable()::getLast).isInstanceOf(SnapshotFormatTooNewException.class);
    }

    @Test
    void tablesThatWereDroppedAreMadeAgain() throws SQLException {
        serializer.save(snapshot(group(), 1));
        for (String name : List.of(table, table + "_parts", table + "_schema")) {
            execute("drop table " + name);
        }

        assertThatThrownBy(() -> serializer.save(snapshot(group(), 2))).isInstanceOf(StoreUnavailableException.class);
        serializer.save(snapshot(group(), 2));

        assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(2);
    }

    @Test
    void eachTableThatIsMissingIsNamedWithTheStatementThatMakesIt() throws SQLException {
        serializer.save(snapshot(group(), 1));
        for (String suffix : List.of("_parts", "_chunks", "_groups", "")) {
            if (!hasTable(table + suffix)) {
                continue;
            }
            execute("drop table " + table + suffix);
            SnapshotSerializer next = openTable();
            String told = "table " + table + suffix + " is not there, or the user may not see it";

            Throwable refused = catchThrowable(next::getLast);

            assertThat(refused).isInstanceOf(StoreUnavailableException.class).hasMessageContaining(told);
            assertThatThrownBy(() -> next.save(snapshot(group(), 2))).hasMessageContaining(told);
            String create =
                    refused.getMessage().substring(refused.getMessage().indexOf("empty: ") + "empty: ".length());
            for (String statement : create.split("; ")) {
                execute(statement);
            }
            assertThatCode(next::getLast).as(suffix).doesNotThrowAnyException();
        }
    }

    @Test
    void anEmptyGroupLeavesNoRowBehind() throws SQLException {
        serializer.save(snapshot(group(), 1));
        chunks(serializer).put(Map.of(ONE, new byte[] {1}));
        String groups = "select workflow from " + table + "_groups where workflow = '" + group() + "'";
        boolean locked = hasTable(table + "_groups");

        serializer.removeEmptyGroup();
        if (locked) {
            assertThat(select(groups)).containsExactly(group());
        }
        serializer.delete(serializer.getLast().orElseThrow().header().name());
        serializer.removeEmptyGroup();
        if (locked) {
            assertThat(select(groups)).containsExactly(group());
        }
        execute("delete from " + table + "_chunks");
        serializer.removeEmptyGroup();

        if (locked) {
            assertThat(select(groups)).isEmpty();
        }
        serializer.save(snapshot(group(), 2));
        assertThat(revisions()).containsExactly(2L);
    }

    // Chunks

    /** Tables as the first version of this plugin left them, with one snapshot. */
    private Snapshot leaveTablesOfVersionOne() throws SQLException {
        Settings settings = Settings.of(Configs.of(url(), group(), settings()));
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        DriverSource source = new DriverSource(
                Drivers.find(settings.url().database(), getClass().getClassLoader()), dialect, settings.login());
        Snapshot old = snapshot(group(), 1);
        try {
            dialect.create();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (Connection connection = source.getConnection()) {
            new Schema(dialect, settings.table(), List.of(dialect.tables(settings.table()))).bringUp(connection, FAR);
            new SnapshotTable(settings.table(), group(), dialect)
                    .insert(
                            connection,
                            List.of(new SnapshotTable.Entry(old.header(), Payload.of(old, settings.codec()))),
                            "gz",
                            FAR);
            connection.commit();
        }
        return old;
    }

    @Test
    void readingTablesOfVersionOneChangesNothing() throws SQLException {
        Snapshot old = leaveTablesOfVersionOne();

        assertThat(serializer.getLast().orElseThrow().toBytes()).isEqualTo(old.toBytes());
        assertThat(chunks(serializer).get(List.of(ONE))).isEmpty();
        assertThat(chunks(serializer).missing(List.of(ONE))).containsExactly(ONE);
        assertThat(chunks(serializer).list("", 10)).isEmpty();
        assertThat(chunks(serializer).delete(List.of(ONE), Instant.MAX)).isZero();

        assertThat(select("select version from " + table + "_schema")).containsExactly("1");
        assertThat(hasTable(table + "_chunks")).isFalse();
    }

    @Test
    void theFirstPutAddsATableForChunksToThoseOfVersionOne() throws SQLException {
        Snapshot old = leaveTablesOfVersionOne();
        try (LogLines log = LogLines.ofAll(Level.INFO)) {
            chunks(serializer).put(Map.of(ONE, new byte[] {1}));

            assertThat(log.lines())
                    .anyMatch(line -> line.startsWith("INFO Brought table " + table + " in jdbc:")
                            && line.endsWith(" from version 1 to 2"));
        }

        assertThat(select("select version from " + table + "_schema")).containsExactly("2");
        assertThat(chunks(openTable()).list("", 10)).containsOnlyKeys(ONE);
        assertThat(serializer.getLast().orElseThrow().toBytes()).isEqualTo(old.toBytes());
        serializer.save(snapshot(group(), 2));
        assertThat(revisions()).containsExactly(2L, 1L);
    }

    @Test
    void aSaveAddsATableForChunksToThoseOfVersionOneToo() throws SQLException {
        leaveTablesOfVersionOne();

        serializer.save(snapshot(group(), 2));

        assertThat(select("select version from " + table + "_schema")).containsExactly("2");
        assertThat(chunks(serializer).missing(List.of(ONE))).containsExactly(ONE);
        assertThat(revisions()).containsExactly(2L, 1L);
    }

    @Test
    void hostsThatPutAtOnceBringTablesOfVersionOneUpOnce() throws Exception {
        leaveTablesOfVersionOne();
        int hosts = 4;
        CountDownLatch ready = new CountDownLatch(hosts);
        ExecutorService threads = Executors.newFixedThreadPool(hosts);
        try {
            List<Future<?>> puts = new ArrayList<>();
            for (int host = 0; host < hosts; host++) {
                ChunkStore store = chunks(openTable());
                String id = String.valueOf(host).repeat(64);
                puts.add(threads.submit(() -> {
                    ready.countDown();
                    ready.await();
                    store.put(Map.of(id, new byte[] {1}));
                    return true;
                }));
            }
            for (Future<?> put : puts) {
                put.get();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(chunks(serializer).list("", 10)).hasSize(hosts);
        assertThat(select("select version from " + table + "_schema")).containsExactly("2");
        assertThat(revisions()).containsExactly(1L);
    }

    @Test
    void aChunkIsPutOnByTheClockOfItsHostAndRemovedByTheMomentBefore() {
        ChunkStore store = chunks(openTable(Clock.fixed(time(5), ZoneOffset.UTC)));
        store.put(Map.of(ONE, new byte[] {1}, TWO, new byte[] {2}));
        chunks(openTable(Clock.fixed(time(7), ZoneOffset.UTC))).put(Map.of(TWO, new byte[] {3}));

        assertThat(store.list("", 10)).isEqualTo(Map.of(ONE, time(5), TWO, time(7)));
        assertThat(store.list(ONE, 10)).containsOnlyKeys(TWO);
        assertThat(store.delete(List.of(ONE, TWO), Instant.MIN)).isZero();
        assertThat(store.delete(List.of(ONE, TWO), time(5))).isZero();
        assertThat(store.delete(List.of(ONE, TWO), time(5).plusMillis(1))).isEqualTo(1);
        assertThat(store.delete(List.of(ONE, TWO), time(7))).isZero();
        assertThat(store.get(List.of(ONE, TWO))).containsOnlyKeys(TWO);
        assertThat(store.delete(List.of(ONE, TWO), Instant.MAX)).isEqualTo(1);
    }

    @Test
    void moreIdsThanGoIntoOneStatementAreLookedFor() {
        ChunkStore store = chunks(serializer);
        store.put(Map.of(ONE, new byte[] {1}));
        List<String> ids = new ArrayList<>(List.of(ONE, ONE));
        for (int i = 0; i < 1200; i++) {
            ids.add(String.format(Locale.ROOT, "%064x", i));
        }

        assertThat(store.missing(ids)).hasSize(1200).doesNotContain(ONE);
        assertThat(store.get(ids)).containsOnlyKeys(ONE);
        assertThat(store.delete(ids, Instant.MAX)).isEqualTo(1);
    }

    @Test
    void howMuchTheChunksTakeIsAskedForAsTheManualSays() throws SQLException {
        chunks(serializer).put(Map.of(ONE, new byte[1000], TWO, new byte[24]));

        assertThat(select("select sum(length(data)) from " + table + "_chunks group by workflow"))
                .containsExactly("1024");
    }

    @Test
    void anEmptyChunkIsAChunk() {
        chunks(serializer).put(Map.of(ONE, new byte[0]));

        assertThat(chunks(serializer).get(List.of(ONE))).containsOnlyKeys(ONE);
        assertThat(chunks(serializer).missing(List.of(ONE))).isEmpty();
    }

    @Test
    void aPageOfChunksHasItsRules() {
        for (int limit : new int[] {-1, 0, 10_001}) {
            assertThatThrownBy(() -> chunks(serializer).list("", limit))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("Limit " + limit + " must be from 1 to 10000");
        }
        assertThatThrownBy(() -> chunks(serializer).list("x", 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Chunk id 'x' must be");
    }

    @Test
    void whatCannotBeAChunkIsCorrupt() throws SQLException {
        chunks(serializer).put(Map.of(ONE, new byte[] {1}, TWO, new byte[] {2}));
        try (Connection connection = connect();
                PreparedStatement update =
                        connection.prepareStatement("update " + table + "_chunks set data = ? where id = ?")) {
            update.setBytes(1, new byte[(1 << 20) + 1]);
            update.setString(2, ONE);
            update.executeUpdate();
        }

        assertThatThrownBy(() -> chunks(serializer).get(List.of(ONE, TWO)))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessage("Chunk " + ONE + " in table " + table
                        + "_chunks is no chunk: it has 1048577 bytes, where 1048576 are the most");
        assertThat(chunks(serializer).get(List.of(TWO))).containsOnlyKeys(TWO);
    }

    @Test
    void aTableOfChunksThatWasDroppedIsToldAndMadeAgainWithTheRest() throws SQLException {
        chunks(serializer).put(Map.of(ONE, new byte[] {1}));
        execute("drop table " + table + "_chunks");

        assertThatThrownBy(() -> chunks(serializer).list("", 1)).isInstanceOf(StoreUnavailableException.class);
        execute("delete from " + table + "_schema");
        chunks(serializer).put(Map.of(TWO, new byte[] {2}));

        assertThat(chunks(serializer).list("", 10)).containsOnlyKeys(TWO);
    }

    // Texts

    @Test
    void aTextOfManyPiecesIsKeptAndRemovedWhole() throws SQLException {
        Snapshot big = snapshot(group(), 1, "big", noise(5_000_000, 7));
        serializer.save(big);
        serializer.save(snapshot(group(), 2));

        assertThat(select("select parts from " + table + " where revision = 1")).containsExactly("5");
        assertThat(select("select count(*) from " + table + "_parts")).containsExactly("5");
        assertThat(serializer.get("big").toBytes()).isEqualTo(big.toBytes());
        assertThat(serializer.delete("big")).isTrue();
        assertThat(select("select count(*) from " + table + "_parts")).containsExactly("0");
    }

    @Test
    void aPieceThatIsMissingOrChangedMakesTheSnapshotCorrupt() throws SQLException {
        serializer.save(snapshot(group(), 1, "big", noise(3_000_000, 7)));

        execute("update " + table + "_parts set part = part + 10");
        assertThat(serializer.get("big").header().revision()).isEqualTo(1);
        execute("update " + table + "_parts set part = 9 where part = 12");
        assertThatThrownBy(() -> serializer.get("big"))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageStartingWith("Snapshot big is damaged: ");
        execute("delete from " + table + "_parts where part = 11");
        assertThatThrownBy(() -> serializer.get("big"))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessage("Snapshot big is damaged: it has 2 pieces where its row says 3");
        assertThat(serializer.list(ListRequest.firstPage(1)).headers()).hasSize(1);
    }

    @Test
    void everyCodecIsReadWhateverIsConfigured() {
        var reversed = new JdbcSnapshotSerializerFactory()
                .open(Configs.withCodec(new Reversed(), url(), group(), settings("codec", "reversed:3")));
        opened(reversed);
        Snapshot one = snapshot(group(), 1);
        Snapshot two = snapshot(group(), 2);
        Snapshot three = snapshot(group(), 3);

        openTable("codec", "none").save(one);
        openTable("codec", "gz:9").save(two);
        reversed.save(three);

        assertThat(reversed.get(one.header().name()).text()).isEqualTo(one.text());
        assertThat(reversed.get(two.header().name()).text()).isEqualTo(two.text());
        assertThat(reversed.getLast().orElseThrow().text()).isEqualTo(three.text());
        assertThat(serializer.get(two.header().name()).text()).isEqualTo(two.text());
        assertThatThrownBy(serializer::getLast)
                .isInstanceOf(SnapshotFormatTooNewException.class)
                .hasMessageContaining("Codec 'reversed' is not one of gz, none");
    }

    // Damage by hand

    @Test
    void aRowThatWasDamagedByHandIsCorruptAndNeverTakenForAnother() throws SQLException {
        for (String change : List.of(
                "size = 999999999999",
                "size = 3",
                "sha256 = 'x'",
                "sha256 = '" + "0".repeat(64) + "'",
                "kind = 'ODD'",
                "model_count = -1",
                "host = ''",
                "save_id = ''",
                "parts = 4",
                "data = null")) {
            long revision = revisions().stream().findFirst().orElse(0L) + 1;
            Snapshot saved = snapshot(group(), revision);
            serializer.save(saved);
            execute("update " + table + " set " + change + " where revision = " + revision);

            assertThatThrownBy(serializer::getLast)
                    .as(change)
                    .isInstanceOf(SnapshotCorruptException.class)
                    .hasMessageContaining(saved.header().name());
            assertThatThrownBy(() -> serializer.save(snapshot(group(), revision, "again")))
                    .as(change)
                    .isInstanceOf(SnapshotConflictException.class);
            execute("delete from " + table + " where revision = " + revision);
            serializer.save(snapshot(group(), revision + 1));
        }
        assertThat(serializer.getLast()).isPresent();
    }

    @Test
    void aKindThatIsNotKnownIsFromANewerVersionAndNotTakenForDamage() throws SQLException {
        serializer.save(snapshot(group(), 1));
        serializer.save(snapshot(group(), 2, "newer"));
        execute("update " + table + " set kind = 'replica' where revision = 2");
        SnapshotSerializer keeping = openTable("keep", "1");

        for (Runnable read : List.<Runnable>of(serializer::getLast, () -> serializer.get("newer"))) {
            assertThatThrownBy(read::run)
                    .isInstanceOf(SnapshotFormatTooNewException.class)
                    .hasMessage("Snapshot newer is of the kind 'replica', which a newer version of Holdfast wrote");
        }
        assertThat(revisions()).containsExactly(1L);
        keeping.save(snapshot(group(), 3));
        assertThat(select("select revision from " + table + " order by revision"))
                .containsExactly("2", "3");
    }

    @Test
    void aRowWithoutAReadableHeaderIsLeftOutOfTheListAndDoesNotEndIt() throws SQLException {
        for (int revision = 1; revision <= 6; revision++) {
            serializer.save(snapshot(group(), revision));
        }
        execute("update " + table + " set kind = 'odd' where revision in (3, 4)");

        List<Long> seen = new ArrayList<>();
        var page = serializer.list(ListRequest.firstPage(2));
        while (true) {
            page.headers().forEach(header -> seen.add(header.revision()));
            if (page.nextPageToken().isEmpty()) {
                break;
            }
            page = serializer.list(
                    ListRequest.firstPage(2).page(page.nextPageToken().get()));
        }

        assertThat(seen).containsExactly(6L, 5L, 2L, 1L);
        assertThat(serializer.count()).as("with those that no list shows").hasValue(6);
    }

    @Test
    void whereTheNewestSaveIdCannotBeReadTheRevisionAloneDecides() throws SQLException {
        serializer.save(snapshot(group(), 1));
        serializer.save(snapshot(group(), 2));
        execute("update " + table + " set save_id = '?' where revision = 2");

        assertThatThrownBy(() -> serializer.save(
                        Snapshot.create(header(group(), 2).name("second").follows("whatever"), noise(10, 1))))
                .isInstanceOf(SnapshotConflictException.class)
                .hasMessageContaining("has revision 2 already");
        serializer.save(Snapshot.create(header(group(), 3).follows("whatever"), noise(10, 1)));

        assertThat(revisions()).contains(3L);
    }

    @Test
    void aSnapshotThatFollowsAnotherIsRefusedInWordsThatNameAllThree() {
        Snapshot newest = snapshot(group(), 8);
        serializer.save(newest);

        assertThatThrownBy(() -> serializer.save(
                        Snapshot.create(header(group(), 11).name("eleven").follows("id-of-ten"), noise(10, 1))))
                .isInstanceOf(SnapshotConflictException.class)
                .hasMessageContaining(
                        "Snapshot eleven follows save-id id-of-ten, and the newest one of group " + group())
                .hasMessageContaining("is " + newest.header().name() + " of revision 8, save-id "
                        + newest.header().saveId());
    }

    // Retention

    @Test
    void theNewestStayAndTheRestGoesButNeverWhatAnOperatorSaved() {
        SnapshotSerializer keeping = openTable("keep", "3");
        for (int revision = 1; revision <= 12; revision++) {
            keeping.save(snapshot(group(), revision));
        }

        // Every fifth is a save by name.
        assertThat(revisions()).containsExactly(12L, 11L, 10L, 9L, 5L);
    }

    @Test
    void theYoungStayAndTheOldGo() {
        SnapshotSerializer keeping = openTable(Clock.fixed(time(100), ZoneOffset.UTC), "keep-for", "10s");
        for (int revision : new int[] {1, 2, 5, 89, 90, 91, 99}) {
            keeping.save(snapshot(group(), revision));
        }

        assertThat(revisions()).containsExactly(99L, 91L, 90L, 5L);
    }

    @Test
    void theLastOneStaysHoweverOldItIs() {
        SnapshotSerializer keeping = openTable(Clock.fixed(time(1_000_000), ZoneOffset.UTC), "keep-for", "1s");

        keeping.save(snapshot(group(), 1));
        keeping.save(snapshot(group(), 2));

        assertThat(revisions()).containsExactly(2L);
    }

    @Test
    void whatEitherRuleKeepsStays() {
        SnapshotSerializer keeping = openTable(Clock.fixed(time(20), ZoneOffset.UTC), "keep", "2", "keep-for", "10s");
        for (int revision : new int[] {1, 2, 3, 4, 11, 12, 13}) {
            keeping.save(snapshot(group(), revision));
        }
        assertThat(revisions()).containsExactly(13L, 12L, 11L);

        SnapshotSerializer later = openTable(Clock.fixed(time(2_000), ZoneOffset.UTC), "keep", "2", "keep-for", "10s");
        later.save(snapshot(group(), 14));
        assertThat(revisions()).containsExactly(14L, 13L);
    }

    @Test
    void nothingIsRemovedByDefault() {
        for (int revision = 1; revision <= 30; revision++) {
            serializer.save(snapshot(group(), revision));
        }

        assertThat(revisions()).hasSize(30);
    }

    @Test
    void nothingIsRemovedWhileTheLastOneCannotBeRead() throws SQLException {
        for (int revision = 1; revision <= 4; revision++) {
            serializer.save(snapshot(group(), revision));
        }
        execute("update " + table + " set sha256 = '" + "0".repeat(64) + "' where revision = 4");
        AtomicBoolean removed = new AtomicBoolean();
        Settings settings = Settings.of(Configs.of(url(), group(), settings("keep", "1")));
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        Retention retention = new Retention(
                settings.keep(),
                new SnapshotTable(settings.table(), group(), dialect),
                config(group())::codec,
                Clock.systemUTC());

        try (Connection connection = new DriverSource(
                        Drivers.find(settings.url().database(), getClass().getClassLoader()), dialect, settings.login())
                .getConnection()) {
            connection.setAutoCommit(false);
            removed.set(retention.apply(connection, FAR) > 0);
            connection.commit();
        }

        assertThat(removed).isFalse();
        assertThat(revisions()).hasSize(4);
    }

    @Test
    void aDeletedLastRevisionStaysTakenAndAnAlienRowIsAConflict() throws SQLException {
        serializer.save(snapshot(group(), 1));
        serializer.save(snapshot(group(), 2));
        execute("update " + table + " set revision = 9, name = 'moved' where revision = 2");

        assertThatThrownBy(() -> serializer.save(snapshot(group(), 9, "other")))
                .isInstanceOf(SnapshotConflictException.class);
        assertThat(serializer.delete("moved")).isTrue();
        assertThatThrownBy(() -> serializer.save(snapshot(group(), 9, "other")))
                .isInstanceOf(SnapshotConflictException.class)
                .hasMessageContaining("has revision 9 already");
        serializer.save(snapshot(group(), 10));
    }

    @Test
    void aListWithAKindNeedsNoTexts() throws SQLException {
        for (int revision = 1; revision <= 5; revision++) {
            serializer.save(snapshot(group(), revision));
        }
        execute("update " + table + " set data = null");

        assertThat(serializer
                        .list(ListRequest.firstPage(10).kind(SnapshotKind.SAVE))
                        .headers())
                .extracting(SnapshotHeader::revision)
                .containsExactly(5L);
    }
}
