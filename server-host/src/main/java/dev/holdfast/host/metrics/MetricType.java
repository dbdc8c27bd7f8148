package dev.holdfast.host.metrics;

import java.util.Locale;
import java.util.Optional;

/** How the values of a metric are combined. */
public enum MetricType {
    /** They are added up. */
    COUNTER,
    /** The last one counts. */
    GAUGE,
    /** They are counted by their size. */
    HISTOGRAM;

    /** As {@code metrics.yaml} and the text of a scrape say it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<MetricType> of(String word) {
        for (MetricType type : values()) {
            if (type.name().equalsIgnoreCase(word)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
