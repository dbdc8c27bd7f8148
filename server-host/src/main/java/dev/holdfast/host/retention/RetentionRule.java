package dev.holdfast.host.retention;

import dev.holdfast.host.config.HostConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Which snapshots stay: those that any of its parts keeps.
 *
 * <pre>
 *   today ◀──────────────────────────────────────────────────────────────────────────────▶ long ago
 *   │ newest: the last so many, whatever their age │
 *   │ age: whatever is younger   │
 *   │ daily: the last one of each day                                │ nothing
 * </pre>
 *
 * @param newest how many of the newest; 0 for no such part
 * @param age those that are younger than this; zero for no such part
 * @param daily of today and of each of so many days before it, in UTC, the last snapshot; 0 for no such part. It adds to
 *     the other two: a rule without them keeps all
 */
public record RetentionRule(int newest, Duration age, int daily) {

    /** A rule that keeps all. */
    public static final RetentionRule ALL = new RetentionRule(0, Duration.ZERO, 0);

    /** What the operator asked for, or the default. */
    public static RetentionRule of(HostConfig config) {
        return new RetentionRule(
                config.snapshots().keep(),
                config.snapshots().keepFor(),
                config.snapshots().keepDaily());
    }

    /** Whether it removes nothing. */
    public boolean keepsAll() {
        return newest == 0 && age.isZero();
    }

    /**
     * What this rule or another one keeps.
     *
     * @param other one that keeps all counts as none: it comes from keys that nobody has set
     */
    public RetentionRule widenedBy(RetentionRule other) {
        if (keepsAll()) {
            return this;
        }
        return new RetentionRule(
                Math.max(newest, other.newest),
                age.compareTo(other.age) < 0 ? other.age : age,
                Math.max(daily, other.daily));
    }

    /** In words that follow "What stays: ". */
    @Override
    public String toString() {
        if (keepsAll()) {
            return "all";
        }
        List<String> parts = new ArrayList<>();
        if (newest > 0) {
            parts.add("the newest " + newest);
        }
        if (!age.isZero()) {
            parts.add("those younger than " + words(age));
        }
        if (daily > 0) {
            parts.add("the last of each day for " + daily + " days");
        }
        return String.join(", ", parts);
    }

    private static String words(Duration age) {
        return age.equals(Duration.ofDays(age.toDays())) ? age.toDays() + " days" : age.toSeconds() + " seconds";
    }
}
