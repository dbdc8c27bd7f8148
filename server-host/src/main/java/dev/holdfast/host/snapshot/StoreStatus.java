package dev.holdfast.host.snapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a host stands with its snapshot store.
 *
 * @param store the serializer's name, such as {@code fs}
 * @param lastSnapshot the name of the newest snapshot that holds the serving state, if one does
 * @param revision the revision of that snapshot, 0 if there is none
 * @param spooled how many snapshots wait in the local spool for the store to return
 * @param notices one sentence for each thing that an operator should know; empty when all is well
 */
public record StoreStatus(
        String store,
        String group,
        Mode mode,
        Optional<String> lastSnapshot,
        long revision,
        int spooled,
        List<String> notices) {

    /** How the host writes. */
    public enum Mode {
        /** To the store. */
        ATTACHED,
        /** To the local spool until the store is back. */
        SPOOLING,
        /** To the local spool until the operator decides whose state goes on. */
        DETACHED,
        /** Not at all: the operator switched snapshots off. */
        OFF
    }

    public StoreStatus {
        notices = List.copyOf(notices);
    }

    /** The same with more to know. */
    StoreStatus withNotices(List<String> more) {
        if (more.isEmpty()) {
            return this;
        }
        List<String> all = new ArrayList<>(notices);
        all.addAll(more);
        return new StoreStatus(store, group, mode, lastSnapshot, revision, spooled, all);
    }
}
