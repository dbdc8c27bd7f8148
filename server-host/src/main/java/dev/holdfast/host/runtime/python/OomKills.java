package dev.holdfast.host.runtime.python;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How many processes of this host's control group the kernel has killed because there was no memory left. */
final class OomKills {

    private static final String COUNTER = "oom_kill ";

    private final List<Path> files;

    private OomKills(List<Path> files) {
        this.files = files;
    }

    /** The counters of this process's own group: version 2, where it is mounted as usual, then version 1. */
    static OomKills ofThisProcess() {
        Path groups = Path.of("/sys/fs/cgroup");
        String own = "";
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/cgroup"))) {
                if (line.startsWith("0::/")) {
                    own = line.substring("0::/".length());
                }
            }
        } catch (IOException e) {
            // No Linux, or none that tells.
        }
        return of(List.of(groups.resolve(own).resolve("memory.events"), groups.resolve("memory/memory.oom_control")));
    }

    static OomKills of(List<Path> files) {
        return new OomKills(List.copyOf(files));
    }

    /** 0 where nothing tells. */
    long count() {
        for (Path file : files) {
            try {
                for (String line : Files.readAllLines(file)) {
                    if (line.startsWith(COUNTER)) {
                        return Long.parseLong(line.substring(COUNTER.length()).strip());
                    }
                }
            } catch (IOException | NumberFormatException e) {
                // The other version may tell.
            }
        }
        return 0;
    }
}
