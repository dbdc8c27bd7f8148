package dev.holdfast.host.serving;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A change that is running.
 *
 * @param model the model's name
 * @param version the version that was changed
 * @param state how that version is served now; of an unregistered one, how it was
 * @param durability completes, never exceptionally, when the change is durable or cannot be made so
 */
public record RunningChange(
        String model, String version, ServedVersion state, CompletableFuture<Durability> durability) {

    /** The same, whose durability completes after {@code done} was told of it. */
    RunningChange andThen(Consumer<Durability> done) {
        return new RunningChange(model, version, state, durability.thenApply(known -> {
            done.accept(known);
            return known;
        }));
    }
}
