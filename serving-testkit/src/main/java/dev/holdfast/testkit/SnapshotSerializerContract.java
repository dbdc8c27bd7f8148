package dev.holdfast.testkit;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TimeZone;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * What every serializer must do, sentence by sentence of {@link SnapshotSerializer}'s documentation.
 *
 * <p>The author of a plugin extends this class, says how to get at a store, and runs it like any other test:
 *
 * <pre>
 *   class MySerializerTest extends SnapshotSerializerContract {
 *       &#64;Override protected SnapshotSerializerFactory factory() { return new MySerializerFactory(); }
 *       &#64;Override protected SerializerConfig config(String group) { return SerializerConfig.builder("my", logs).group(group).build(); }
 *       &#64;Override protected void damage(String group, String name) { ... }   // flip a byte of the stored text
 *   }
 * </pre>
 *
 * <p>Each test works in groups of its own, so all of them may share one store and nothing has to be cleaned. What a store
 * cannot do is skipped with a message, never passed in silence. The tests do not prove that a save survives the loss of
 * power: that needs a store of which the power can be cut.
 */
public abstract class SnapshotSerializerContract {

    private static final int THREADS = 8;

    private static final int WARM_UP = 3;
    private static final int ROUNDS = 12;

    /** More than what some stores read at once. */
    private static final int FEW = 70;

    private static final int MANY = 90;
    /** More than the name of a snapshot takes, which a store may list; less than to read one. */
    private static final int BYTES_OF_A_LOOK = 300;

    private final Deque<SnapshotSerializer> opened = new ArrayDeque<>();
    private final String group;

    protected SnapshotSerializerContract() {
        this("t");
    }

    /** @param groupPrefix what the groups' names begin with, where they must be told from others; 40 characters at the most */
    protected SnapshotSerializerContract(String groupPrefix) {
        group = groupPrefix + UUID.randomUUID().toString().replace("-", "").substring(0, 20);
    }

    /** The factory to test; a new one or the same one each time. */
    protected abstract SnapshotSerializerFactory factory();

    /** The class that the service file names, where {@link #factory()} gives something around it. */
    protected Class<? extends SnapshotSerializerFactory> factoryType() {
        return factory().getClass();
    }

    /**
     * How to open a group of the store. Within one test every call gives the same store; the group is new in every test.
     */
    protected abstract SerializerConfig config(String group);

    /**
     * Damages the stored text of a snapshot behind the serializer's back, so that its header stays readable.
     *
     * <p>The tests that need this are skipped where it is not overridden.
     */
    protected void damage(String ofGroup, String name) throws Exception {
        Assumptions.abort(getClass().getSimpleName() + " does not override damage(), so damage is not tested");
    }

    /**
     * The ways in which a test can put the store out of reach: {@link TcpProxy#outages} for a store with an address, {@link
     * Outage#directoryGone} and {@link Outage#directoryBlocked} for one on a disk. Asked for once in each test that needs them.
     *
     * <p>These tests are skipped where it is not overridden; {@link #outageConfig} says how they reach the store.
     */
    protected List<Outage> outages() throws Exception {
        return Assumptions.abort(
                getClass().getSimpleName()
                        + " does not override outages(), so it is not tested what the serializer does while its store is out of reach");
    }

    /**
     * How to open a group where the store is put out of reach: the same store, where it has an address by that of the proxy, and
     * with short time-outs, for each call has to wait for its own to pass. By default as otherwise.
     */
    protected SerializerConfig outageConfig(String ofGroup) {
        return config(ofGroup);
    }

    /** What one call may take at the most, with all that the serializer tries by itself; a host gives it up then. */
    protected Duration callLimit() {
        return Duration.ofMinutes(1);
    }

    /**
     * Whether two serializers may save into one group while both are open. False for a store that is documented as having
     * one writer at a time: there the second one's save is refused with {@link StoreUnavailableException} until the first
     * is closed.
     */
    protected boolean manyWriters() {
        return true;
    }

    /** A serializer for the test's group, which the contract closes. */
    protected final SnapshotSerializer open() {
        return open(group);
    }

    /** A serializer for some group, which the contract closes. */
    protected final SnapshotSerializer open(String ofGroup) {
        SnapshotSerializer serializer = factory().open(config(ofGroup));
        opened.push(serializer);
        return serializer;
    }

    /** The test's own group. */
    protected final String group() {
        return group;
    }

    @AfterEach
    final void closeAll() {
        opened.forEach(SnapshotSerializer::close);
    }

    // The factory

    @Test
    void theFactoryNameIsAConstantThatFollowsTheRule() {
        String name = factory().name();

        assertThat(name).matches("[a-z][a-z0-9-]{0,62}").isEqualTo(factory().name());
        if (!factoryType().getName().startsWith("dev.holdfast.plugin.")) {
            assertThat(name).as("a name that is not reserved").isNotIn("ddb", "jdbc", "raft");
        }
    }

    @Test
    void theFactoryIsFoundByItsPublicConstructorWithoutParameters() throws Exception {
        Class<? extends SnapshotSerializerFactory> type = factoryType();

        assertThat(Modifier.isPublic(type.getModifiers()))
                .as("%s is public, as ServiceLoader needs it", type)
                .isTrue();
        assertThat(type.getConstructor().newInstance().name())
                .isEqualTo(factory().name());
    }

    @Test
    @Proves(Requirement.UNKNOWN_KEYS)
    void anUnknownKeyIsRefusedByItsName() {
        SerializerConfig misspelt = config(group).with("no-such-key", "1");

        assertThatThrownBy(() -> opened.push(factory().open(misspelt)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no-such-key");
    }

    // Absence

    @Test
    @Proves(Requirement.NOTHING_IS_PROVED)
    void aNewGroupHasNothing() {
        SnapshotSerializer serializer = open();

        assertThat(serializer.getLast()).isEmpty();
        SnapshotPage page = serializer.list(ListRequest.firstPage(10));
        assertThat(page.headers()).isEmpty();
        assertThat(page.nextPageToken()).isEmpty();
    }

    @Test
    @Proves(Requirement.NOTHING_IS_PROVED)
    void aSnapshotThatWasNeverSavedIsNotFoundByItsName() {
        SnapshotSerializer serializer = open();
        serializer.save(snapshot(group, 1));

        assertThatThrownBy(() -> serializer.get("never-saved.cfg"))
                .isInstanceOf(SnapshotNotFoundException.class)
                .hasMessageContaining("never-saved.cfg");
    }

    @Test
    @Proves(Requirement.NOTHING_IS_PROVED)
    void aNameThatNoSnapshotCanHaveIsNotFound() {
        SnapshotSerializer serializer = open();
        serializer.save(snapshot(group, 1));

        for (String name : List.of("", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", "a\0b", "%2e%2e", "x'--")) {
            assertThatThrownBy(() -> serializer.get(name)).as(name).isInstanceOf(SnapshotNotFoundException.class);
        }
    }

    // Save, get, getLast

    @Test
    @Proves(Requirement.TEXTS)
    void whatWasSavedIsGivenBackUnchanged() {
        SnapshotSerializer serializer = open();
        Snapshot saved = snapshot(group, 1);

        serializer.save(saved);

        assertSame(serializer.get(saved.header().name()), saved);
        assertSame(serializer.getLast().orElseThrow(), saved);
    }

    @Test
    @Proves(Requirement.LAST)
    void theLastSaveIdIsThatOfTheLastSnapshotOrIsNotTold() {
        SnapshotSerializer serializer = open();
        SnapshotSerializer elsewhere = open();
        assertThat(serializer.lastSaveId()).isEmpty();
        boolean tells = false;

        for (int revision = 1; revision <= 3; revision++) {
            Snapshot saved = snapshot(group, revision);
            serializer.save(saved);
            Optional<String> told = elsewhere.lastSaveId();
            tells |= told.isPresent();
            assertThat(told).isIn(Optional.empty(), Optional.of(saved.header().saveId()));
        }

        Assumptions.assumeTrue(tells, "This store does not tell the last save-id by itself");
    }

    @Test
    @Proves(Requirement.TEXTS)
    void everyValueOfTheHeaderIsKept() {
        SnapshotSerializer serializer = open();
        Snapshot saved = Snapshot.create(
                SnapshotHeader.builder()
                        .name("A.b_c-9")
                        .kind(SnapshotKind.SHUTDOWN)
                        .createdOn(Instant.parse("1999-12-31T23:59:59.987Z"))
                        .group(group)
                        .revision(Long.MAX_VALUE - 1)
                        .host("Host-7.example." + "x".repeat(240))
                        .modelCount(Integer.MAX_VALUE)
                        .saveId("s".repeat(64)),
                TestSnapshots.text(1));

        serializer.save(saved);

        assertThat(serializer.get("A.b_c-9").header().toMap())
                .isEqualTo(saved.header().toMap());
        assertThat(headers(open())).containsExactly(saved.header());
    }

    @Test
    @Proves({Requirement.LAST, Requirement.LISTS})
    void theLastIsTheOneOfTheHighestRevisionWhateverItsNameAndTime() {
        SnapshotSerializer serializer = open();
        Snapshot early = Snapshot.create(
                TestSnapshots.header(group, 1).name("zzz").createdOn(TestSnapshots.time(9000)), TestSnapshots.text(1));
        Snapshot later = Snapshot.create(
                TestSnapshots.header(group, 2).name("aaa").createdOn(TestSnapshots.time(3)), TestSnapshots.text(2));
        Snapshot last = Snapshot.create(
                TestSnapshots.header(group, 10).name("mmm").createdOn(TestSnapshots.time(5)), TestSnapshots.text(3));

        serializer.save(early);
        serializer.save(later);
        serializer.save(last);

        assertSame(serializer.getLast().orElseThrow(), last);
        assertThat(headers(serializer)).containsExactly(last.header(), later.header(), early.header());
    }

    @Test
    @Proves({Requirement.LAST, Requirement.SEEN_WHOLE})
    void anotherInstanceSeesASaveAtOnce() {
        SnapshotSerializer writer = open();
        SnapshotSerializer reader = open();

        for (int revision = 1; revision <= 20; revision++) {
            Snapshot saved = snapshot(group, revision);
            writer.save(saved);

            assertSame(reader.getLast().orElseThrow(), saved);
            assertSame(reader.get(saved.header().name()), saved);
            assertThat(reader.list(ListRequest.firstPage(1)).headers()).containsExactly(saved.header());
        }
    }

    @Test
    @Proves(Requirement.SAVED_IS_DURABLE)
    void whatWasSavedIsThereAfterClosingAndOpening() {
        List<SnapshotHeader> saved = new ArrayList<>();
        for (int revision = 1; revision <= 5; revision++) {
            try (SnapshotSerializer serializer = factory().open(config(group))) {
                Snapshot snapshot = snapshot(group, revision);
                serializer.save(snapshot);
                saved.add(0, snapshot.header());
            }
        }

        SnapshotSerializer reopened = open();

        assertThat(headers(reopened)).isEqualTo(saved);
        assertThat(reopened.getLast().orElseThrow().header()).isEqualTo(saved.get(0));
    }

    @Test
    @Proves({Requirement.TEXTS, Requirement.LISTS})
    void theDigitsOfALanguageAndTheTimeZoneOfAMachineAreNowhereInWhatIsStored() {
        Locale locale = Locale.getDefault();
        TimeZone zone = TimeZone.getDefault();
        List<SnapshotHeader> saved = new ArrayList<>();
        try {
            long revision = 1;
            for (String language : List.of("fa-IR", "th-TH-u-nu-thai", "tr-TR", "en-US")) {
                Locale.setDefault(Locale.forLanguageTag(language));
                TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kathmandu"));
                Snapshot snapshot = snapshot(group, revision++);
                try (SnapshotSerializer serializer = factory().open(config(group))) {
                    serializer.save(snapshot);
                    saved.add(0, snapshot.header());

                    assertThat(headers(serializer, ListRequest.firstPage(2))).isEqualTo(saved);
                }
                Locale.setDefault(Locale.ROOT);
                TimeZone.setDefault(TimeZone.getTimeZone("America/St_Johns"));

                try (SnapshotSerializer elsewhere = factory().open(config(group))) {
                    assertSame(elsewhere.getLast().orElseThrow(), snapshot);
                    assertThat(headers(elsewhere, ListRequest.firstPage(2))).isEqualTo(saved);
                    assertFiltered(
                            elsewhere,
                            saved,
                            request -> request.from(snapshot.header().createdOn()));
                }
            }
        } finally {
            Locale.setDefault(locale);
            TimeZone.setDefault(zone);
        }
    }

    @Test
    @Proves(Requirement.LAST)
    void revisionsMayHaveGaps() {
        SnapshotSerializer serializer = open();

        serializer.save(snapshot(group, 3));
        serializer.save(snapshot(group, 1000));

        assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(1000);
    }

    @Test
    @Proves({Requirement.LAST, Requirement.CONFLICTS})
    void neighbouringRevisionsAreToldApartHoweverLarge() {
        SnapshotSerializer serializer = open();
        // Numbers of floating point, as the scripts and sorted sets of some stores have them, are whole up to 2^53.
        List<Long> revisions = List.of(
                (1L << 31) - 1,
                1L << 31,
                1L << 53,
                (1L << 53) + 1,
                (1L << 53) + 2,
                Long.MAX_VALUE - 2,
                Long.MAX_VALUE - 1);
        for (long revision : revisions) {
            Snapshot saved = snapshot(group, revision, "r" + revision);
            serializer.save(saved);

            assertSame(serializer.getLast().orElseThrow(), saved);
            assertConflict(serializer, snapshot(group, revision, "again" + revision));
        }
        assertThat(headers(serializer, ListRequest.firstPage(1)))
                .extracting(SnapshotHeader::revision)
                .containsExactlyElementsOf(
                        revisions.stream().sorted(Comparator.reverseOrder()).toList());
    }

    // Texts and names

    @Test
    @Proves(Requirement.TEXTS)
    void everyTextIsKeptByteForByte() {
        SnapshotSerializer serializer = open();
        byte[] all = new byte[256];
        for (int value = 0; value < all.length; value++) {
            all[value] = (byte) value;
        }
        List<byte[]> texts = List.of(
                new byte[0],
                new byte[] {0},
                "\n".getBytes(StandardCharsets.UTF_8),
                "\n\n\n".getBytes(StandardCharsets.UTF_8),
                "no newline at the end".getBytes(StandardCharsets.UTF_8),
                "\r\nDOS\r\n".getBytes(StandardCharsets.UTF_8),
                "ends in a backslash \\".getBytes(StandardCharsets.UTF_8),
                "größer, 漢字, 🦀, \uFEFF".getBytes(StandardCharsets.UTF_8),
                all,
                new byte[] {(byte) 0xC3, 0x28, (byte) 0xFF, (byte) 0xFE, 0},
                "' \" ; -- % _ ${x} $$ENV$$ #c=1 \u0000".getBytes(StandardCharsets.UTF_8));

        for (int i = 0; i < texts.size(); i++) {
            Snapshot saved = snapshot(group, i + 1, "text-" + i, texts.get(i));
            serializer.save(saved);

            assertSame(serializer.getLast().orElseThrow(), saved);
            assertSame(open().get("text-" + i), saved);
        }
        assertThat(headers(serializer)).hasSize(texts.size());
    }

    @Test
    @Proves(Requirement.TEXTS)
    void textsOfOneAndOfFiveMegabytesAreKept() {
        SnapshotSerializer serializer = open();
        Snapshot noise = snapshot(group, 1, "noise", TestSnapshots.noise(1 << 20, 1));
        byte[] regular = new byte[5 << 20];
        Arrays.fill(regular, (byte) 'x');
        Snapshot five = snapshot(group, 2, "five", regular);

        serializer.save(noise);
        serializer.save(five);

        assertSame(serializer.get("noise"), noise);
        assertSame(serializer.getLast().orElseThrow(), five);
    }

    @Test
    @Proves(Requirement.TEXTS)
    void aTextThatLooksLikeAnotherSnapshotIsKept() {
        SnapshotSerializer serializer = open();
        Snapshot inner = snapshot(group, 7, "inner");
        byte[] text = (inner.text() + "#" + inner.header().toLine() + "\n"
                        + inner.header().toLine())
                .getBytes(StandardCharsets.UTF_8);
        Snapshot outer = snapshot(group, 1, "outer", text);

        serializer.save(outer);

        assertSame(serializer.getLast().orElseThrow(), outer);
        assertThat(headers(serializer)).containsExactly(outer.header());
    }

    @Test
    @Proves(Requirement.TEXTS)
    void everyNameOfTheRuleIsKept() {
        SnapshotSerializer serializer = open();
        List<String> names = List.of(
                "a",
                "0",
                "n".repeat(128),
                "9".repeat(128),
                "v1.2.3",
                "a..b",
                "a.",
                "con.cfg",
                "NUL",
                "x-.-",
                "a_b",
                "a-b",
                "last",
                "head",
                "default",
                "2026-11",
                "20261121093000000-startup.cfg");

        int revision = 0;
        for (String name : names) {
            serializer.save(snapshot(group, ++revision, name));
        }

        for (String name : names) {
            assertThat(serializer.get(name).header().name()).isEqualTo(name);
        }
        assertThat(headers(open()))
                .extracting(SnapshotHeader::name)
                .containsExactlyElementsOf(names.stream()
                        .sorted(Collections.reverseOrder(Comparator.comparing(names::indexOf)))
                        .toList());
    }

    @Test
    @Proves(Requirement.TEXTS)
    void namesThatDifferOnlyInCaseAreDifferent() {
        SnapshotSerializer serializer = open();
        Snapshot lower = snapshot(group, 1, "model.cfg");
        Snapshot upper = snapshot(group, 2, "MODEL.cfg");

        serializer.save(lower);
        serializer.save(upper);

        assertSame(serializer.get("model.cfg"), lower);
        assertSame(serializer.get("MODEL.cfg"), upper);
        assertThatThrownBy(() -> serializer.get("Model.cfg")).isInstanceOf(SnapshotNotFoundException.class);
    }

    // Conflicts

    @Test
    @Proves(Requirement.CONFLICTS)
    void theSameRevisionIsAConflictAndChangesNothing() {
        SnapshotSerializer serializer = open();
        Snapshot first = snapshot(group, 4);
        serializer.save(first);

        assertConflict(serializer, snapshot(group, 4, "other-name"));

        assertThat(headers(open())).containsExactly(first.header());
        assertSame(open().getLast().orElseThrow(), first);
        assertThatThrownBy(() -> serializer.get("other-name")).isInstanceOf(SnapshotNotFoundException.class);
    }

    @Test
    @Proves({Requirement.SAVED_IS_DURABLE, Requirement.CONFLICTS, Requirement.SAME_SAVE_AGAIN})
    void severalAreSavedAfterOneAnotherUpToTheFirstThatMayNotBe() {
        SnapshotSerializer serializer = open();
        Snapshot first = snapshot(group, 1);
        Snapshot second = following(first, 2);
        Snapshot third = following(second, 3);
        serializer.saveAll(List.of());
        serializer.saveAll(List.of(first, second));
        serializer.saveAll(List.of(first, second, third));

        assertThat(headers(open())).containsExactly(third.header(), second.header(), first.header());
        assertSame(open().getLast().orElseThrow(), third);

        Snapshot fourth = following(third, 4);
        Snapshot wrong = following(first, 5);
        Snapshot afterWrong = following(wrong, 6);
        assertThat(catchThrowable(() -> serializer.saveAll(List.of(fourth, wrong, afterWrong))))
                .as("saveAll of three snapshots, of which the second follows another one than the first of them")
                .isInstanceOf(SnapshotConflictException.class);

        assertThat(headers(open()))
                .as("nothing from the wrong one on, and before it as many as the store likes")
                .doesNotContain(wrong.header(), afterWrong.header())
                .contains(third.header());
        serializer.saveAll(List.of(fourth));
        assertSame(open().getLast().orElseThrow(), fourth);
    }

    @Test
    @Proves(Requirement.CONFLICTS)
    void aLowerRevisionIsAConflictAlsoWhereItIsFree() {
        SnapshotSerializer serializer = open();
        serializer.save(snapshot(group, 2));
        serializer.save(snapshot(group, 9));

        assertConflict(serializer, snapshot(group, 1, "one"));
        assertConflict(serializer, snapshot(group, 5, "five"));

        assertThat(headers(open())).extracting(SnapshotHeader::revision).containsExactly(9L, 2L);
    }

    @Test
    @Proves(Requirement.CONFLICTS)
    void theSameNameIsAConflictAndTheOldTextStays() {
        SnapshotSerializer serializer = open();
        Snapshot first = snapshot(group, 1, "baseline");
        serializer.save(first);

        assertConflict(serializer, snapshot(group, 2, "baseline"));

        assertSame(open().get("baseline"), first);
        serializer.save(snapshot(group, 2, "second"));
        assertThat(headers(open())).hasSize(2);
    }

    @Test
    @Proves(Requirement.CONFLICTS)
    void aConflictIsSeenByAnInstanceThatWasOpenedBeforeTheOtherSaved() {
        SnapshotSerializer late = open();
        assertThat(late.getLast()).isEmpty();
        try (SnapshotSerializer early = factory().open(config(group))) {
            early.save(snapshot(group, 1));
            early.save(snapshot(group, 2));
        }

        assertConflict(late, snapshot(group, 2, "late"));

        late.save(snapshot(group, 3));
        assertThat(late.getLast().orElseThrow().header().revision()).isEqualTo(3);
    }

    @Test
    @Proves({Requirement.SAME_SAVE_AGAIN, Requirement.OPEN_OUTCOME})
    void theVerySameSaveAgainIsNoConflict() {
        SnapshotSerializer serializer = open();
        serializer.save(snapshot(group, 1));
        Snapshot saved = snapshot(group, 2);

        serializer.save(saved);
        serializer.save(saved);
        serializer.close();
        open().save(saved);

        SnapshotSerializer reader = open();
        assertThat(headers(reader)).extracting(SnapshotHeader::revision).containsExactly(2L, 1L);
        assertSame(reader.getLast().orElseThrow(), saved);
    }

    @Test
    @Proves({Requirement.CONFLICTS, Requirement.MANY_THREADS})
    void ofManyThreadsThatRaceForARevisionExactlyOneWins() throws Exception {
        List<SnapshotSerializer> writers = manyWriters() ? List.of(open(), open()) : List.of(open());

        for (int revision = 1; revision <= 10; revision++) {
            long raced = revision;
            AtomicInteger number = new AtomicInteger();
            List<Optional<Snapshot>> outcomes = together(() -> {
                int mine = number.getAndIncrement();
                Snapshot snapshot = snapshot(group, raced, "r" + raced + "-" + mine);
                try {
                    writers.get(mine % writers.size()).save(snapshot);
                    return Optional.of(snapshot);
                } catch (SnapshotConflictException e) {
                    return Optional.empty();
                }
            });

            List<Snapshot> winners = outcomes.stream().flatMap(Optional::stream).toList();
            assertThat(winners).as("winners of revision %d", raced).hasSize(1);
            assertSame(open().getLast().orElseThrow(), winners.get(0));
            assertThat(headers(open())).hasSize(revision);
        }
    }

    @Test
    @Proves({Requirement.SAVED_IS_DURABLE, Requirement.MANY_THREADS})
    void noAcknowledgedSaveIsLostWhileManyThreadsSave() throws Exception {
        List<SnapshotSerializer> writers = manyWriters() ? List.of(open(), open()) : List.of(open());
        Set<SnapshotHeader> acknowledged = Collections.synchronizedSet(new HashSet<>());
        AtomicInteger number = new AtomicInteger();

        together(() -> {
            int mine = number.getAndIncrement();
            SnapshotSerializer writer = writers.get(mine % writers.size());
            for (int attempt = 0; attempt < 12; attempt++) {
                long next =
                        writer.getLast().map(last -> last.header().revision()).orElse(0L) + 1;
                Snapshot snapshot = snapshot(group, next, "w" + mine + "-" + attempt);
                try {
                    writer.save(snapshot);
                    acknowledged.add(snapshot.header());
                } catch (SnapshotConflictException e) {
                    assertThat(writer.getLast().orElseThrow().header().revision())
                            .as("the revision that won")
                            .isGreaterThanOrEqualTo(next);
                }
            }
            return null;
        });

        List<SnapshotHeader> listed = headers(open());
        assertThat(listed).containsExactlyInAnyOrderElementsOf(acknowledged);
        assertThat(listed).extracting(SnapshotHeader::revision).doesNotHaveDuplicates();
    }

    @Test
    @Proves({Requirement.SEEN_WHOLE, Requirement.LAST, Requirement.MANY_THREADS})
    void readersBesideAWriterSeeWholeSnapshotsThatNeverGoBack() throws Exception {
        SnapshotSerializer writer = open();
        writer.save(snapshot(group, 1));
        AtomicInteger number = new AtomicInteger();
        AtomicBoolean written = new AtomicBoolean();
        int revisions = 60;

        together(() -> {
            int mine = number.getAndIncrement();
            if (mine == 0) {
                try {
                    for (int revision = 2; revision <= revisions; revision++) {
                        writer.save(snapshot(group, revision));
                    }
                } finally {
                    written.set(true);
                }
                return null;
            }
            SnapshotSerializer reader = mine % 2 == 0 ? writer : open(mine);
            long seen = 0;
            while (seen < revisions) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("Another thread failed, or time is up");
                }
                boolean all = written.get();
                Snapshot last = reader.getLast().orElseThrow();
                assertThat(last.header().revision()).isGreaterThanOrEqualTo(seen);
                seen = last.header().revision();
                assertThat(last.toBytes()).isEqualTo(TestSnapshots.text(seen));
                SnapshotPage page = reader.list(ListRequest.firstPage(5));
                assertThat(page.headers().get(0).revision()).isGreaterThanOrEqualTo(seen);
                assertThat(reader.get(last.header().name())).isEqualTo(last);
                if (all) {
                    assertThat(seen).as("the last one, once all are saved").isEqualTo(revisions);
                }
            }
            return null;
        });
    }

    private synchronized SnapshotSerializer open(int reader) {
        assertThat(reader).isPositive();
        return open();
    }

    @Test
    void aSecondWriterIsRefusedUntilTheFirstIsClosedWhereTheStoreHasOneWriter() {
        Assumptions.assumeFalse(manyWriters(), "the store has many writers");
        SnapshotSerializer first = open();
        SnapshotSerializer second = open();
        first.save(snapshot(group, 1));

        assertThatThrownBy(() -> second.save(snapshot(group, 2))).isInstanceOf(StoreUnavailableException.class);
        assertThat(second.getLast().orElseThrow().header().revision()).isEqualTo(1);
        first.save(snapshot(group, 2));
        first.close();

        second.save(snapshot(group, 3));
        assertThat(headers(second)).extracting(SnapshotHeader::revision).containsExactly(3L, 2L, 1L);
    }

    @Test
    @Proves({Requirement.SEEN_WHOLE, Requirement.OPEN_OUTCOME})
    void anInterruptedSaveIsWholeOrAbsentAndTheNextOneWorks() {
        SnapshotSerializer serializer = open();
        serializer.save(snapshot(group, 1));
        Snapshot interrupted = snapshot(group, 2);

        Thread.currentThread().interrupt();
        Throwable failure = catchThrowable(() -> serializer.save(interrupted));
        boolean stillInterrupted = Thread.interrupted();

        assertThat(stillInterrupted).as("the interrupt is not swallowed").isTrue();
        Snapshot last = serializer.getLast().orElseThrow();
        if (failure == null) {
            assertSame(last, interrupted);
        } else {
            assertThat(failure).isInstanceOf(StoreUnavailableException.class);
            assertThat(last.header().revision()).isBetween(1L, 2L);
        }
        serializer.save(interrupted);
        serializer.save(snapshot(group, 3));
        assertThat(headers(open())).extracting(SnapshotHeader::revision).containsExactly(3L, 2L, 1L);
    }

    // Groups

    @Test
    @Proves(Requirement.GROUPS)
    void groupsDoNotMix() {
        SnapshotSerializer one = open(group);
        SnapshotSerializer two = open(group + "-2");
        Snapshot ofOne = snapshot(group, 5, "same-name");
        Snapshot ofTwo = snapshot(group + "-2", 3, "same-name");

        one.save(ofOne);
        assertThat(two.getLast()).isEmpty();
        two.save(ofTwo);

        assertSame(one.getLast().orElseThrow(), ofOne);
        assertSame(two.getLast().orElseThrow(), ofTwo);
        assertSame(one.get("same-name"), ofOne);
        assertSame(two.get("same-name"), ofTwo);
        assertThat(headers(one)).containsExactly(ofOne.header());
        assertThat(headers(two)).containsExactly(ofTwo.header());
    }

    @Test
    @Proves(Requirement.GROUPS)
    void theDefaultGroupIsApartFromTheOthers() {
        SnapshotSerializer other = open();
        other.save(snapshot(group, 1, "in-" + group));

        SnapshotSerializer standard = open("default");

        assertThat(headers(standard)).extracting(SnapshotHeader::group).doesNotContain(group);
        assertThatThrownBy(() -> standard.get("in-" + group)).isInstanceOf(SnapshotNotFoundException.class);
    }

    @Test
    @Proves(Requirement.GROUPS)
    void aSnapshotOfAnotherGroupIsRefused() {
        SnapshotSerializer serializer = open();

        assertThatThrownBy(() -> serializer.save(snapshot(group + "-2", 1)))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(serializer.getLast()).isEmpty();
    }

    // Lists

    @Test
    @Proves(Requirement.LISTS)
    void pagesGiveEveryHeaderOnceNewestFirst() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 23);

        for (int limit : List.of(1, 2, 5, 22, 23, 24, ListRequest.MOST)) {
            assertThat(headers(serializer, ListRequest.firstPage(limit)))
                    .as("in pages of %d", limit)
                    .isEqualTo(saved);
        }
    }

    @Test
    @Proves(Requirement.LISTS)
    void aPageTokenIsGoodForAnotherInstance() {
        List<SnapshotHeader> saved = saveMany(open(), 9);
        SnapshotPage first = open().list(ListRequest.firstPage(4));

        List<SnapshotHeader> rest = headers(
                open(), ListRequest.firstPage(4).page(first.nextPageToken().orElseThrow()));

        List<SnapshotHeader> all = new ArrayList<>(first.headers());
        all.addAll(rest);
        assertThat(all).isEqualTo(saved);
    }

    @Test
    @Proves(Requirement.LISTS)
    void aListIsFilteredByTimeFromInclusiveUntilExclusive() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 20);

        assertFiltered(serializer, saved, request -> request.from(TestSnapshots.time(7)));
        assertFiltered(serializer, saved, request -> request.until(TestSnapshots.time(7)));
        assertFiltered(
                serializer,
                saved,
                request -> request.from(TestSnapshots.time(5)).until(TestSnapshots.time(15)));
        assertFiltered(
                serializer,
                saved,
                request -> request.from(TestSnapshots.time(5)).until(TestSnapshots.time(5)));
        assertFiltered(serializer, saved, request -> request.from(TestSnapshots.time(10_000)));
    }

    @Test
    @Proves(Requirement.LISTS)
    void aListIsFilteredByKindAndTimeTogether() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 20);

        for (SnapshotKind kind : SnapshotKind.values()) {
            assertFiltered(serializer, saved, request -> request.kind(kind));
            assertFiltered(
                    serializer,
                    saved,
                    request -> request.kind(kind).from(TestSnapshots.time(4)).until(TestSnapshots.time(16)));
        }
    }

    @Test
    @Proves(Requirement.LISTS)
    void timesFarApartAndOutOfOrderAreFilteredRightly() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = new ArrayList<>();
        List<String> times = List.of(
                "2026-12-31T23:59:59.999Z",
                "2024-02-29T12:00:00Z",
                "2027-01-01T00:00:00Z",
                "2026-10-31T23:30:00Z",
                "1970-01-01T00:00:00Z",
                "2026-11-01T00:00:00Z");
        for (int i = 0; i < times.size(); i++) {
            Snapshot snapshot = Snapshot.create(
                    TestSnapshots.header(group, i + 1).createdOn(Instant.parse(times.get(i))), TestSnapshots.text(i));
            serializer.save(snapshot);
            saved.add(0, snapshot.header());
        }

        assertThat(headers(serializer)).isEqualTo(saved);
        for (String time : times) {
            assertFiltered(serializer, saved, request -> request.from(Instant.parse(time)));
            assertFiltered(serializer, saved, request -> request.until(Instant.parse(time)));
        }
    }

    @Test
    @Proves(Requirement.LISTS)
    void pagingWhileOthersSaveShowsTheOldOnesOnce() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 12);
        List<SnapshotHeader> seen = new ArrayList<>();
        ListRequest request = ListRequest.firstPage(5);

        SnapshotPage page = serializer.list(request);
        seen.addAll(page.headers());
        for (int next = 13; page.nextPageToken().isPresent(); next++) {
            assertThat(next).as("the list comes to an end").isLessThan(100);
            serializer.save(snapshot(group, next));
            page = serializer.list(request.page(page.nextPageToken().get()));
            seen.addAll(page.headers());
        }

        assertThat(seen.stream().filter(saved::contains).toList()).isEqualTo(saved);
    }

    @Test
    @Proves(Requirement.LISTS)
    void aPageTokenThatWasNeverGivenIsRefused() {
        SnapshotSerializer serializer = open();
        saveMany(serializer, 3);

        for (String token : List.of("", "x", "0", "-1", "not a token", "'; drop table", "é", "a:b:c", "{}")) {
            assertThatThrownBy(() -> serializer.list(ListRequest.firstPage(2).page(token)))
                    .as("token '%s'", token)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    // Damage

    @Test
    @Proves({Requirement.DAMAGE, Requirement.LISTS})
    void aDamagedSnapshotIsCorruptByNameAndStillListed() throws Exception {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 3);

        damage(group, saved.get(1).name());

        for (SnapshotSerializer reader : List.of(serializer, open())) {
            assertThatThrownBy(() -> reader.get(saved.get(1).name()))
                    .isInstanceOf(SnapshotCorruptException.class)
                    .hasMessageContaining(saved.get(1).name());
            assertThat(reader.getLast().orElseThrow().header()).isEqualTo(saved.get(0));
            assertThat(headers(reader)).isEqualTo(saved);
        }
    }

    @Test
    @Proves(Requirement.DAMAGE)
    void aDamagedLastSnapshotIsReportedAndNoOlderOneTakesItsPlace() throws Exception {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 3);

        damage(group, saved.get(0).name());

        for (SnapshotSerializer reader : List.of(serializer, open())) {
            assertThatThrownBy(reader::getLast)
                    .isInstanceOf(SnapshotCorruptException.class)
                    .hasMessageContaining(saved.get(0).name());
            assertThat(reader.get(saved.get(1).name()).header()).isEqualTo(saved.get(1));
        }
    }

    @Test
    @Proves(Requirement.DAMAGE)
    void afterADamagedLastSnapshotANewerOneCanBeSaved() throws Exception {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 3);
        damage(group, saved.get(0).name());
        assertThatThrownBy(serializer::getLast).isInstanceOf(SnapshotCorruptException.class);

        serializer.save(snapshot(group, 4));

        assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(4);
        assertThat(open().getLast().orElseThrow().header().revision()).isEqualTo(4);
    }

    @Test
    @Proves({Requirement.DAMAGE, Requirement.CONFLICTS})
    void theRevisionOfADamagedSnapshotIsStillTaken() throws Exception {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 3);

        damage(group, saved.get(0).name());

        assertConflict(serializer, snapshot(group, 3, "replacement"));
        assertConflict(serializer, snapshot(group, 4, saved.get(0).name()));
    }

    // The store out of reach

    @Test
    @Proves({Requirement.NOTHING_IS_PROVED, Requirement.CALLS_END})
    void whatIsOutOfReachIsUnavailableAndNeverTakenForNothing() throws Exception {
        List<Outage> outages = outages();
        List<SnapshotHeader> saved;
        try (SnapshotSerializer writer = factory().open(config(group))) {
            saved = saveMany(writer, 3);
        }
        SnapshotSerializer reader = openForOutages();
        Snapshot last = AwayCheck.patiently(() -> reader.getLast().orElseThrow());

        for (Outage outage : outages) {
            AwayCheck away = new AwayCheck(outage, callLimit());
            outage.during(() -> {
                OptionalLong count = OptionalLong.of(saved.size());
                away.expect("getLast", reader::getLast, Optional.of(last));
                away.expect("list", () -> headers(reader), saved);
                away.expect("get", () -> reader.get(last.header().name()), last);
                away.expect("count", () -> reader.count().isPresent() ? reader.count() : count, count);
                if (!outage.looksUnused()) {
                    away.expect("open, and getLast", () -> openForOutages().getLast(), Optional.of(last));
                }
                return true;
            });

            assertSame(AwayCheck.patiently(() -> reader.getLast().orElseThrow()), last);
            assertThat(AwayCheck.patiently(() -> headers(reader))).isEqualTo(saved);
        }
    }

    private SnapshotSerializer openForOutages() {
        SnapshotSerializer serializer = factory().open(outageConfig(group));
        synchronized (opened) {
            opened.push(serializer);
        }
        return serializer;
    }

    @Test
    @Proves({Requirement.SEEN_WHOLE, Requirement.OPEN_OUTCOME, Requirement.SAVED_IS_DURABLE, Requirement.CALLS_END})
    void aSaveIntoAStoreOutOfReachIsWholeOrAbsentAndCanBeSentAgain() throws Exception {
        List<Outage> outages = outages();
        SnapshotSerializer serializer = openForOutages();
        Snapshot first = snapshot(group, 1);
        AwayCheck.patiently(() -> saved(serializer, first));
        List<SnapshotHeader> saved = new ArrayList<>(List.of(first.header()));

        for (Outage outage : outages) {
            AwayCheck away = new AwayCheck(outage, callLimit());
            Snapshot before = AwayCheck.patiently(() -> serializer.getLast().orElseThrow());
            Snapshot next = following(before, before.header().revision() + 1);
            boolean acknowledged = outage.during(() -> away.written("save", () -> saved(serializer, next)));

            Snapshot found = AwayCheck.patiently(() -> serializer.getLast().orElseThrow());
            if (acknowledged) {
                assertThat(found.header())
                        .as(
                                "the last snapshot, after a save returned while the store %s: a save that returns has"
                                        + " saved",
                                outage)
                        .isEqualTo(next.header());
            } else {
                assertThat(found).isIn(before, next);
            }
            AwayCheck.patiently(() -> saved(serializer, next));
            saved.add(0, next.header());
            assertSame(AwayCheck.patiently(() -> serializer.getLast().orElseThrow()), next);
            assertThat(AwayCheck.patiently(() -> headers(serializer))).isEqualTo(saved);
        }
    }

    private static boolean saved(SnapshotSerializer serializer, Snapshot snapshot) {
        serializer.save(snapshot);
        return true;
    }

    // What stays behind, and what it costs

    @Test
    @Proves(Requirement.NOTHING_OUTLIVES_CLOSE)
    void openingAndClosingLeavesNoThreadAndNoOpenFile() {
        for (int revision = 1; revision <= WARM_UP; revision++) {
            useAndClose(revision);
        }
        Leaks before = new Leaks();

        for (int revision = WARM_UP + 1; revision <= WARM_UP + ROUNDS; revision++) {
            useAndClose(revision);
        }

        before.requireFewerThan(ROUNDS, callLimit().dividedBy(12), "a serializer was opened, used and closed");
    }

    private void useAndClose(long revision) {
        try (SnapshotSerializer serializer = factory().open(config(group))) {
            serializer.save(snapshot(group, revision));
            use(serializer);
        }
    }

    private static void use(SnapshotSerializer serializer) {
        serializer.getLast();
        serializer.list(ListRequest.firstPage(2));
        serializer.chunks().ifPresent(chunks -> chunks.list("", 1));
    }

    @Test
    @Proves(Requirement.NOTHING_OUTLIVES_CLOSE)
    void nothingHoldsTheClassesAfterClose() throws Exception {
        useAndClose(1);
        Class<? extends SnapshotSerializerFactory> type = factoryType();
        SerializerConfig config = config(group);
        Unloading unloading;
        try {
            unloading = Unloading.after(type, factory -> factory.open(config), SnapshotSerializerContract::use);
        } catch (ReflectiveOperationException | LinkageError | SnapshotStoreException e) {
            unloading = Assumptions.abort("the plugin cannot be loaded a second time here: " + OneLineReason.of(e));
        }

        assertThat(unloading.holders())
                .as("what holds the plugin's classes after close, and with them all that they have in memory")
                .isEmpty();
        Assumptions.assumeTrue(
                unloading.unloaded(),
                "the plugin's classes stay in memory after close, and nothing that can be named holds them: on some JVMs"
                        + " two records that were compared are enough");
    }

    @Test
    @Proves(Requirement.LAST)
    void theLastCostsTheSameHoweverManyThereAre() {
        SnapshotSerializer serializer = open();
        saveMany(serializer, FEW);
        long few = Allocation.of(serializer::getLast);

        for (int revision = FEW + 1; revision <= FEW + MANY; revision++) {
            serializer.save(snapshot(group, revision));
        }

        assertThat(Allocation.of(serializer::getLast))
                .as(
                        "bytes that one getLast takes with %d snapshots, where it took %d with %d: it must not look at all of"
                                + " them",
                        FEW + MANY, few, FEW)
                .isLessThan(few + MANY * BYTES_OF_A_LOOK);
    }

    // Delete

    @Test
    void aDeletedSnapshotIsGone() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 4);

        assertThat(delete(serializer, saved.get(2).name())).isTrue();

        for (SnapshotSerializer reader : List.of(serializer, open())) {
            assertThatThrownBy(() -> reader.get(saved.get(2).name())).isInstanceOf(SnapshotNotFoundException.class);
            assertThat(headers(reader)).containsExactly(saved.get(0), saved.get(1), saved.get(3));
        }
        assertThat(delete(serializer, saved.get(2).name())).isFalse();
    }

    @Test
    void whatIsNotThereCannotBeDeleted() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 2);

        assertThat(delete(serializer, "never-saved.cfg")).isFalse();
        assertThat(delete(serializer, "../" + saved.get(0).name())).isFalse();

        assertThat(headers(open())).isEqualTo(saved);
    }

    @Test
    @Proves(Requirement.REVISIONS_STAY_TAKEN)
    void deletingTheLastMakesTheOneBeforeItTheLastButNotItsRevisionFree() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 3);

        delete(serializer, saved.get(0).name());

        assertThat(serializer.getLast().orElseThrow().header()).isEqualTo(saved.get(1));
        assertConflict(serializer, snapshot(group, 3, "again"));
        serializer.save(snapshot(group, 4));
        assertThat(headers(serializer)).extracting(SnapshotHeader::revision).containsExactly(4L, 2L, 1L);
    }

    @Test
    @Proves(Requirement.NOTHING_IS_PROVED)
    void deletingAllLeavesNothing() {
        SnapshotSerializer serializer = open();
        for (SnapshotHeader header : saveMany(serializer, 3)) {
            delete(serializer, header.name());
        }

        assertThat(serializer.getLast()).isEmpty();
        assertThat(headers(open())).isEmpty();
    }

    @Test
    @Proves(Requirement.NOTHING_IS_PROVED)
    void onlyWhatIsEmptyOfAGroupIsRemoved() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 2);

        serializer.removeEmptyGroup();

        assertThat(headers(serializer)).containsExactlyInAnyOrderElementsOf(saved);
        for (SnapshotHeader header : saved) {
            delete(serializer, header.name());
        }
        serializer.removeEmptyGroup();
        serializer.close();
        SnapshotSerializer again = open();
        assertThat(again.getLast()).isEmpty();
        // A store may remember revisions for ever.
        again.save(snapshot(group, 3));
        assertThat(again.getLast()).isPresent();
    }

    @Test
    @Proves(Requirement.LISTS)
    void deletingWhileAnotherPagesShowsTheRestOnce() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 12);
        ListRequest request = ListRequest.firstPage(4);

        SnapshotPage first = serializer.list(request);
        delete(serializer, saved.get(3).name());
        delete(serializer, saved.get(4).name());
        List<SnapshotHeader> rest =
                headers(serializer, request.page(first.nextPageToken().orElseThrow()));

        assertThat(first.headers()).isEqualTo(saved.subList(0, 4));
        assertThat(rest).isEqualTo(saved.subList(5, 12));
    }

    // The predecessor: what a snapshot follows

    @Test
    @Proves(Requirement.CONFLICTS)
    void aSaveThatFollowsTheNewestIsTakenWhateverTheGapOfRevisions() {
        SnapshotSerializer serializer = open();
        Snapshot first = snapshot(group, 1);
        serializer.save(first);
        Snapshot second = following(first, 2);
        Snapshot later = following(second, 40);

        serializer.save(second);
        serializer.save(later);

        assertSame(open().getLast().orElseThrow(), later);
        assertThat(headers(serializer)).containsExactly(later.header(), second.header(), first.header());
    }

    @Test
    @Proves(Requirement.CONFLICTS)
    void aSaveThatFollowsAnotherThanTheNewestIsAConflictAndChangesNothing() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 8);
        Snapshot lost = snapshot(group, 10);
        Snapshot next = following(lost, 11);
        Snapshot ofAnOlderOne = following(serializer.get(saved.get(1).name()), 9);

        assertFollowsConflict(serializer, next, saved.get(0).name());
        assertFollowsConflict(serializer, ofAnOlderOne, saved.get(0).name());

        assertThat(headers(open())).isEqualTo(saved);
        assertThatThrownBy(() -> serializer.get(next.header().name())).isInstanceOf(SnapshotNotFoundException.class);
        Snapshot right = following(serializer.getLast().orElseThrow(), 11);
        serializer.save(right);
        assertSame(open().getLast().orElseThrow(), right);
    }

    @Test
    @Proves(Requirement.CONFLICTS)
    void aSaveThatFollowsSomethingIsAConflictWhereTheGroupIsEmpty() {
        SnapshotSerializer other = open(group + "-2");
        Snapshot elsewhere = snapshot(group + "-2", 1);
        other.save(elsewhere);
        SnapshotSerializer serializer = open();

        assertFollowsConflict(serializer, following(elsewhere, 2), "no snapshot");

        assertThat(serializer.getLast()).isEmpty();
        serializer.save(snapshot(group, 1));
        assertThat(headers(open())).hasSize(1);
    }

    @Test
    @Proves(Requirement.CONFLICTS)
    void aSaveThatFollowsNothingIsJudgedByItsRevisionAlone() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 2);

        serializer.save(snapshot(group, 7));
        assertConflict(serializer, snapshot(group, 7, "again"));

        assertThat(headers(open())).hasSize(saved.size() + 1);
    }

    @Test
    @Proves(Requirement.CONFLICTS)
    void whatAnotherInstanceSavedIsTheNewestThatASaveFollows() {
        Snapshot first = snapshot(group, 1);
        Snapshot second = following(first, 2);
        Snapshot third = following(second, 3);
        try (SnapshotSerializer early = factory().open(config(group))) {
            early.save(first);
        }
        try (SnapshotSerializer one = factory().open(config(group))) {
            one.save(second);
        }
        SnapshotSerializer late = open();

        assertFollowsConflict(late, following(first, 3), second.header().name());

        late.save(third);
        assertSame(late.getLast().orElseThrow(), third);
    }

    @Test
    @Proves({Requirement.SAME_SAVE_AGAIN, Requirement.OPEN_OUTCOME})
    void theVerySameSaveAgainIsNoConflictAlsoWhereAnotherFollowedIt() {
        SnapshotSerializer serializer = open();
        Snapshot first = snapshot(group, 1);
        Snapshot second = following(first, 2);
        Snapshot third = following(second, 3);
        serializer.save(first);
        serializer.save(second);
        serializer.save(second);
        serializer.save(third);

        serializer.save(second);
        serializer.close();
        SnapshotSerializer after = open();
        after.save(third);

        assertThat(headers(after)).containsExactly(third.header(), second.header(), first.header());
        assertSame(after.getLast().orElseThrow(), third);
    }

    @Test
    @Proves({Requirement.CONFLICTS, Requirement.MANY_THREADS})
    void ofManyThreadsThatFollowOneSnapshotExactlyOneWins() throws Exception {
        List<SnapshotSerializer> writers = manyWriters() ? List.of(open(), open()) : List.of(open());
        Snapshot newest = snapshot(group, 1);
        writers.get(0).save(newest);

        for (int round = 1; round <= 10; round++) {
            Snapshot followed = newest;
            AtomicInteger number = new AtomicInteger();
            List<Optional<Snapshot>> outcomes = together(() -> {
                int mine = number.getAndIncrement();
                // Revisions that would all be free, one after the other.
                Snapshot snapshot = following(followed, followed.header().revision() + 1 + mine);
                try {
                    writers.get(mine % writers.size()).save(snapshot);
                    return Optional.of(snapshot);
                } catch (SnapshotConflictException e) {
                    return Optional.empty();
                }
            });

            List<Snapshot> winners = outcomes.stream().flatMap(Optional::stream).toList();
            assertThat(winners)
                    .as("winners of those that follow %s", followed.header().name())
                    .hasSize(1);
            newest = winners.get(0);
            assertSame(open().getLast().orElseThrow(), newest);
            assertThat(headers(open())).hasSize(round + 1);
        }
    }

    @Test
    @Proves({Requirement.CONFLICTS, Requirement.DAMAGE})
    void aSaveFollowsADamagedSnapshotAsLongAsItsHeaderCanBeRead() throws Exception {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 3);
        Snapshot before = serializer.get(saved.get(1).name());
        Snapshot damaged = serializer.get(saved.get(0).name());

        damage(group, damaged.header().name());

        assertFollowsConflict(serializer, following(before, 4), damaged.header().name());
        serializer.save(following(damaged, 4));
        assertThat(open().getLast().orElseThrow().header().revision()).isEqualTo(4);
    }

    @Test
    @Proves(Requirement.CONFLICTS)
    void afterDeletingTheLastASaveFollowsTheOneBeforeIt() {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 3);
        Snapshot before = serializer.get(saved.get(1).name());
        Snapshot gone = serializer.get(saved.get(0).name());

        delete(serializer, gone.header().name());

        assertFollowsConflict(serializer, following(gone, 4), before.header().name());
        serializer.save(following(before, 4));
        assertThat(headers(open())).extracting(SnapshotHeader::revision).containsExactly(4L, 2L, 1L);
    }

    // Counts

    @Test
    @Proves(Requirement.COUNT)
    void theCountIsThatOfTheSnapshotsThereAre() {
        SnapshotSerializer serializer = open();
        assertCount(serializer, 0);
        List<SnapshotHeader> saved = saveMany(serializer, 7);
        Snapshot last = serializer.getLast().orElseThrow();
        assertCount(serializer, 7);
        assertCount(open(), 7);

        serializer.save(last);
        assertConflict(serializer, snapshot(group, 7, "refused"));
        assertCount(serializer, 7);

        open(group + "-2").save(snapshot(group + "-2", 1));
        assertCount(serializer, 7);
        delete(serializer, saved.get(0).name());
        delete(serializer, saved.get(3).name());
        delete(serializer, saved.get(3).name());
        delete(serializer, "never-saved.cfg");
        assertCount(serializer, 5);
        serializer.save(snapshot(group, 8));
        assertCount(open(), 6);
    }

    @Test
    @Proves(Requirement.COUNT)
    void theCountHasTheDamagedToo() throws Exception {
        SnapshotSerializer serializer = open();
        List<SnapshotHeader> saved = saveMany(serializer, 4);

        damage(group, saved.get(2).name());
        damage(group, saved.get(0).name());

        assertCount(serializer, 4);
        assertCount(open(), 4);
    }

    @Test
    @Proves({Requirement.COUNT, Requirement.MANY_THREADS})
    void theCountIsRightAfterManyThreadsSavedAndDeleted() throws Exception {
        List<SnapshotSerializer> writers = manyWriters() ? List.of(open(), open()) : List.of(open());
        assertCount(writers.get(0), 0);
        AtomicInteger number = new AtomicInteger();

        together(() -> {
            int mine = number.getAndIncrement();
            SnapshotSerializer writer = writers.get(mine % writers.size());
            for (int attempt = 0; attempt < 4; attempt++) {
                long next =
                        writer.getLast().map(last -> last.header().revision()).orElse(0L) + 1;
                Snapshot snapshot = snapshot(group, next, "c" + mine + "-" + attempt);
                try {
                    writer.save(snapshot);
                } catch (SnapshotConflictException e) {
                    continue;
                }
                if (attempt % 2 == 1) {
                    delete(writer, snapshot.header().name());
                }
            }
            return null;
        });

        assertCount(open(), headers(open()).size());
    }

    // Close

    @Test
    @Proves(Requirement.CLOSE)
    void closingTwiceDoesNothingMore() {
        SnapshotSerializer serializer = open();
        serializer.save(snapshot(group, 1));

        serializer.close();
        serializer.close();

        assertThat(open().getLast()).isPresent();
    }

    @Test
    @Proves(Requirement.CLOSE)
    void aClosedSerializerRefusesEveryCall() {
        SnapshotSerializer serializer = open();
        serializer.save(snapshot(group, 1));

        serializer.close();

        assertThatThrownBy(() -> serializer.save(snapshot(group, 2))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(serializer::getLast).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> serializer.list(ListRequest.firstPage(1))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> serializer.get(TestSnapshots.name(1))).isInstanceOf(IllegalStateException.class);
        assertThat(open().getLast().orElseThrow().header().revision()).isEqualTo(1);
    }

    @Test
    @Proves(Requirement.CLOSE)
    void closingNeverCommitsWhatWasRefused() {
        SnapshotSerializer serializer = open();
        Snapshot kept = snapshot(group, 2);
        serializer.save(kept);
        assertConflict(serializer, snapshot(group, 2, "same-revision"));
        assertConflict(serializer, snapshot(group, 1, "lower-revision"));
        assertConflict(serializer, snapshot(group, 3, kept.header().name()));

        serializer.close();

        assertThat(headers(open())).containsExactly(kept.header());
        assertSame(open().getLast().orElseThrow(), kept);
    }

    @Test
    @Proves(Requirement.CLOSE)
    void closingOneInstanceLeavesTheOthersWorking() {
        SnapshotSerializer one = open();
        SnapshotSerializer two = open();
        one.save(snapshot(group, 1));

        two.close();

        one.save(snapshot(group, 2));
        assertThat(one.getLast().orElseThrow().header().revision()).isEqualTo(2);
    }

    // What the tests are written with

    private List<SnapshotHeader> saveMany(SnapshotSerializer serializer, int count) {
        List<SnapshotHeader> newestFirst = new ArrayList<>();
        for (int revision = 1; revision <= count; revision++) {
            Snapshot snapshot = snapshot(group, revision);
            serializer.save(snapshot);
            newestFirst.add(0, snapshot.header());
        }
        return newestFirst;
    }

    private static boolean delete(SnapshotSerializer serializer, String name) {
        try {
            return serializer.delete(name);
        } catch (UnsupportedOperationException e) {
            return Assumptions.abort("the serializer does not remove snapshots");
        }
    }

    private static List<SnapshotHeader> headers(SnapshotSerializer serializer) {
        return headers(serializer, ListRequest.firstPage(100));
    }

    /** All pages from a request on. */
    private static List<SnapshotHeader> headers(SnapshotSerializer serializer, ListRequest request) {
        List<SnapshotHeader> headers = new ArrayList<>();
        SnapshotPage page = serializer.list(request);
        for (int pages = 1; ; pages++) {
            assertThat(page.headers()).hasSizeLessThanOrEqualTo(request.limit());
            headers.addAll(page.headers());
            Optional<String> token = page.nextPageToken();
            if (token.isEmpty()) {
                return headers;
            }
            assertThat(pages).as("the list comes to an end").isLessThan(1_000);
            page = serializer.list(request.page(token.get()));
        }
    }

    private static void assertFiltered(
            SnapshotSerializer serializer, List<SnapshotHeader> saved, UnaryOperator<ListRequest> filter) {
        for (int limit : List.of(3, 100)) {
            ListRequest request = filter.apply(ListRequest.firstPage(limit));
            assertThat(headers(serializer, request))
                    .isEqualTo(saved.stream().filter(request::accepts).toList());
        }
    }

    private static void assertSame(Snapshot actual, Snapshot expected) {
        assertThat(actual.header()).isEqualTo(expected.header());
        // What a store may lose it must not change.
        assertThat(expected.header().toMap())
                .containsAllEntriesOf(actual.header().toMap());
        // Not a comparison by AssertJ, whose message would be megabytes long.
        assertThat(Arrays.equals(actual.toBytes(), expected.toBytes()))
                .as(
                        "the text of %s is the one that was saved",
                        expected.header().name())
                .isTrue();
    }

    private static void assertConflict(SnapshotSerializer serializer, Snapshot snapshot) {
        assertThatThrownBy(() -> serializer.save(snapshot)).isInstanceOf(SnapshotConflictException.class);
    }

    private Snapshot following(Snapshot before, long revision) {
        SnapshotHeader.Builder header = TestSnapshots.header(group, revision)
                .name("after-" + UUID.randomUUID())
                .follows(before.header().saveId());
        return Snapshot.create(header, TestSnapshots.text(revision));
    }

    /** @param newest what the message is to name as the newest one of the group */
    private static void assertFollowsConflict(SnapshotSerializer serializer, Snapshot snapshot, String newest) {
        String follows = snapshot.header().follows().orElseThrow();
        Throwable failure = catchThrowable(() -> serializer.save(snapshot));

        assertThat(failure)
                .as(
                        "save of a snapshot whose header says follows=%s, which is not the save-id of the group's newest"
                                + " one: the revision is free, but a store that looks at revisions alone takes a change"
                                + " on top of another host's, or on a store that was rolled back. Compare header.follows()"
                                + " with the newest one's save-id in the same step as the revision, and refuse with a"
                                + " SnapshotConflictException that names the snapshot, what it follows and the newest one",
                        follows)
                .isInstanceOf(SnapshotConflictException.class);
        assertThat(failure).hasMessageContainingAll(snapshot.header().name(), follows, newest);
    }

    private static void assertCount(SnapshotSerializer serializer, long expected) {
        OptionalLong count = serializer.count();
        Assumptions.assumeTrue(
                count.isPresent(),
                "the serializer does not count its snapshots, so hosts will not remove what models have learned");
        assertThat(count).as("count of the group's snapshots").hasValue(expected);
    }

    /** Runs the task in {@link #THREADS} threads that start at one moment, and gives what they gave. */
    private static <T extends @Nullable Object> List<T> together(Callable<T> task) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            CountDownLatch ready = new CountDownLatch(THREADS);
            ExecutorCompletionService<T> running = new ExecutorCompletionService<>(threads);
            for (int i = 0; i < THREADS; i++) {
                running.submit(() -> {
                    ready.countDown();
                    ready.await();
                    return task.call();
                });
            }
            List<T> results = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                results.add(running.take().get());
            }
            return results;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e;
        } finally {
            threads.shutdownNow();
        }
    }
}
