package dev.holdfast.host.cli;

import dev.holdfast.host.InstalledPlugins;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.RuleOutcome;
import dev.holdfast.testkit.RuleOutcome.Contract;
import dev.holdfast.testkit.RuleOutcome.Result;
import dev.holdfast.testkit.StoreUnderTest;
import dev.holdfast.testkit.StoreVerification;
import dev.holdfast.testkit.VerificationReport;
import dev.holdfast.testkit.VerificationReport.Leftover;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The contract of serializers run against a store, and told to the operator while it runs.
 *
 * <p>The testkit and its libraries are on the class path for this command alone, so this class alone knows them.
 */
final class StoreCheck {

    private static final Duration LEAST_FOR_A_RULE = Duration.ofMinutes(1);
    private static final Duration CLEANING_AFTER_A_SIGNAL = Duration.ofSeconds(30);

    private final InstalledPlugins.Store store;
    private final Path logLocation;
    private final PrintWriter out;
    private @Nullable Contract heading;

    /** @param logLocation where it is written down which groups are in use */
    StoreCheck(InstalledPlugins.Store store, Path logLocation, PrintWriter out) {
        this.store = store;
        this.logLocation = logLocation;
        this.out = out;
    }

    /** @throws CommandFailure if the testkit is not on the class path */
    static void requireTestkit() {
        try {
            Class.forName("dev.holdfast.testkit.StoreVerification", false, StoreCheck.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new CommandFailure(
                    "The contract of serializers is not on the class path; use bin/holdfast of a distribution, whose"
                            + " lib/verify has it",
                    e);
        }
    }

    /**
     * Runs it; SIGINT and SIGTERM have the scratch groups emptied before the process ends.
     *
     * @return the exit code
     * @throws CommandFailure if the store cannot be opened or reached
     */
    int run() {
        AtomicReference<VerifyRecord> written = new AtomicReference<>();
        StoreVerification verification = new StoreVerification(
                underTest(), group -> Objects.requireNonNull(written.get()).add(group));
        try (VerifyRecord record = VerifyRecord.begin(logLocation, store.name(), verification.groupPrefix())) {
            written.set(record);
            return run(verification, record);
        } catch (IOException | UncheckedIOException e) {
            throw new CommandFailure("What the run makes cannot be written down in " + logLocation + ": " + e, e);
        }
    }

    private StoreUnderTest underTest() {
        Duration twoCalls = store.callLimit().multipliedBy(2);
        return new StoreUnderTest(
                store.factory(),
                store.factoryType(),
                store.config(),
                store.callLimit(),
                twoCalls.compareTo(LEAST_FOR_A_RULE) > 0 ? twoCalls : LEAST_FOR_A_RULE);
    }

    private int run(StoreVerification verification, VerifyRecord record) throws IOException {
        CountDownLatch done = new CountDownLatch(1);
        Thread hook = new Thread(() -> stop(verification, done), "stop-verification");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            requireConfiguration(verification);
            long start = System.nanoTime();
            VerificationReport report = verification.run(outcome -> tell(outcome, verification.groupPrefix()));
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            record.keep(groups(report.leftovers()));
            if (report.outcomes().isEmpty() && report.endedEarly().isPresent()) {
                throw new CommandFailure("Snapshot store " + store.name() + ": "
                        + report.endedEarly().get());
            }
            out.print(VerificationText.of(report, store, took));
            out.flush();
            return report.passed() ? 0 : 1;
        } catch (IllegalArgumentException | IllegalStateException e) {
            // It could not be opened, so nothing is in it.
            record.keep(List.of());
            throw new CommandFailure("Snapshot store " + store.name() + ": " + e.getMessage(), e);
        } finally {
            done.countDown();
            remove(hook);
        }
    }

    private static List<String> groups(List<Leftover> leftovers) {
        return leftovers.stream().map(Leftover::group).toList();
    }

    /**
     * Empties what earlier runs have left, and runs nothing.
     *
     * @return the exit code
     */
    int clean() {
        int groups = 0;
        List<Leftover> leftovers = new ArrayList<>();
        try {
            for (VerifyRecord record : VerifyRecord.left(logLocation, store.name())) {
                try (record) {
                    List<String> names = record.groups();
                    groups += names.size();
                    List<Leftover> stay = StoreVerification.clean(underTest(), names);
                    record.keep(groups(stay));
                    leftovers.addAll(stay);
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailure(
                    "What earlier runs have left cannot be read in " + logLocation + ": " + e.getMessage(), e);
        }
        out.print(VerificationText.cleaned(groups, leftovers, logLocation));
        out.flush();
        return leftovers.isEmpty() ? 0 : 1;
    }

    private void tellOfEarlierRuns() {
        try {
            List<VerifyRecord> left = VerifyRecord.left(logLocation, store.name());
            left.forEach(VerifyRecord::close);
            if (!left.isEmpty()) {
                out.println(
                        "Earlier runs have left scratch groups in this store. To empty them: holdfast plugins verify "
                                + store.name() + " --clean");
            }
        } catch (IOException e) {
            out.println("What earlier runs have left cannot be read in " + logLocation + ": " + e);
        }
    }

    /** What the run leaves out of the configuration must be right too, or a start refuses it. */
    private void requireConfiguration(StoreVerification verification) {
        if (!store.leftOut().isEmpty()) {
            try {
                verification.tryOpening(store.wholeConfig());
            } catch (StoreUnavailableException e) {
                // The run meets it too, and tells it as it tells of every store that is down.
            }
        }
    }

    private void stop(StoreVerification verification, CountDownLatch done) {
        verification.stop();
        try {
            if (!done.await(CLEANING_AFTER_A_SIGNAL.toMillis(), TimeUnit.MILLISECONDS)) {
                out.println("Not cleaned up: the groups whose names begin with " + verification.groupPrefix());
                out.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void remove(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process ends, and the hook runs.
        }
    }

    private void tell(RuleOutcome outcome, String groupPrefix) {
        if (heading == null) {
            out.print(VerificationText.introduction(store, groupPrefix));
            tellOfEarlierRuns();
        }
        if (outcome.contract() != heading) {
            heading = outcome.contract();
            out.println(heading == Contract.SNAPSHOTS ? "\nSnapshots" : "\nChunks of what models have learned");
        }
        out.println(VerificationText.line(outcome));
        Optional.of(outcome)
                .filter(one -> one.result() != Result.PASSED)
                .flatMap(RuleOutcome::reason)
                .ifPresent(reason -> out.println(Paragraph.of(reason, VerificationText.INDENT)));
        out.flush();
    }
}
