package dev.holdfast.host.http;

import dev.holdfast.host.metrics.Histogram;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Arrays;

/** One metric of histograms on its way to a scrape. */
final class Distributions {

    private final HistogramSnapshot.Builder snapshot;

    Distributions(String name, String help) {
        this.snapshot = HistogramSnapshot.builder().name(name).help(help);
    }

    Distributions add(Histogram histogram, Labels labels) {
        Number[] counts = Arrays.stream(histogram.counts()).boxed().toArray(Number[]::new);
        snapshot.dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(ClassicHistogramBuckets.of(
                        Arrays.stream(histogram.bounds()).boxed().toList(), Arrays.asList(counts)))
                .sum(histogram.sum())
                .labels(labels)
                .build());
        return this;
    }

    HistogramSnapshot build() {
        return snapshot.build();
    }
}
