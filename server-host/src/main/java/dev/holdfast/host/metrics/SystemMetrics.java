package dev.holdfast.host.metrics;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Processor, memory and disk of the machine, under TorchServe's names. */
public final class SystemMetrics {

    private static final Logger log = LoggerFactory.getLogger(SystemMetrics.class);
    private static final double MEGABYTE = 1 << 20;
    private static final double GIGABYTE = 1 << 30;

    private final Path disk;

    /**
     * One value.
     *
     * @param unit in TorchServe's word
     */
    public record Measured(String name, String unit, double value) {}

    /** @param disk a directory on the disk that is measured */
    public SystemMetrics(Path disk) {
        this.disk = disk;
    }

    /** The values of now; those that this system does not tell are left out. */
    public List<Measured> measure() {
        List<Measured> all = new ArrayList<>();
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system) {
            all.add(new Measured("CPUUtilization", "Percent", Math.max(0, system.getCpuLoad()) * 100));
            double total = system.getTotalMemorySize();
            double available = available(system.getFreeMemorySize());
            all.add(new Measured("MemoryUsed", "Megabytes", (total - available) / MEGABYTE));
            all.add(new Measured("MemoryAvailable", "Megabytes", available / MEGABYTE));
            all.add(new Measured("MemoryUtilization", "Percent", percent(total - available, total)));
        }
        try {
            FileStore store = Files.getFileStore(disk);
            double total = store.getTotalSpace();
            double used = total - store.getUnallocatedSpace();
            double available = store.getUsableSpace();
            all.add(new Measured("DiskUsage", "Gigabytes", used / GIGABYTE));
            all.add(new Measured("DiskUtilization", "Percent", percent(used, used + available)));
            all.add(new Measured("DiskAvailable", "Gigabytes", available / GIGABYTE));
        } catch (IOException e) {
            log.debug("The disk of {} tells nothing", disk, e);
        }
        return all;
    }

    /** One digit after the point, as the original has it. */
    private static double percent(double part, double whole) {
        return whole <= 0 ? 0 : Math.round(1000 * part / whole) / 10.0;
    }

    /** What can be had without swapping, where the system tells; caches count as free then. */
    private static double available(long free) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemAvailable:")) {
                    return 1024.0 * Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
        } catch (IOException | NumberFormatException e) {
            log.debug("/proc/meminfo tells nothing", e);
        }
        return free;
    }

    /** Writes each as one value of the whole host. */
    public void write(MetricText text, String hostName) {
        for (Measured measured : measure()) {
            text.ofHost(measured.name(), MetricType.GAUGE, measured.unit(), hostName, measured.value());
        }
    }

    /** A line of {@code ts_metrics.log} for each. */
    public List<String> lines(String hostName, long seconds) {
        return measure().stream()
                .map(measured -> MetricText.logged(
                        String.format(Locale.ROOT, "%s.%s:%s", measured.name(), measured.unit(), measured.value()),
                        "Level:Host",
                        hostName,
                        "",
                        seconds))
                .toList();
    }
}
