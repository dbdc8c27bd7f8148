package dev.holdfast.host.runtime;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What the operator says of running requests of different callers together. */
public enum Batching {
    /** As the archive's author says; where the author says nothing, as a self-check at load finds. */
    AUTO,
    /** Together, on the operator's word, along the dimensions that the archive names or else the first. */
    JOINED,
    /** One by one, whatever the archive says. */
    SINGLE;

    /** The names of all, for messages. */
    public static final String NAMES = "auto, joined or single";

    /** As it stands in calls, answers and snapshots. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<Batching> of(String text) {
        return Arrays.stream(values())
                .filter(value -> value.text().equals(text))
                .findFirst();
    }
}
