package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.RuleOutcome.Contract;
import dev.holdfast.testkit.RuleOutcome.Result;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run of the contract outside of a build: what it reports, what it leaves, and how it ends where it cannot go on. */
class StoreVerificationTest {

    /** Far more than a store in memory needs. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final InMemoryStore store = new InMemoryStore(null);
    private final Set<String> opened = new ConcurrentSkipListSet<>();
    private final List<RuleOutcome> told = new ArrayList<>();

    @Test
    void aSoundStorePassesAndIsEmptyAfterwards() {
        keepASnapshotOfAHost();

        VerificationReport report = verify(store);

        assertThat(report.failed()).isEmpty();
        assertThat(report.passed()).isTrue();
        assertThat(report.endedEarly()).isEmpty();
        assertThat(report.count(Result.PASSED)).isGreaterThan(40);
        assertThat(report.outcomes())
                .isEqualTo(told)
                .extracting(RuleOutcome::rule)
                .doesNotHaveDuplicates();
        assertThat(report.manyWriters()).isTrue();
        assertThat(report.keepsChunks()).isFalse();
        assertThat(report.times()).isPresent();
        assertThat(report.leftovers()).isEmpty();
        assertThat(report.groups()).isGreaterThan(40);
        assertThat(opened)
                .hasSize(report.groups())
                .allMatch(group -> group.startsWith(report.groupPrefix()) && group.length() <= 64);
        assertThat(opened).allSatisfy(group -> assertThat(headers(group)).isEmpty());
        assertThat(headers("default")).hasSize(1);
    }

    @Test
    void whatCannotBeTriedIsSkippedWithItsReason() {
        verify(store);

        assertThat(outcome("theDefaultGroupIsApartFromTheOthers"))
                .extracting(RuleOutcome::result, outcome -> outcome.reason().orElseThrow())
                .containsExactly(Result.SKIPPED, "group default may be that of a host, and is not opened");
        assertThat(outcome("aDamagedSnapshotIsCorruptByNameAndStillListed").reason())
                .contains("a configured store is not damaged behind the serializer's back");
        assertThat(outcome("aSecondWriterIsRefusedUntilTheFirstIsClosedWhereTheStoreHasOneWriter")
                        .reason())
                .contains("the store has many writers");
        assertThat(outcome("aNewGroupHasNothing").sentence()).isEqualTo("a new group has nothing");
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"LOSES_EVERY_FIFTH_SAVE", "ORDERS_BY_TIME", "CLOSE_CLOSES_ALL", "TAKES_UNKNOWN_KEYS"})
    void aFaultIsReportedWithTheRulesThatItBreaksInOneLineEach(Fault fault) {
        // Some faults keep a rule from ending.
        VerificationReport report = verify(new InMemoryStore(fault), Duration.ofSeconds(5));

        assertThat(report.passed()).isFalse();
        assertThat(report.failed())
                .isNotEmpty()
                .allSatisfy(outcome -> assertThat(outcome.reason())
                        .hasValueSatisfying(reason -> assertThat(reason)
                                .isNotBlank()
                                .hasSizeLessThan(402)
                                .doesNotContain("\n")));
        assertThat(report.count(Result.PASSED)).isPositive();
    }

    @Test
    void aStoreThatMixesGroupsIsLeftAloneAtOnce() {
        InMemoryStore mixing = new InMemoryStore(Fault.MIXES_GROUPS);
        Snapshot hosts = TestSnapshots.snapshot("default", 1);
        new InMemorySerializer(mixing, "default").save(hosts);

        VerificationReport report = verify(mixing);

        assertThat(report.failed()).singleElement().satisfies(outcome -> {
            assertThat(outcome.rule()).isEqualTo("aNewGroupHasNothing");
            assertThat(outcome.reason())
                    .hasValueSatisfying(
                            reason -> assertThat(reason).contains("A new group has ", "groups are not kept apart"));
        });
        assertThat(report.endedEarly()).isPresent();
        assertThat(report.groups()).isZero();
        assertThat(new InMemorySerializer(mixing, "default").getLast()).contains(hosts);
    }

    @Test
    void aStoreThatCannotBeReachedIsOneReasonAndNoFailedRules() {
        VerificationReport report = new StoreVerification(under((serializer, group) -> new Passing(serializer) {
                    @Override
                    public Optional<Snapshot> getLast() {
                        throw new StoreUnavailableException("no route to db");
                    }
                }))
                .run(told::add);

        assertThat(report.endedEarly()).contains("The store cannot be reached: no route to db");
        assertThat(report.outcomes()).isEmpty();
        assertThat(report.passed()).isFalse();
    }

    @Test
    void aStoreThatHangsIsGivenUpWithinItsTime() {
        CountDownLatch never = new CountDownLatch(1);
        StoreUnderTest hanging = new StoreUnderTest(
                factory((serializer, group) -> new Passing(serializer) {
                    @Override
                    public Optional<Snapshot> getLast() {
                        try {
                            never.await();
                        } catch (InterruptedException e) {
                            // As a driver does that has no use for interrupts.
                        }
                        return super.getLast();
                    }
                }),
                InMemorySerializerTest.Factory.class,
                StoreVerificationTest::config,
                Duration.ofMillis(100),
                Duration.ofSeconds(5));

        VerificationReport report = new StoreVerification(hanging).run(told::add);

        assertThat(report.endedEarly())
                .contains("The store cannot be reached: The store has not answered within 200 ms");
        never.countDown();
    }

    @Test
    void aStoreThatGoesAwaySkipsTheRest() {
        boolean[] away = new boolean[1];
        VerificationReport report = new StoreVerification(under((serializer, group) -> new Passing(serializer) {
                    @Override
                    public void save(Snapshot snapshot) {
                        requireThere();
                        super.save(snapshot);
                    }

                    @Override
                    public Optional<Snapshot> getLast() {
                        requireThere();
                        return super.getLast();
                    }

                    private void requireThere() {
                        if (away[0]) {
                            throw new StoreUnavailableException("the database has gone");
                        }
                    }
                }))
                .run(outcome -> {
                    told.add(outcome);
                    away[0] = told.size() >= 20;
                });

        assertThat(report.endedEarly()).contains("The store went away: the database has gone");
        assertThat(report.failed()).hasSize(1);
        assertThat(report.outcomes())
                .hasSizeGreaterThan(40)
                .last()
                .extracting(RuleOutcome::result, outcome -> outcome.reason().orElseThrow())
                .containsExactly(Result.SKIPPED, "The store went away: the database has gone");
        assertThat(report.times()).isEmpty();
    }

    @Test
    void aRunThatIsStoppedSkipsTheRestAndCleansUp() {
        StoreVerification verification = new StoreVerification(under((serializer, group) -> serializer));

        VerificationReport report = verification.run(outcome -> {
            told.add(outcome);
            if (told.size() == 10) {
                verification.stop();
            }
        });

        assertThat(told).hasSize(10);
        assertThat(report.count(Result.SKIPPED)).isGreaterThan(30);
        assertThat(report.endedEarly()).contains("it was stopped");
        assertThat(report.passed()).isFalse();
        assertThat(opened).allSatisfy(group -> assertThat(headers(group)).isEmpty());
    }

    @Test
    void groupsThatCannotBeEmptiedAreNamed() {
        VerificationReport report = new StoreVerification(under((serializer, group) -> new Passing(serializer) {
                    @Override
                    public boolean delete(String name) {
                        throw new UnsupportedOperationException();
                    }
                }))
                .run(told::add);

        assertThat(report.passed()).isTrue();
        assertThat(outcome("aDeletedSnapshotIsGone").reason()).contains("the serializer does not remove snapshots");
        assertThat(report.leftovers()).hasSizeGreaterThan(30).allSatisfy(leftover -> {
            assertThat(leftover.group()).startsWith(report.groupPrefix());
            assertThat(leftover.reason()).isEqualTo("its snapshots stay, for the serializer does not remove any");
        });
        Set<String> full = new TreeSet<>(opened);
        full.removeIf(group -> headers(group).isEmpty());
        assertThat(report.leftovers())
                .extracting(VerificationReport.Leftover::group)
                .containsExactlyElementsOf(full);
    }

    @Test
    void aWrongConfigurationIsThrown() {
        StoreUnderTest wrong = StoreUnderTest.of(
                new InMemorySerializerTest.Factory(store),
                group -> SerializerConfig.builder("memory", Path.of("target"))
                        .group(group)
                        .values(java.util.Map.of("tabel", "x"))
                        .build());

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new StoreVerification(wrong).run(told::add))
                .withMessageContaining("tabel");
    }

    @Test
    void aStoreOfOneWriterIsTriedAsOne() {
        Set<String> writing = new ConcurrentSkipListSet<>();
        VerificationReport report = new StoreVerification(under((serializer, group) -> new Passing(serializer) {
                    private String mine = "";

                    @Override
                    public synchronized void save(Snapshot snapshot) {
                        String group = snapshot.header().group();
                        if (mine.isEmpty() && group.startsWith("verify-")) {
                            if (!writing.add(group)) {
                                throw new StoreUnavailableException("another one writes to " + group);
                            }
                            mine = group;
                        }
                        super.save(snapshot);
                    }

                    @Override
                    public synchronized void close() {
                        writing.remove(mine);
                        mine = "";
                        super.close();
                    }
                }))
                .run(told::add);

        assertThat(report.failed()).isEmpty();
        assertThat(report.manyWriters()).isFalse();
        assertThat(outcome("aSecondWriterIsRefusedUntilTheFirstIsClosedWhereTheStoreHasOneWriter")
                        .result())
                .isEqualTo(Result.PASSED);
    }

    @Test
    void aStoreWithChunksIsHeldToTheirContractTooAndCleaned() {
        InMemoryChunkStore.Disk disk = new InMemoryChunkStore.Disk(null);

        VerificationReport report = new StoreVerification(under((serializer, group) -> new Passing(serializer) {
                    private final InMemoryChunkStore chunks = new InMemoryChunkStore(disk, group);

                    @Override
                    public Optional<ChunkStore> chunks() {
                        return Optional.of(chunks);
                    }

                    @Override
                    public void close() {
                        chunks.close();
                        super.close();
                    }
                }))
                .run(told::add);

        assertThat(report.keepsChunks()).isTrue();
        assertThat(report.failed()).isEmpty();
        assertThat(report.outcomes())
                .filteredOn(outcome -> outcome.contract() == Contract.CHUNKS)
                .hasSizeGreaterThan(18)
                .filteredOn(outcome -> outcome.result() != Result.PASSED)
                .extracting(RuleOutcome::rule)
                .containsExactly("chunksOutOfReachAreUnavailableAndNeverMissing");
        assertThat(report.leftovers()).isEmpty();
        assertThat(opened).allSatisfy(group -> assertThat(disk.group(group)).isEmpty());
    }

    private void keepASnapshotOfAHost() {
        new InMemorySerializer(store, "default").save(TestSnapshots.snapshot("default", 1));
    }

    private VerificationReport verify(InMemoryStore what) {
        return verify(what, PATIENCE);
    }

    private VerificationReport verify(InMemoryStore what, Duration testLimit) {
        return new StoreVerification(new StoreUnderTest(
                        new Recording(new InMemorySerializerTest.Factory(what)),
                        InMemorySerializerTest.Factory.class,
                        StoreVerificationTest::config,
                        PATIENCE,
                        testLimit))
                .run(told::add);
    }

    private StoreUnderTest under(BiFunction<SnapshotSerializer, String, SnapshotSerializer> around) {
        return new StoreUnderTest(
                factory(around),
                InMemorySerializerTest.Factory.class,
                StoreVerificationTest::config,
                PATIENCE,
                PATIENCE);
    }

    private SnapshotSerializerFactory factory(BiFunction<SnapshotSerializer, String, SnapshotSerializer> around) {
        SnapshotSerializerFactory real = new InMemorySerializerTest.Factory(store);
        return new Recording(new SnapshotSerializerFactory() {
            @Override
            public String name() {
                return real.name();
            }

            @Override
            public SnapshotSerializer open(SerializerConfig config) {
                return around.apply(real.open(config), config.group());
            }
        });
    }

    private static SerializerConfig config(String group) {
        return SerializerConfig.builder("memory", Path.of("target"))
                .group(group)
                .build();
    }

    private RuleOutcome outcome(String rule) {
        return told.stream()
                .filter(outcome -> outcome.rule().equals(rule))
                .findFirst()
                .orElseThrow();
    }

    private List<SnapshotHeader> headers(String group) {
        try (SnapshotSerializer serializer = new InMemorySerializer(store, group)) {
            return serializer.list(ListRequest.firstPage(100)).headers();
        }
    }

    private final class Recording implements SnapshotSerializerFactory {

        private final SnapshotSerializerFactory factory;

        Recording(SnapshotSerializerFactory factory) {
            this.factory = factory;
        }

        @Override
        public String name() {
            return factory.name();
        }

        @Override
        public SnapshotSerializer open(SerializerConfig config) {
            opened.add(config.group());
            return factory.open(config);
        }
    }

    /** A serializer in front of another one. */
    private static class Passing implements SnapshotSerializer {

        private final SnapshotSerializer next;

        Passing(SnapshotSerializer next) {
            this.next = next;
        }

        @Override
        public void save(Snapshot snapshot) {
            next.save(snapshot);
        }

        @Override
        public Optional<Snapshot> getLast() {
            return next.getLast();
        }

        @Override
        public SnapshotPage list(ListRequest request) {
            return next.list(request);
        }

        @Override
        public Snapshot get(String name) {
            return next.get(name);
        }

        @Override
        public boolean delete(String name) {
            return next.delete(name);
        }

        @Override
        public void close() {
            next.close();
        }
    }
}
