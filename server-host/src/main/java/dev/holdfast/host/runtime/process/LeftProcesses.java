package dev.holdfast.host.runtime.process;

import dev.holdfast.host.text.OneLine;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Processes that may have outlived their worker, found by what is on their command lines. To look at all processes of the machine
 * takes long where there are many: those who ask while somebody looks share the next look. Safe for several threads.
 */
final class LeftProcesses {

    private static final Logger log = LoggerFactory.getLogger(LeftProcesses.class);
    private static final int SECONDS_TO_END = 10;

    /** One look at all processes. */
    private static final class Look {
        private final Set<String> arguments = new HashSet<>();
        private boolean over;
    }

    private final Object looking = new Object();

    /** That has not begun; guarded by this, as what is in it. */
    private Look next = new Look();

    /** Ends every process with this argument, and returns when they are gone. */
    void end(String argument) {
        Look mine;
        synchronized (this) {
            mine = next;
            mine.arguments.add(argument);
        }
        synchronized (looking) {
            if (mine.over) {
                return;
            }
            synchronized (this) {
                next = new Look();
            }
            end(mine.arguments::contains);
            mine.over = true;
        }
    }

    /**
     * Ends every process of this user that has a certain argument on its command line, but for this one.
     *
     * @return how many there were
     */
    static long end(Predicate<String> argument) {
        List<ProcessHandle> left = ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .filter(process -> process.info()
                        .arguments()
                        .filter(arguments -> Arrays.stream(arguments).anyMatch(argument))
                        .isPresent())
                .filter(ProcessHandle::destroyForcibly)
                .toList();
        for (ProcessHandle process : left) {
            try {
                process.onExit().orTimeout(SECONDS_TO_END, TimeUnit.SECONDS).join();
            } catch (RuntimeException e) {
                log.warn("Process {} does not end: {}", process.pid(), OneLine.of(e));
            }
        }
        return left.size();
    }
}
