package dev.holdfast.host.serving;

import dev.holdfast.host.common.ControlGroup;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * How much memory is left for this process: what Linux calls available on the machine, and what the control groups that the
 * process is in may still take, whichever is least.
 */
public final class MemoryLeft implements Supplier<OptionalLong> {

    private final Path proc;
    private final ControlGroup group;

    public MemoryLeft() {
        this(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
    }

    /**
     * @param proc where the kernel tells of the machine and of this process
     * @param groups where the control groups are
     */
    MemoryLeft(Path proc, Path groups) {
        this.proc = proc;
        this.group = new ControlGroup(proc, groups);
    }

    /** In bytes; empty where the system does not tell. */
    @Override
    public OptionalLong get() {
        OptionalLong available = ControlGroup.number(proc.resolve("meminfo"), "MemAvailable:");
        OptionalLong ofGroup = group.bytesLeft();
        if (available.isEmpty()) {
            return ofGroup;
        }
        return OptionalLong.of(Math.min(available.getAsLong() * 1024, ofGroup.orElse(Long.MAX_VALUE)));
    }
}
