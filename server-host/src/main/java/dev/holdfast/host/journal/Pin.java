package dev.holdfast.host.journal;

import java.util.Locale;

/** A side of a divergence, kept until an operator has decided. */
public enum Pin {
    /** What both sides follow. */
    BASE,
    /** The last snapshot that this host took itself, with its configuration, where the copies are others'. */
    OURS,
    /** What the store had when the divergence was found. */
    THEIRS;

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
