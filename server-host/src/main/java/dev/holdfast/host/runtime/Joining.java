package dev.holdfast.host.runtime;

import java.util.Locale;

/**
 * Whether requests of different callers run together, and on whose word.
 *
 * @param why one sentence part for an operator, without a full stop
 */
public record Joining(By by, String why) {

    /** Who says that requests may run together. */
    public enum By {
        /** The author of the archive, or the operator who registered it. */
        AUTHOR,
        /** The self-check at load, which found no difference. */
        CHECKED,
        /** Nobody: they run one by one. */
        SINGLE;

        /** As it stands in answers and metrics. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public static Joining single(String why) {
        return new Joining(By.SINGLE, why);
    }

    public boolean isChecked() {
        return by == By.CHECKED;
    }

    public boolean isJoined() {
        return by != By.SINGLE;
    }
}
