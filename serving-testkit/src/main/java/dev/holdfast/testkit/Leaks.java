package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The threads and open files of this process at one moment, to find later what was not let go of.
 *
 * <p>Others in the process come and go too, such as a store that runs in it. So something is done many times over, and what
 * counts is whether as many are left.
 */
final class Leaks {

    /** Linux has the first, other Unixes the second; elsewhere nothing is found. */
    private static final List<Path> DESCRIPTORS = List.of(Path.of("/proc/self/fd"), Path.of("/dev/fd"));

    private final Set<Thread> threads = Thread.getAllStackTraces().keySet();
    private final Map<String, String> files = openFiles();

    /**
     * Waits for what ends by itself.
     *
     * @param times how often something was done meanwhile that is to leave nothing
     * @param stillness how long nothing may have ended before what is left counts as left for good
     */
    void requireFewerThan(int times, Duration stillness, String what) {
        long changed = System.nanoTime();
        int before = Integer.MAX_VALUE;
        while (System.nanoTime() - changed < stillness.toNanos()
                && (newThreads().size() >= times || newFiles().size() >= times)) {
            int now = newThreads().size() + newFiles().size();
            if (now < before) {
                before = now;
                changed = System.nanoTime();
            }
            LockSupport.parkNanos(20_000_000);
        }
        assertThat(names(newThreads().stream().map(Thread::getName).toList()))
                .as("threads that are left after %s, %d times: close must end them", what, times)
                .satisfies(left -> assertThat(total(left)).isLessThan(times));
        assertThat(names(newFiles()))
                .as("descriptors that are left open after %s, %d times", what, times)
                .satisfies(left -> assertThat(total(left)).isLessThan(times));
    }

    private List<Thread> newThreads() {
        Set<Thread> now = new HashSet<>(Thread.getAllStackTraces().keySet());
        now.removeAll(threads);
        return List.copyOf(now);
    }

    private List<String> newFiles() {
        Map<String, String> now = openFiles();
        now.entrySet().removeAll(files.entrySet());
        return List.copyOf(now.values());
    }

    /** By the number of the descriptor, what it leads to. */
    private static Map<String, String> openFiles() {
        Map<String, String> found = new HashMap<>();
        for (Path directory : DESCRIPTORS) {
            if (!Files.isDirectory(directory)) {
                continue;
            }
            try (Stream<Path> descriptors = Files.list(directory)) {
                for (Path descriptor : descriptors.toList()) {
                    found.put(String.valueOf(descriptor.getFileName()), target(descriptor));
                }
            } catch (IOException e) {
                continue;
            }
            return found;
        }
        return found;
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException | UnsupportedOperationException e) {
            // That of the listing itself is closed by now.
            return "?";
        }
    }

    /** Equal but for their numbers, with how many there are. */
    private static Map<String, Long> names(List<String> all) {
        return all.stream()
                .map(name -> name.replaceAll("[0-9]+", "…"))
                .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
    }

    private static long total(Map<String, Long> names) {
        return names.values().stream().mapToLong(Long::longValue).sum();
    }
}
