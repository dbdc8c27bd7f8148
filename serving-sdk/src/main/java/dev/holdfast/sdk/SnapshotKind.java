package dev.holdfast.sdk;

import java.util.Arrays;
import java.util.Locale;

/** The occasion on which a snapshot was taken. */
public enum SnapshotKind {
    /** After a successful start. */
    STARTUP,
    /** After a management call that changed the serving state. */
    SNAPSHOT,
    /** At an orderly stop. */
    SHUTDOWN,
    /** On request, under a name that the operator chose. */
    SAVE;

    /** The word in names and headers: {@code startup}, {@code snapshot}, {@code shutdown} or {@code save}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static boolean isWord(String word) {
        return Arrays.stream(values()).anyMatch(kind -> kind.word().equals(word));
    }

    /**
     * The kind of a word.
     *
     * @throws IllegalArgumentException if it is none of the four
     */
    public static SnapshotKind of(String word) {
        for (SnapshotKind kind : values()) {
            if (kind.word().equals(word)) {
                return kind;
            }
        }
        throw new IllegalArgumentException(
                "Snapshot kind '" + word + "' must be one of startup, snapshot, shutdown, save");
    }
}
