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
        /** The same, in a snapshot of another host, which had made the very same change before. */
        STORED_ELSEWHERE,
        /** In the journal on this host's disk, durably; the chosen store follows when it is back. */
        SPOOLED,
        /** Nowhere, and not running either: the host has gone over to what another host saved at the same time. */
        UNDONE,
        /** Nowhere, and not running either: a snapshot was restored on this host at the same time. */
        RESTORED_OVER,
        /** Nowhere: the operator switched snapshots off. */
        NOT_KEPT,
        /** Nowhere, against the operator's will: a restart now would not bring it back. */
        LOST_ON_RESTART
    }

    public static final Durability NOT_KEPT = new Durability(Kind.NOT_KEPT, Optional.empty(), List.of());

    public Durability {
        notice = List.copyOf(notice);
    }

    /** Whether a restart serves the change, or nobody wants it to. */
    public boolean isKept() {
        return kind != Kind.LOST_ON_RESTART && !isUndone();
    }

    /** Whether the chosen store holds the change. */
    public boolean isStored() {
        return kind == Kind.STORED || kind == Kind.STORED_ELSEWHERE;
    }

    /** Whether the change runs no more, as something else took its place. */
    public boolean isUndone() {
        return kind == Kind.UNDONE || kind == Kind.RESTORED_OVER;
    }
}
