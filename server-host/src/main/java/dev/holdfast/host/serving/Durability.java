package dev.holdfast.host.serving;

import java.util.List;
import java.util.Optional;

/**
 * What became of a change beyond the memory of this process.
 *
 * @param kind how far it got
 * @param snapshot the name of the snapshot that holds it, where one does
 * @param notice what the caller of a management call should know: that the store is down, or the host detached
 */
public record Durability(Kind kind, Optional<String> snapshot, List<String> notice) {

    /** How far a change got. */
    public enum Kind {
        /** In the chosen store, durably. */
        STORED,
        /** In the journal on this host's disk, durably; the chosen store follows when it is back. */
        SPOOLED,
        /**
         * Nowhere, and not running either: the host has gone over to what another host saved at the same time, or to a snapshot
         * that was restored.
         */
        UNDONE,
        /** Nowhere: the operator switched snapshots off. */
        NOT_KEPT,
        /** Nowhere, against the operator's will: a restart now would not bring it back. */
        LOST_ON_RESTART
    }

    /** The notice of a change that is undone because a restore, and no other host, took its place. */
    public static final String RESTORED_OVER = "A snapshot was restored on this host at the same time.";

    public static final Durability NOT_KEPT = new Durability(Kind.NOT_KEPT, Optional.empty(), List.of());

    public Durability {
        notice = List.copyOf(notice);
    }

    /** Whether a restart serves the change, or nobody wants it to. */
    public boolean isKept() {
        return kind != Kind.LOST_ON_RESTART && kind != Kind.UNDONE;
    }
}
