package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Batching;
import java.time.Duration;
import java.util.Optional;

/** Version states for tests. */
final class Versions {

    private Versions() {}

    static ServedVersion of(String archive, int workers) {
        return of(archive, workers, 1, Duration.ZERO, Duration.ofSeconds(60));
    }

    static ServedVersion of(
            String archive, int workers, int batchSize, Duration maxBatchDelay, Duration responseTimeout) {
        return new ServedVersion(
                archive,
                workers,
                workers,
                batchSize,
                maxBatchDelay,
                responseTimeout,
                Duration.ofSeconds(60),
                "python",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Batching.AUTO);
    }
}
