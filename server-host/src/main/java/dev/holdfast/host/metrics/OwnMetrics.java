package dev.holdfast.host.metrics;

import java.util.List;
import java.util.Set;

/** The names of the host's own metrics, which handlers may not use: a scrape that has a name twice is refused as a whole. */
final class OwnMetrics {

    private static final Set<String> NAMES = Set.of(
            "Requests2XX",
            "Requests4XX",
            "Requests5XX",
            "QueueTime",
            "WorkerThreadTime",
            "WorkerLoadTime",
            "CPUUtilization",
            "MemoryUsed",
            "MemoryAvailable",
            "MemoryUtilization",
            "DiskUsage",
            "DiskUtilization",
            "DiskAvailable");

    private static final List<String> PREFIXES = List.of("holdfast_", "ts_", "jvm_", "process_", "system_");

    private OwnMetrics() {}

    static boolean has(String name) {
        return NAMES.contains(name) || PREFIXES.stream().anyMatch(name::startsWith);
    }
}
