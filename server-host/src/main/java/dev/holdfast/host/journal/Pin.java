package dev.holdfast.host.journal;

import java.util.Locale;

/** A side of a divergence, which the journal keeps until a person has decided. */
public enum Pin {
    /** What both sides follow. */
    BASE,
    /** The last snapshot that this host took itself, where the copies are others'; its configuration is in it. */
    OURS,
    /** What the store had when the divergence was found. */
    THEIRS;

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
