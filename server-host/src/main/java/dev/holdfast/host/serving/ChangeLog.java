package dev.holdfast.host.serving;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** Where changes of the serving state are made durable. */
public interface ChangeLog {

    /**
     * Sets who asks for the changes that this thread makes from now on.
     *
     * @param caller the caller's address; empty when the call has ended
     */
    default void callFrom(Optional<String> caller) {}

    /**
     * Sets of which revision the group's newest snapshot has to be for the changes that this thread makes from now on.
     *
     * @param revision empty for any, which holds until this is called
     */
    default void expect(OptionalLong revision) {}

    /** Whether changes of this thread are made only on one revision, and none was made since that was said. */
    default boolean isExpecting() {
        return false;
    }

    /**
     * Requires that what is served is the snapshot of the revision that this thread expects, and nothing has changed since. Where
     * it is, the thread expects nothing more: the next change of the same call comes after this one.
     *
     * @throws ServingException of kind PRECONDITION if it is not
     */
    default void requireExpected() {}

    /** A change has begun, so that one save can wait for several; {@link #changed} or {@link #abandoned} ends it. */
    void begin();

    /** The change that began came to nothing. */
    void abandoned();

    /**
     * The change that began is in the serving state now. To be called before anything that {@linkplain #overtaken overtakes}
     * it can be.
     *
     * @return completes, never exceptionally, when a snapshot that holds it is durable or cannot be made so
     */
    CompletableFuture<Durability> changed();

    /**
     * The change that began is what a model has learned, and in the serving state now. As {@link #changed}, but where others
     * have learned otherwise it counts as durable only when it is kept beside theirs.
     */
    default CompletableFuture<Durability> learned(String model) {
        return changed();
    }

    /** The serving state has been replaced as a whole: changes that are in no snapshot yet are not in it any more. */
    void overtaken();

    /** As {@link #overtaken}, by a snapshot that an operator has restored. */
    default void overtakenByRestore() {
        overtaken();
    }
}
