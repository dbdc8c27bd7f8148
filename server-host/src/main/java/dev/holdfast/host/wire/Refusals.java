package dev.holdfast.host.wire;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.text.OneLine;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls that were turned away before their routes: counted for the metrics, told in the log by one line a minute at the
 * most, and limited for addresses that try one key after the other. Safe for several threads.
 */
public final class Refusals implements AutoCloseable {

    /** Why a call was turned away. */
    public enum Reason {
        NO_TOKEN("without a token"),
        UNKNOWN_TOKEN("with an unknown token"),
        EXPIRED_TOKEN("with an expired token"),
        OTHER_SCOPE("with the token of another API"),
        FOREIGN_HOST("for a host name that is not this host's"),
        FOREIGN_PAGE("by a page from elsewhere");

        private final String words;

        Reason(String words) {
            this.words = words;
        }
    }

    /** So many unknown tokens an address may show in a minute. */
    public static final int ATTEMPTS = 60;

    private static final Logger log = LoggerFactory.getLogger(Refusals.class);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    /** So many addresses are remembered, those that tried last. */
    private static final int ADDRESSES = 10_000;

    /** What one address has tried since a time. */
    private record Attempts(Instant since, int count) {}

    private final Clock clock;
    private final ScheduledExecutorService lines = DaemonThreads.singleScheduled("http-refusals");

    // Guarded by this.
    private final Map<Reason, Long> all = new EnumMap<>(Reason.class);
    private final Map<Reason, Long> untold = new EnumMap<>(Reason.class);
    private String last = "";
    private Instant told = Instant.MIN;
    private boolean waiting;
    private final Map<String, Attempts> attempts = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Attempts> eldest) {
            return size() > ADDRESSES;
        }
    };

    public Refusals(Clock clock) {
        this.clock = clock;
    }

    /**
     * A call was turned away.
     *
     * @param address the caller's
     * @param call the method and the path
     * @return false if the address has shown more unknown tokens than it may
     */
    public synchronized boolean refused(Reason reason, String address, String call) {
        all.merge(reason, 1L, Long::sum);
        untold.merge(reason, 1L, Long::sum);
        last = OneLine.name(call) + " from " + address;
        Instant now = clock.instant();
        if (!waiting) {
            Duration rest = told.equals(Instant.MIN) ? Duration.ZERO : Duration.between(now, told.plus(MINUTE));
            if (rest.isNegative() || rest.isZero()) {
                tell();
            } else {
                waiting = true;
                lines.schedule(this::tellLater, rest.toMillis(), TimeUnit.MILLISECONDS);
            }
        }
        return reason != Reason.UNKNOWN_TOKEN || isWithinLimit(address, now);
    }

    private boolean isWithinLimit(String address, Instant now) {
        Attempts tried = attempts.merge(
                address,
                new Attempts(now, 1),
                (before, first) -> now.isBefore(before.since().plus(MINUTE))
                        ? new Attempts(before.since(), before.count() + 1)
                        : first);
        return tried.count() <= ATTEMPTS;
    }

    private synchronized void tellLater() {
        waiting = false;
        tell();
    }

    private void tell() {
        if (untold.isEmpty()) {
            return;
        }
        log.warn(
                "Calls turned away: {}; the last was {}",
                untold.entrySet().stream()
                        .map(count -> count.getValue() + " " + count.getKey().words)
                        .collect(Collectors.joining(", ")),
                last);
        untold.clear();
        told = clock.instant();
    }

    public synchronized MetricSnapshots collect() {
        // The library adds _total.
        CounterSnapshot.Builder refused = CounterSnapshot.builder()
                .name("holdfast_refused_calls")
                .help("Calls turned away before their routes, by the reason");
        for (Reason reason : Reason.values()) {
            refused.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                    .value((double) all.getOrDefault(reason, 0L))
                    .labels(Labels.of("reason", reason.name().toLowerCase(Locale.ROOT)))
                    .build());
        }
        return MetricSnapshots.of(refused.build());
    }

    /** Tells what is untold. */
    @Override
    public void close() {
        lines.shutdownNow();
        tellLater();
    }
}
