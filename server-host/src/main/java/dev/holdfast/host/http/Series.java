package dev.holdfast.host.http;

import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;

/**
 * One metric on its way to a scrape. The type is "untyped", because the library would add {@code _total} to the name of a
 * counter, and dashboards made for TorchServe know the names without it.
 */
final class Series {

    private final UnknownSnapshot.Builder snapshot;

    Series(String name, String help) {
        this.snapshot = UnknownSnapshot.builder().name(name).help(help);
    }

    Series value(double value, Labels labels) {
        snapshot.dataPoint(UnknownSnapshot.UnknownDataPointSnapshot.builder()
                .value(value)
                .labels(labels)
                .build());
        return this;
    }

    UnknownSnapshot build() {
        return snapshot.build();
    }
}
