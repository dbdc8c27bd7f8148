package dev.holdfast.host.serving;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * How much memory is left for this process: what Linux calls available on the machine, and what the control groups that the
 * process is in (version 1 or 2, and their parents) may still take, whichever is least. Files in the page cache count as
 * free where the kernel can drop them.
 */
public final class MemoryLeft implements Supplier<OptionalLong> {

    private final Path proc;
    private final Path groups;

    public MemoryLeft() {
        this(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
    }

    /**
     * @param proc where the kernel tells of the machine and of this process
     * @param groups where the control groups are
     */
    MemoryLeft(Path proc, Path groups) {
        this.proc = proc;
        this.groups = groups;
    }

    /** In bytes; empty where the system does not tell. */
    @Override
    public OptionalLong get() {
        OptionalLong least = number(proc.resolve("meminfo"), "MemAvailable:");
        if (least.isPresent()) {
            least = OptionalLong.of(least.getAsLong() * 1024);
        }
        for (String line : lines(proc.resolve("self/cgroup"))) {
            String[] fields = line.split(":", 3);
            if (fields.length == 3 && fields[1].isEmpty()) {
                least = least(least, groups, fields[2], "memory.max", "memory.current", "inactive_file");
            } else if (fields.length == 3 && Stream.of(fields[1].split(",")).anyMatch("memory"::equals)) {
                least = least(
                        least,
                        groups.resolve("memory"),
                        fields[2],
                        "memory.limit_in_bytes",
                        "memory.usage_in_bytes",
                        "total_inactive_file");
            }
        }
        return least;
    }

    /** A group has what it, and each group above it, may still take. In a container the path may not be visible: then the root. */
    private OptionalLong least(
            OptionalLong sofar, Path root, String group, String limit, String used, String droppable) {
        OptionalLong least = sofar;
        Path directory = inside(root, group);
        while (directory.startsWith(root)) {
            OptionalLong most = number(directory.resolve(limit), "");
            OptionalLong now = number(directory.resolve(used), "");
            if (most.isPresent() && now.isPresent()) {
                long cache = number(directory.resolve("memory.stat"), droppable + " ")
                        .orElse(0);
                long left = Math.max(0, most.getAsLong() - now.getAsLong() + cache);
                least = OptionalLong.of(Math.min(left, least.orElse(Long.MAX_VALUE)));
            }
            Path parent = directory.getParent();
            if (parent == null) {
                break;
            }
            directory = parent;
        }
        return least;
    }

    private static Path inside(Path root, String group) {
        try {
            Path directory = root.resolve(group.replaceFirst("^/+", "")).normalize();
            return directory.startsWith(root) && Files.isDirectory(directory) ? directory : root;
        } catch (InvalidPathException e) {
            return root;
        }
    }

    /** The number behind a word at the beginning of a line; empty where there is none, as for {@code max}. */
    private static OptionalLong number(Path file, String word) {
        Optional<String> found = lines(file).stream()
                .filter(line -> line.startsWith(word))
                .map(line -> line.substring(word.length()).strip().split(" ", 2)[0])
                .filter(text -> text.matches("[0-9]{1,18}"))
                .findFirst();
        return found.isPresent() ? OptionalLong.of(Long.parseLong(found.get())) : OptionalLong.empty();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            return List.of();
        }
    }
}
