package dev.holdfast.host.serving;

import dev.holdfast.host.state.StoredState;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/** What is known of the state that a model had when it was stored last. */
final class LastStored {

    volatile StoredState base = StoredState.NONE;
    /** Whether the store may have removed the base, as no snapshot that this host knows of is sure to refer to it. */
    volatile boolean inherited;

    volatile long updates;
    /** How often the stored state was marked as possibly missing. */
    final AtomicLong doubts = new AtomicLong();
    /** The value of {@link #doubts} that the last stored state has settled. */
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
