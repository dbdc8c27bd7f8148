package dev.holdfast.host.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HousekeepingRoundTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    private final List<String> done = new ArrayList<>();

    @Test
    void aRoundIsDoneHoweverTheOneBeforeItFares() {
        List<HousekeepingRound> rounds = List.of(
                new HousekeepingRound(() -> () -> {
                    throw new IllegalStateException("a chunk is missing");
                }),
                new HousekeepingRound(() -> () -> {
                    throw new OutOfMemoryError("Java heap space");
                }),
                new HousekeepingRound(() -> () -> done.add("copies")));

        rounds.forEach(HousekeepingRound::run);
        rounds.forEach(HousekeepingRound::run);

        assertThat(done).containsExactly("copies", "copies");
        assertThat(log.warnings())
                .hasSize(4)
                .startsWith(
                        "Clearing away old snapshots and chunks broke off, and is tried again in the next round: a chunk is missing",
                        "Clearing away old snapshots and chunks broke off, and is tried again in the next round: Java heap space");
        assertThat(log.showStackTraces()).isFalse();
    }

    /** An interrupt is how a stop tells it. */
    @Test
    void aRoundThatAStopEndsIsNoFailure() {
        HousekeepingRound round = new HousekeepingRound(() -> () -> {
            Thread.currentThread().interrupt();
            EndedException.throwIfInterrupted();
            done.add("more");
        });

        round.run();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(done).isEmpty();
        assertThat(log.warnings()).isEmpty();
        assertThat(log.info())
                .containsExactly(
                        "Clearing away old snapshots and chunks ends, as the host stops; the next start goes on"
                                + " with it");
    }

    @Test
    void whatCannotBeOpenedIsOpenedInALaterRoundAndOnce() {
        List<String> opened = new ArrayList<>();
        HousekeepingRound round = new HousekeepingRound(() -> {
            opened.add("opened");
            if (opened.size() == 1) {
                throw new StoreUnavailableException("the store is down");
            }
            return () -> done.add("step");
        });

        round.run();
        assertThat(done).isEmpty();
        round.run();
        round.run();

        assertThat(done).hasSize(2);
        assertThat(opened).hasSize(2);
        assertThat(log.warnings()).singleElement().asString().endsWith("the store is down");
    }
}
