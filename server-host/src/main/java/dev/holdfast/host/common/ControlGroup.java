package dev.holdfast.host.common;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What Linux tells of the control groups that this process is in, of version 1 or 2: how much memory they may still take, and
 * how many of their processes were killed for want of it. Looked up anew each time, for a process can be moved.
 */
public final class ControlGroup {

    private final Path proc;
    private final Path groups;

    public ControlGroup() {
        this(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
    }

    /**
     * @param proc where the kernel tells of this process
     * @param groups where the control groups are
     */
    public ControlGroup(Path proc, Path groups) {
        this.proc = proc;
        this.groups = groups;
    }

    /**
     * The names that a version gives to the same.
     *
     * @param root the group that all others of that version are in
     */
    private record Own(Path root, Path directory, String limit, String used, String droppable, String events) {}

    private List<Own> own() {
        List<Own> own = new ArrayList<>();
        for (String line : lines(proc.resolve("self/cgroup"))) {
            String[] fields = line.split(":", 3);
            if (fields.length == 3 && fields[1].isEmpty()) {
                own.add(new Own(
                        groups,
                        inside(groups, fields[2]),
                        "memory.max",
                        "memory.current",
                        "inactive_file",
                        "memory.events"));
            } else if (fields.length == 3 && Stream.of(fields[1].split(",")).anyMatch("memory"::equals)) {
                Path root = groups.resolve("memory");
                own.add(new Own(
                        root,
                        inside(root, fields[2]),
                        "memory.limit_in_bytes",
                        "memory.usage_in_bytes",
                        "total_inactive_file",
                        "memory.oom_control"));
            }
        }
        return own;
    }

    /** In a container the path may not be visible: then the root. */
    private static Path inside(Path root, String group) {
        try {
            Path directory = root.resolve(group.replaceFirst("^/+", "")).normalize();
            return directory.startsWith(root) && Files.isDirectory(directory) ? directory : root;
        } catch (InvalidPathException e) {
            return root;
        }
    }

    /**
     * How many bytes of memory the groups, and those above them, may still take, whichever is least; empty where none has a
     * limit. Files in the page cache count as free where the kernel can drop them.
     */
    public OptionalLong bytesLeft() {
        OptionalLong least = OptionalLong.empty();
        for (Own own : own()) {
            for (Path directory = own.directory();
                    directory != null && directory.startsWith(own.root());
                    directory = directory.getParent()) {
                OptionalLong most = number(directory.resolve(own.limit()), "");
                OptionalLong now = number(directory.resolve(own.used()), "");
                if (most.isPresent() && now.isPresent()) {
                    long cache = number(directory.resolve("memory.stat"), own.droppable() + " ")
                            .orElse(0);
                    long left = Math.max(0, most.getAsLong() - now.getAsLong() + cache);
                    least = OptionalLong.of(Math.min(left, least.orElse(Long.MAX_VALUE)));
                }
            }
        }
        return least;
    }

    /** How many processes of the group the kernel has killed because there was no memory left; 0 where nothing tells. */
    public long oomKills() {
        return own().stream()
                .map(own -> number(own.directory().resolve(own.events()), "oom_kill "))
                .flatMapToLong(OptionalLong::stream)
                .sum();
    }

    /** The number behind a word at the beginning of a line; empty where there is none, as for {@code max}. */
    public static OptionalLong number(Path file, String word) {
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
