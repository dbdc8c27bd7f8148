package dev.holdfast.host.serving;

import dev.holdfast.host.state.StoredState;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/** What is known of the state that a model had when it was stored last. */
final class LastStored {

    volatile StoredState base = StoredState.NONE;
    /** Whether no snapshot of the store that this host knows of is sure to hold the base. */
    volatile boolean inherited;

    volatile long updates;
    /** How often the store was to be asked for the base, and to get what it lacks, though nothing was learned since. */
    final AtomicLong doubts = new AtomicLong();
    /** How many of the doubts are settled by a state that was stored. */
    volatile long settled;

    /** When it was stored last, and when storing it failed last, by a clock that nobody sets. */
    volatile long storedNanos = System.nanoTime();

    volatile OptionalLong failedNanos = OptionalLong.empty();
    /** Why what was learned is not stored; empty while it is, or is not due. */
    volatile Optional<String> failure = Optional.empty();

    volatile boolean warned;

    boolean isDoubted() {
        return doubts.get() != settled && base.reference().isPresent();
    }
}
