package dev.holdfast.host.api;

import java.util.List;
import java.util.Optional;

/**
 * A change that was made, and that a restart brings back unless snapshots are switched off.
 *
 * @param progress how far the workers are
 * @param sentence what was done
 * @param snapshot the name of the snapshot that holds it, where one does
 * @param notices what the caller should know of the store, for this change
 */
public record ChangeResult(Progress progress, String sentence, Optional<String> snapshot, List<String> notices) {

    /** How far the workers of the changed model are. */
    public enum Progress {
        DONE,
        WORKERS_START_LATER,
        WORKERS_STILL_STARTING
    }

    /** The same in other words. */
    ChangeResult saying(String other) {
        return new ChangeResult(progress, other, snapshot, notices);
    }

    public ChangeResult {
        notices = List.copyOf(notices);
    }
}
