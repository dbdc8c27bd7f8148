package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.SnapshotKind;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A host that follows: how it learns of what others save, and what it says while it is behind. */
class FollowingTest {

    private final FakeStore.Disk disk = new FakeStore.Disk();
    private final Rig other = new Rig(disk);
    private final Rig host = new Rig(disk);

    @BeforeEach
    void begin() {
        other.host = "other-host";
        other.start();
        other.changed("a");
        host.clock.set(host.clock.instant().plus(Duration.ofHours(1)));
        host.follows = true;
        host.mostLag = Duration.ofSeconds(10);
    }

    @AfterEach
    void end() {
        other.close();
        host.close();
    }

    @Test
    void aHostThatItsStoreTellsOfASaveGoesOverWithoutLooking() {
        host.look = Duration.ofDays(1);
        host.store.tellsHead = true;
        host.start();

        other.changed("b");

        await().until(() -> host.state.get().models().keySet().contains("b"));
        other.changed("c");
        await().until(() -> host.state.get().models().keySet().contains("c"));
    }

    @Test
    void theRevisionOfAnotherHostsStartWhichChangesNothingIsKnownToAllSoThatCallersMayNameIt() {
        host.start();

        Rig.get(other.keeper.take(SnapshotKind.STARTUP));

        long newest = disk.newest().header().revision();
        assertThat(disk.newest().header().kind()).isEqualTo(SnapshotKind.STARTUP);
        await().until(() -> host.keeper.status().revision() == newest);
        assertThat(Rig.get(host.changeOf(newest, state -> state)).kind()).isEqualTo(Durability.Kind.STORED);
    }

    @Test
    void theSameChangeForOneRevisionIsMadeByOneHostAloneThoughBothWouldServeTheSameAfterIt() {
        host.look = Duration.ofDays(1);
        other.look = Duration.ofDays(1);
        host.start();
        long seen = disk.newest().header().revision();
        assertThat(host.keeper.base().orElseThrow().header().revision()).isEqualTo(seen);
        UnaryOperator<ServingState> step =
                state -> state.with("a", ServedModel.of("1.0", States.version("a.mar", 2, 2)));

        Durability first = Rig.get(other.changeOf(seen, step));
        Durability second = Rig.get(host.changeOf(seen, step));
        Durability unconditional = Rig.get(host.change(step));

        assertThat(first.kind()).isEqualTo(Durability.Kind.STORED);
        assertThat(second.kind()).isEqualTo(Durability.Kind.UNDONE);
        assertThat(second.notice())
                .singleElement()
                .asString()
                .startsWith("Host other-host has made the same change first, in ");
        assertThat(unconditional.kind()).isEqualTo(Durability.Kind.STORED);
        assertThat(host.keeper.status().mode()).isEqualTo(StoreStatus.Mode.ATTACHED);
    }

    @Test
    void twoHostsOfOneNameAreStillTwo() {
        host.host = other.host;
        host.look = Duration.ofDays(1);
        host.start();
        long seen = disk.newest().header().revision();
        UnaryOperator<ServingState> step =
                state -> state.with("a", ServedModel.of("1.0", States.version("a.mar", 2, 2)));

        Rig.get(other.changeOf(seen, step));
        Durability second = Rig.get(host.changeOf(seen, step));

        assertThat(second.kind()).isEqualTo(Durability.Kind.UNDONE);
    }

    @Test
    void whatAnotherHostTeachesIsAnsweredHereTooAndGoneOnFromHere() {
        host.start();

        Rig.get(other.teach("a", 1));
        await().until(() -> host.state.get().equals(States.learned(host.state.get(), 1)));

        assertThat(Rig.get(host.teach("a", 2)).kind()).isEqualTo(Durability.Kind.STORED);
        assertThat(host.keeper.status().aside()).isEmpty();
        assertThat(host.takenOver).isEmpty();
        assertThat(States.learned(newest(), 2)).isEqualTo(newest());
    }

    @Test
    void whatALearningModelCannotTakeUpIsNotTakenForItsOwn() {
        host.takesUp = false;
        host.start();

        Rig.get(other.teach("a", 1));
        await().until(() -> !host.takenUp.isEmpty());
        host.teach("a", 2);

        await().until(() -> host.keeper.status().aside().size() == 1);
        assertThat(States.learned(newest(), 1)).isEqualTo(newest());
    }

    @Test
    void aHostThatDoesNotFollowGoesOnWithWhatItsOwnModelsKnow() {
        host.follows = false;
        host.start();

        Rig.get(other.teach("a", 1));
        host.changed("b");

        await().until(() -> host.keeper.base().orElseThrow().state().models().containsKey("b"));
        assertThat(host.takenUp).isEmpty();
    }

    @Test
    void theWholeSnapshotIsReadNowAndThenWhileNothingChangesAndAtOnceWhenSomethingDoes() {
        host.store.tellsHead = true;
        host.startByHand();
        host.keeper.look();
        int before = host.store.lastRead.get();

        for (int look = 0; look < 40; look++) {
            host.keeper.look();
        }

        assertThat(host.store.lastRead.get() - before).isBetween(2, 5);
        other.changed("b");
        host.keeper.look();
        host.keeper.look();
        assertThat(host.state.get().models().keySet()).containsExactly("a", "b");
    }

    @Test
    void aDamagedLastSnapshotIsFoundThoughItsSaveIdIsStillTheSame() {
        host.store.tellsHead = true;
        host.start();
        String damaged = disk.newest().header().name();

        disk.damaged.add(damaged);

        await().until(() -> !disk.newest().header().name().equals(damaged));
        assertThat(States.models(disk.newest())).containsExactly("a");
    }

    @Test
    void aHostIsReadyWhileItIsBehindForLessThanItMayBeAndNotReadyAfterThat() {
        host.startByHand();
        host.whileGoingOver = () -> {
            throw new IllegalStateException("no memory");
        };
        other.changed("b");
        host.keeper.look();
        host.keeper.look();
        host.nanos.addAndGet(Duration.ofSeconds(10).toNanos() - 1);

        StoreStatus behind = host.keeper.status();
        assertThat(behind.isCurrent()).isTrue();
        assertThat(behind.behind()).map(StoreStatus.Side::host).contains("other-host");
        assertThat(behind.notices())
                .singleElement()
                .asString()
                .startsWith("Behind store ddb, group default: host other-host has saved ")
                .contains("It tries again at each look");

        other.changed("c");
        host.keeper.look();
        host.keeper.look();
        host.nanos.incrementAndGet();

        StoreStatus late = host.keeper.status();
        assertThat(late.isCurrent()).isFalse();
        assertThat(late.notices())
                .contains(
                        "This host has been behind store ddb for longer than follow_max_lag (10 s), and is not ready");

        host.whileGoingOver = () -> {};
        host.keeper.look();
        host.keeper.look();
        assertThat(host.keeper.status().isCurrent()).isTrue();
        assertThat(host.keeper.status().behind()).isEmpty();
        assertThat(host.keeper.status().notices()).isEmpty();
    }

    @Test
    void aHostIsBehindWhileItGoesOver() {
        host.startByHand();
        host.whileGoingOver = () -> {
            assertThat(host.keeper.status().behind()).isPresent();
            assertThat(host.keeper.status().isCurrent()).isTrue();
            host.nanos.addAndGet(Duration.ofSeconds(10).toNanos());
            assertThat(host.keeper.status().isCurrent()).isFalse();
        };
        other.changed("b");

        host.keeper.look();
        host.keeper.look();

        assertThat(host.takenOver).hasSize(1);
        assertThat(host.keeper.status().isCurrent()).isTrue();
        assertThat(host.keeper.base().map(HistoryPoint::name))
                .contains(disk.newest().header().name());
    }

    private ServingState newest() {
        return HistoryPoint.of(disk.newest()).state();
    }
}
