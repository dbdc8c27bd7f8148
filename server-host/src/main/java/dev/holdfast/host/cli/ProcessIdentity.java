package dev.holdfast.host.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

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
    private static final int STATE = 0;
    private static final int THREADS = 17;
    private static final int BIRTH = 19;
    private static final Pattern KILLED = Pattern.compile("(?m)^ShdPnd:\\s*\\p{XDigit}*[13579bdfBDF]\\p{XDigit}{2}$");

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
            String[] fields = stat(pid, proc);
            if (fields.length <= BIRTH || hasEnded(fields)) {
                return Optional.empty();
            }
            String boot =
                    Files.readString(proc.resolve("sys/kernel/random/boot_id")).strip();
            return Optional.of(new ProcessIdentity(pid, boot + "+" + fields[BIRTH]));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The fields from the third on: the second is the name in brackets and may hold anything. */
    private static String[] stat(long pid, Path proc) throws IOException {
        String stat = Files.readString(proc.resolve(Long.toString(pid)).resolve("stat"), StandardCharsets.ISO_8859_1);
        return stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
    }

    /**
     * A process whose first thread alone has ended is called a zombie too, and nearly every JVM is one for a while when it
     * ends: its locks are free, and its files are written, only when the last thread has ended.
     */
    private static boolean hasEnded(String[] stat) {
        return stat[STATE].equals("X") || (stat[STATE].equals("Z") && Integer.parseInt(stat[THREADS]) <= 1);
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

    /**
     * Whether this very process is still there, but runs nothing of its program any more: it was killed, or its first thread
     * has ended. Only Linux tells; elsewhere the answer is no.
     */
    boolean isEnding() {
        return isAlive() && isEndingOnLinux(pid, PROC);
    }

    static boolean isEndingOnLinux(long pid, Path proc) {
        try {
            // SIGKILL stays pending for the process until its last thread has ended.
            return stat(pid, proc)[STATE].equals("Z")
                    || KILLED.matcher(Files.readString(
                                    proc.resolve(Long.toString(pid)).resolve("status"), StandardCharsets.ISO_8859_1))
                            .find();
        } catch (IOException e) {
            return false;
        }
    }
}
