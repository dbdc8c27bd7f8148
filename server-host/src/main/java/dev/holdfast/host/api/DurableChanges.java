package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.api.ChangeResult.Progress;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotConflictException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Waits until changes are durable.
 *
 * @param patience how long a change may take to become durable, before the caller is told that it is not known to be
 */
record DurableChanges(Duration patience) {

    ChangeResult done(String sentence, CompletableFuture<Durability> durability) {
        return changed(Progress.DONE, sentence, durability);
    }

    /**
     * Waits until a change is durable.
     *
     * @param sentence what was done
     * @throws ApiFailure of kind NOT_SAVED if the change is running but a restart would lose it, CONFLICT if the name that
     *     it was to have is in use, UNDONE if another host's change or a restore took its place
     */
    ChangeResult changed(Progress progress, String sentence, CompletableFuture<Durability> durability) {
        Durability durable = await(durability);
        if (durable.kind() == Durability.Kind.LOST_ON_RESTART) {
            throw new ApiFailure(
                    Kind.NOT_SAVED,
                    "The change is running but it is not durable: a restart may lose it (" + sentence + "). "
                            + OneLine.sentences(durable.notice()));
        }
        return result(progress, sentence, durable);
    }

    /**
     * Waits until a save under a name is durable.
     *
     * @throws ApiFailure of kind NOT_SAVED if it is not, CONFLICT if the name is in use
     */
    ChangeResult saved(String name, CompletableFuture<Durability> durability) {
        Durability durable = await(durability);
        if (durable.kind() == Durability.Kind.LOST_ON_RESTART) {
            throw new ApiFailure(
                    Kind.NOT_SAVED,
                    "Snapshot \"" + name + "\" was not saved, or not for certain. "
                            + OneLine.sentences(durable.notice()));
        }
        return result(Progress.DONE, "Snapshot \"" + name + "\" saved", durable);
    }

    private static ChangeResult result(Progress progress, String sentence, Durability durable) {
        if (durable.isUndone()) {
            throw new ApiFailure(
                    Kind.UNDONE,
                    "The change was not made: "
                            + (durable.kind() == Durability.Kind.RESTORED_OVER
                                    ? "a snapshot was restored on this host"
                                    : "another host of the group saved one")
                            + " at the same time. Look at what is served, and try again. "
                            + OneLine.sentences(durable.notice()));
        }
        return new ChangeResult(progress, sentence, durable.snapshot(), durable.notice());
    }

    private Durability await(CompletableFuture<Durability> durability) {
        try {
            return durability.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return lost("The store has not answered within " + patience.toSeconds() + " s.");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SnapshotConflictException nameInUse) {
                throw new ApiFailure(Kind.CONFLICT, String.valueOf(nameInUse.getMessage()));
            }
            return lost("The snapshot failed: " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return lost("The host is stopping.");
        }
    }

    private static Durability lost(String why) {
        return new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of(why));
    }
}
