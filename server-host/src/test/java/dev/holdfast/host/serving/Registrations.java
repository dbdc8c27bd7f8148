package dev.holdfast.host.serving;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** Registrations that leave all but a little to the archive and the configuration. */
public final class Registrations {

    private Registrations() {}

    public static Registration of(String location) {
        return of(location, Optional.empty(), OptionalInt.empty(), Optional.empty(), Optional.empty());
    }

    static Registration named(String location, String name) {
        return of(location, Optional.of(name), OptionalInt.empty(), Optional.empty(), Optional.empty());
    }

    public static Registration withWorkers(String location, int workers) {
        return of(location, Optional.empty(), OptionalInt.of(workers), Optional.empty(), Optional.empty());
    }

    /** One worker, which does not wait for a batch to fill. */
    public static Registration prompt(String location) {
        return of(location, Optional.empty(), OptionalInt.of(1), Optional.of(Duration.ZERO), Optional.empty());
    }

    static Registration withStartupTimeout(String location, Duration timeout) {
        return of(location, Optional.empty(), OptionalInt.empty(), Optional.empty(), Optional.of(timeout));
    }

    private static Registration of(
            String location,
            Optional<String> name,
            OptionalInt workers,
            Optional<Duration> maxBatchDelay,
            Optional<Duration> startupTimeout) {
        return new Registration(
                location,
                name,
                Optional.empty(),
                Optional.empty(),
                workers,
                OptionalInt.empty(),
                maxBatchDelay,
                Optional.empty(),
                startupTimeout,
                Optional.empty());
    }
}
