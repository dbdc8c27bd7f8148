package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.keeper.Snapshots.Take;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.testsupport.LogLines;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random lives of a host: changes, faults, other hosts, crashes. What was acknowledged must come back. */
class RandomHistoryTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    private static final int HISTORIES = 40;
    private static final int STEPS = 80;

    static LongStream seeds() {
        String given = System.getProperty("seed");
        return given == null
                ? new Random().longs(Integer.getInteger("histories", HISTORIES))
                : LongStream.of(Long.parseLong(given));
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void acknowledgedChangesComeBack(long seed) {
        try (Rig rig = new Rig()) {
            rig.retry = Duration.ofMillis(2);
            History history = new History(rig, new Random(seed));
            try {
                history.run();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("Repeat with -Dseed=" + seed + "\n" + String.join("\n", history.events), e);
            }
        }
    }

    private static final class History {

        private final Rig rig;
        private final Random random;
        private final Set<String> acknowledged = new TreeSet<>();
        private final List<String> events = new ArrayList<>();
        private int models;
        private boolean inStoreAlone;

        History(Rig rig, Random random) {
            this.rig = rig;
            this.random = random;
        }

        void run() {
            rig.start();
            for (int step = 0; step < STEPS; step++) {
                int dice = random.nextInt(100);
                events.add(step + " dice " + dice + ": " + rig.keeper.status().mode() + ", store "
                        + newest(rig.storeDisk) + ", pending " + rig.pending() + ", copies " + rig.copyNames());
                if (dice < 55) {
                    change();
                } else if (dice < 65) {
                    rig.store.down = !rig.store.down;
                } else if (dice < 70) {
                    rig.store.losesReplies = !rig.store.losesReplies;
                } else if (dice < 75) {
                    rig.pendingDown(!rig.isPendingDown());
                } else if (dice < 78) {
                    rig.clock.set(rig.clock.instant().plusMillis(random.nextInt(100_000) - 50_000));
                } else if (dice < 82) {
                    otherHostWrites();
                } else if (dice < 90) {
                    restart(true);
                } else if (dice < 94) {
                    restart(false);
                } else {
                    attach();
                }
                noRevisionIsWrittenTwice();
                // What the host sends by itself, or by an attach whose answer is lost, the journal keeps no copy of
                // then.
                inStoreAlone |= rig.isPendingDown() && rig.keeper.status().mode() == Mode.ATTACHED;
            }
        }

        private static List<String> newest(FakeStore.Disk disk) {
            return disk.newestFirst().stream()
                    .limit(5)
                    .map(header -> header.revision() + header.kind().word().substring(0, 2))
                    .toList();
        }

        private void change() {
            String model = "m" + models++;
            Durability durability = rig.changed(model);
            events.add(model + " " + durability);
            if (durability.kind() == Durability.Kind.UNDONE) {
                // The host was about to go over to what another one had saved, and nothing else of it was unsent.
                assertThat(rig.state.get().models()).doesNotContainKey(model);
            } else if (durability.kind() != Durability.Kind.LOST_ON_RESTART) {
                inStoreAlone = durability.kind() == Durability.Kind.STORED
                        && !durability.notice().isEmpty();
                assertThat(durability.snapshot()).isPresent();
                // A snapshot is a whole state: with this change, all before it are kept too.
                acknowledged.addAll(rig.state.get().models().keySet());
            }
        }

        private void otherHostWrites() {
            synchronized (rig.storeDisk) {
                boolean empty = rig.storeDisk.names().isEmpty();
                // It goes on from what the store has, as a host of the group does.
                Set<String> theirs = new TreeSet<>(empty ? Set.of() : States.models(rig.storeDisk.newest()));
                theirs.add("o" + models++);
                rig.storeDisk.put(States.snapshot(
                        empty ? 1 : rig.storeDisk.newest().header().revision() + 1,
                        "other-" + models,
                        SnapshotKind.SAVE,
                        theirs.toArray(String[]::new)));
            }
        }

        private void restart(boolean crash) {
            rig.pendingDown(false);
            if (crash) {
                rig.crash();
            } else {
                Rig.get(rig.keeper.take(SnapshotKind.SHUTDOWN));
                rig.crash();
            }
            Restore.Found found = rig.restore().latest();
            if (found.content().isEmpty()) {
                rig.state.set(dev.holdfast.host.serving.ServingState.EMPTY);
            }
            rig.start(found);
            Set<String> restored = rig.state.get().models().keySet();
            events.add("restored " + restored + " " + found.start().mode());
            if (inStoreAlone && rig.store.down) {
                // The journal did not take it, which the answer said; nor is there a store now.
                acknowledged.retainAll(restored);
            }
            assertThat(restored).containsAll(acknowledged);
            Rig.get(rig.keeper.take(SnapshotKind.STARTUP));
        }

        private void attach() {
            if (rig.keeper.status().mode() != Mode.DETACHED) {
                return;
            }
            try {
                rig.attach(random.nextBoolean() ? Take.STORE : Take.LOCAL);
                acknowledged.retainAll(rig.state.get().models().keySet());
                inStoreAlone = rig.isPendingDown();
            } catch (SnapshotStoreException | IllegalStateException | JournalException e) {
                assertThat(rig.keeper.status().mode()).isIn(Mode.DETACHED, Mode.ATTACHED);
                inStoreAlone |= rig.isPendingDown();
            }
        }

        private void noRevisionIsWrittenTwice() {
            Map<Long, String> saveIds = new HashMap<>();
            List<SnapshotHeader> writes = rig.storeDisk.writes();
            for (SnapshotHeader header : writes) {
                String before = saveIds.putIfAbsent(header.revision(), header.saveId());
                assertThat(before == null || before.equals(header.saveId()))
                        .as("revision %s", header.revision())
                        .isTrue();
            }
        }
    }
}
