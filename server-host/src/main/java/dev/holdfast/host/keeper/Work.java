package dev.holdfast.host.keeper;

import dev.holdfast.host.serving.Durability;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotKind;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Work of the keeper's thread, and who waits for it. */
sealed interface Work {

    /**
     * Takes a snapshot; those of {@linkplain #isChange() changes} that wait together share one.
     *
     * @param learner the model whose learning is the change, if it is that
     * @param conditional whether it is a change that its caller made for one revision, and wants to be the one that follows it
     */
    record Save(
            SnapshotKind kind,
            Optional<String> name,
            Optional<String> caller,
            Optional<String> learner,
            boolean conditional,
            CompletableFuture<Durability> done)
            implements Work {

        boolean isChange() {
            return kind == SnapshotKind.SNAPSHOT;
        }

        @Override
        public void fail(Throwable failure) {
            done.complete(lost(List.of(String.valueOf(failure))));
        }

        /** Nothing was saved, because the name is in use. */
        void refuse(SnapshotConflictException nameInUse) {
            done.completeExceptionally(nameInUse);
        }
    }

    /** Has the store note a removal before it happens. */
    record Trim(long upTo, CompletableFuture<Void> done) implements Work {

        @Override
        public void fail(Throwable failure) {
            done.completeExceptionally(failure);
        }
    }

    /** Ends a detachment as the operator decided. */
    record Attach(Snapshots.Take take, CompletableFuture<String> done) implements Work {

        @Override
        public void fail(Throwable failure) {
            done.completeExceptionally(failure);
        }
    }

    /** Tells who waits that it failed, unless it is done. */
    void fail(Throwable failure);

    /** The durability of a change that is in no snapshot. */
    static Durability lost(List<String> why) {
        return new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), why);
    }
}
