package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;

/** Waiting for a moment, which an interrupt ends. */
final class Pause {

    private Pause() {}

    /** @throws StoreUnavailableException if the thread is interrupted; the interrupt stays set */
    static void of(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("Interrupted while waiting for DynamoDB", e);
        }
    }
}
