package dev.holdfast.testkit;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.RuleOutcome.Contract;
import dev.holdfast.testkit.RuleOutcome.Result;
import dev.holdfast.testkit.VerificationReport.Leftover;
import dev.holdfast.testkit.VerificationReport.Times;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One run of the contract against a store as it is configured, outside of any build.
 *
 * <pre>
 *   look at the store ──▶ the contract, rule by rule ──▶ measure ──▶ empty the scratch groups
 *          └─ away, or its groups are not apart ────────────────────────┘
 * </pre>
 *
 * <p>Everything happens in groups whose names begin with {@link #groupPrefix()}; no other group is opened. A store that
 * cannot be reached, now or later, ends the run with that one reason, instead of failing rule after rule.
 *
 * <p>Deliberately not here: damaging what is stored, and cutting the store off. {@link VerificationReport#notProved()}.
 */
public final class StoreVerification {

    private static final String NEW_GROUP_RULE = "aNewGroupHasNothing";

    private final StoreUnderTest store;
    private static final String SCRATCH_PREFIX = "verify-";
    private static final Pattern SCRATCH = Pattern.compile(SCRATCH_PREFIX + "[0-9a-f]{8}-[a-zA-Z0-9-]{1,60}");

    private final String groupPrefix =
            SCRATCH_PREFIX + UUID.randomUUID().toString().substring(0, 8) + "-";
    private final ScratchGroups groups;
    private final BoundedCalls calls;
    private final List<RuleOutcome> outcomes = new ArrayList<>();
    private boolean manyWriters = true;
    private boolean keepsChunks;
    private boolean stored;
    private volatile @Nullable String endedEarly;

    public StoreVerification(StoreUnderTest store) {
        this(store, group -> {});
    }

    /**
     * @param opened told of the name of each scratch group before it is opened for the first time, so that {@link #clean} can
     *     empty it should this process end without; by several threads, one at a time
     */
    public StoreVerification(StoreUnderTest store, Consumer<String> opened) {
        this.store = store;
        this.groups = new ScratchGroups(store.factory(), groupPrefix, opened);
        this.calls = new BoundedCalls(store.callLimit());
    }

    /**
     * Empties the scratch groups of a run that has ended without doing so.
     *
     * @return those that are not empty afterwards
     * @throws IllegalArgumentException if one of the names is none of a scratch group
     */
    public static List<Leftover> clean(StoreUnderTest store, Collection<String> names) {
        names.stream()
                .filter(name -> !SCRATCH.matcher(name).matches())
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException(
                            "Group '" + name + "' is none of a verification, and is left alone");
                });
        ScratchGroups groups = new ScratchGroups(store.factory(), SCRATCH_PREFIX, group -> {});
        names.forEach(groups::add);
        return new ScratchCleaning(groups, store.config(), new BoundedCalls(store.callLimit())).run();
    }

    /** What the names of this run's groups begin with; random. */
    public String groupPrefix() {
        return groupPrefix;
    }

    /**
     * Runs the whole, once.
     *
     * @param listener told of each outcome at once, by the thread that calls this; not of the rules that the run does not
     *     come to, because it has ended early
     * @throws IllegalArgumentException if the serializer says that its configuration is wrong
     * @throws IllegalStateException if the serializer says that it cannot be opened as things are
     */
    public VerificationReport run(Consumer<RuleOutcome> listener) {
        Optional<Times> times = Optional.empty();
        List<Leftover> leftovers = List.of();
        try {
            lookAtTheStore(listener);
            if (endedEarly == null) {
                contract(Contract.SNAPSHOTS, listener);
            }
            if (endedEarly == null && keepsChunks) {
                contract(Contract.CHUNKS, listener);
            }
            if (endedEarly == null) {
                times = measure();
            }
        } finally {
            if (stored) {
                leftovers = new ScratchCleaning(groups, store.config(), calls).run();
            } else {
                groups.closeAll(calls);
            }
        }
        return new VerificationReport(
                outcomes,
                Optional.ofNullable(endedEarly),
                manyWriters,
                keepsChunks,
                times,
                groupPrefix,
                stored ? groups.groups().size() : 0,
                leftovers);
    }

    /**
     * Opens a scratch group with another configuration and closes it again, to see whether a start would take it.
     *
     * @throws IllegalArgumentException if the serializer says that its configuration is wrong
     * @throws IllegalStateException if the serializer says that it cannot be opened as things are
     * @throws StoreUnavailableException if it cannot be reached, or has not answered within the limit of a call
     */
    public void tryOpening(Function<String, SerializerConfig> config) {
        calls.get(1, () -> {
            groups.open(config.apply(groupPrefix + "look")).close();
            return true;
        });
    }

    /** Has the run skip the rules that it has not come to, and clean up; from any thread. */
    public void stop() {
        endEarly("it was stopped");
    }

    private void endEarly(String reason) {
        endedEarly = reason;
    }

    private void lookAtTheStore(Consumer<RuleOutcome> listener) {
        String group = groupPrefix + "look";
        try {
            Optional<String> foreign = calls.get(2, () -> whatIsInANewGroup(group));
            if (foreign.isPresent()) {
                // The contract and the cleaning remove what they find in their groups.
                String reason = "A new group has " + foreign.get() + ", so groups are not kept apart";
                tell(
                        new RuleOutcome(
                                Contract.SNAPSHOTS, NEW_GROUP_RULE, Result.FAILED, Optional.of(reason), Duration.ZERO),
                        listener);
                endEarly(reason + ": nothing more was tried, for it could reach the snapshots of hosts");
                return;
            }
            stored = true;
            manyWriters = calls.get(3, () -> takesTwoWriters(group));
        } catch (StoreUnavailableException e) {
            endEarly("The store cannot be reached: " + e.getMessage());
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            endEarly("A new group cannot be looked into: " + OneLineReason.of(e));
        }
    }

    private Optional<String> whatIsInANewGroup(String group) {
        try (SnapshotSerializer serializer = groups.open(store.config().apply(group))) {
            Optional<Snapshot> last = serializer.getLast();
            if (last.isPresent()) {
                return Optional.of("a last snapshot");
            }
            if (!serializer.list(ListRequest.firstPage(1)).headers().isEmpty()) {
                return Optional.of("snapshots to list");
            }
            keepsChunks = serializer.chunks().isPresent();
            return serializer
                    .chunks()
                    .filter(chunks -> !chunks.list("", 1).isEmpty())
                    .map(chunks -> "chunks");
        }
    }

    /** One that breaks in another way than the documented one is left to the contract. */
    private boolean takesTwoWriters(String group) {
        try (SnapshotSerializer first = groups.open(store.config().apply(group));
                SnapshotSerializer second = groups.open(store.config().apply(group))) {
            first.save(TestSnapshots.snapshot(group, 1));
            try {
                second.save(TestSnapshots.snapshot(group, 2));
            } catch (StoreUnavailableException e) {
                first.save(TestSnapshots.snapshot(group, 2));
                return false;
            }
            return true;
        } catch (StoreUnavailableException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            return true;
        }
    }

    private void contract(Contract contract, Consumer<RuleOutcome> listener) {
        new ContractRun(store, groups, groupPrefix, manyWriters, () -> Optional.ofNullable(endedEarly))
                .run(contract, outcome -> {
                    groups.closeAll(calls);
                    tell(outcome, listener);
                    if (outcome.failed() && endedEarly == null) {
                        lookForTheStore();
                    }
                });
    }

    private void tell(RuleOutcome outcome, Consumer<RuleOutcome> listener) {
        outcomes.add(outcome);
        if (!outcome.reason().equals(Optional.ofNullable(endedEarly))
                || outcome.reason().isEmpty()) {
            listener.accept(outcome);
        }
    }

    /** After a failure: is it the rule that the store breaks, or is the store gone? */
    private void lookForTheStore() {
        try {
            calls.get(3, () -> {
                try (SnapshotSerializer serializer = groups.open(store.config().apply(groupPrefix + "look"))) {
                    return serializer.getLast();
                }
            });
        } catch (StoreUnavailableException e) {
            endEarly("The store went away: " + e.getMessage());
        } catch (RuntimeException | Error e) {
            // Broken in another way, of which the contract tells.
        }
    }

    private Optional<Times> measure() {
        try {
            return Optional.of(calls.get(10, this::measured));
        } catch (RuntimeException | Error e) {
            // Whatever this is, the contract has told of it, or the next host will: there are no times.
            return Optional.empty();
        }
    }

    private Times measured() {
        String group = groupPrefix + "times";
        byte[] text = TestSnapshots.noise(Times.TEXT_BYTES, 1);
        long[] save = new long[Times.ROUNDS];
        long[] getLast = new long[Times.ROUNDS];
        long[] list = new long[Times.ROUNDS];
        try (SnapshotSerializer serializer = groups.open(store.config().apply(group))) {
            for (int round = 0; round < Times.ROUNDS; round++) {
                Snapshot snapshot = TestSnapshots.snapshot(group, round + 1, TestSnapshots.name(round + 1), text);
                save[round] = nanos(() -> serializer.save(snapshot));
            }
            for (int round = 0; round < Times.ROUNDS; round++) {
                getLast[round] = nanos(serializer::getLast);
                list[round] = nanos(() -> serializer.list(ListRequest.firstPage(Times.ROUNDS)));
            }
        }
        return new Times(median(save), median(getLast), median(list));
    }

    private static long nanos(Runnable call) {
        long start = System.nanoTime();
        call.run();
        return System.nanoTime() - start;
    }

    private static Duration median(long[] nanos) {
        Arrays.sort(nanos);
        return Duration.ofNanos(nanos[nanos.length / 2]);
    }
}
