package dev.holdfast.host.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One process, told apart from every other that had or will have its number.
 *
 * <p>On Linux the birth is the boot's id and the clock ticks since boot: setting the clock changes neither. Elsewhere it
 * is the start instant that the JDK knows.
 *
 * @param birth when the process began, as a word to compare and not to read
 */
record ProcessIdentity(long pid, String birth) {

    private static final Path PROC = Path.of("/proc");

    static ProcessIdentity current() {
        return of(ProcessHandle.current().pid())
                .orElseThrow(() -> new IllegalStateException("This process cannot tell when it began"));
    }

    /** The process that has a number now; empty if none has it, or it has ended and only waits to be reaped. */
    static Optional<ProcessIdentity> of(long pid) {
        return Files.isReadable(PROC.resolve("self/stat")) ? ofLinux(pid, PROC) : ofHandle(pid);
    }

    static Optional<ProcessIdentity> ofLinux(long pid, Path proc) {
        try {
            String stat =
                    Files.readString(proc.resolve(Long.toString(pid)).resolve("stat"), StandardCharsets.ISO_8859_1);
            // The second field is the name in brackets and may hold anything; from the last bracket on there are
            // numbers.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
            if (fields.length < 20 || fields[0].equals("Z") || fields[0].equals("X")) {
                return Optional.empty();
            }
            String boot =
                    Files.readString(proc.resolve("sys/kernel/random/boot_id")).strip();
            return Optional.of(new ProcessIdentity(pid, boot + "+" + fields[19]));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Optional<ProcessIdentity> ofHandle(long pid) {
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .flatMap(handle -> handle.info().startInstant())
                .map(instant -> new ProcessIdentity(pid, instant.toString()));
    }

    /** Whether this very process still runs. */
    boolean isAlive() {
        return of(pid).filter(this::equals).isPresent();
    }
}
