package dev.holdfast.host.crash;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records the calls into plugins that are under way, so that after an unexpected end of the process one can see which of them
 * did not return.
 *
 * <p>Costs a call a few writes to memory. A log location that cannot be written to costs the record, with a line in the log.
 * Safe for several threads.
 */
public final class CallRecord implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CallRecord.class);
    private static final byte CALLING = 'C';

    private final @Nullable WorkFile work;
    private final List<String> notices;
    private volatile boolean failed;

    private CallRecord(@Nullable WorkFile work, List<String> notices) {
        this.work = work;
        this.notices = List.copyOf(notices);
    }

    /**
     * Logs the calls that did not return in the previous host, and begins this host's record. The caller sees to it that the
     * log location has one host at a time.
     */
    public static CallRecord open(Path logLocation, CrashRecord.Here here, Clock clock) {
        Path file = file(logLocation);
        List<String> notices = List.of();
        try {
            OwnFiles.createParent(file);
            notices =
                    WorkFile.read(file)
                            .filter(left -> left.boot().equals(here.boot()))
                            .flatMap(CallRecord::notice)
                            .stream()
                            .toList();
            notices.forEach(log::warn);
            return new CallRecord(
                    WorkFile.create(file, here.pid(), here.boot(), clock.millis(), here.directory()), notices);
        } catch (IOException | RuntimeException e) {
            log.warn(
                    "{} cannot be written: which call of a plugin ends this process will not be known at the next start: {}",
                    file,
                    OneLine.of(e.toString()));
            log.debug("The record of calls cannot be kept", e);
            return new CallRecord(null, notices);
        }
    }

    private static Path file(Path logLocation) {
        return logLocation.toAbsolutePath().resolve("crash").resolve("calls");
    }

    private static Optional<String> notice(WorkFile.Left left) {
        return calls(left)
                .map(calls ->
                        "The host before, process " + left.pid() + ", ended unexpectedly while it was calling " + calls
                                + "; where it was not killed from outside, the plugin ended it: use another version of it, or tell"
                                + " its author");
    }

    private static Optional<String> calls(WorkFile.Left left) {
        List<String> calls = left.lines().stream()
                .filter(line -> line.sign() == CALLING)
                .map(line -> OneLine.of(line.text()))
                .toList();
        return left.how() == Ending.How.UNEXPECTED && !calls.isEmpty()
                ? Optional.of(String.join(", and ", calls))
                : Optional.empty();
    }

    /**
     * The calls that a process has under way, or had when it ended unexpectedly.
     *
     * @return such as {@code save of serializer s3 of plugin s3.jar}; empty if there are none, or the record is another one's
     */
    public static Optional<String> underWay(Path logLocation, long pid) {
        try {
            return WorkFile.read(file(logLocation))
                    .filter(left -> left.pid() == pid)
                    .flatMap(CallRecord::calls);
        } catch (IOException | RuntimeException e) {
            log.debug("The record of calls cannot be read", e);
            return Optional.empty();
        }
    }

    /** Notes that a process is told to end, whatever it is calling; may be called from any thread. */
    public static void toldToEnd(Path logLocation) {
        try {
            WorkFile.givenUp(file(logLocation));
        } catch (IOException e) {
            log.debug("The record of calls does not tell of the end", e);
        }
    }

    /** How the previous host ended, in lines for the operator; empty if there is nothing to tell. */
    public List<String> notices() {
        return notices;
    }

    /**
     * A call is about to begin.
     *
     * @return to be run when it has ended
     */
    public Runnable begins(String call) {
        if (work == null || failed) {
            return CallRecord::nothing;
        }
        try {
            WorkFile.Slot slot = work.slot(call);
            slot.mark(CALLING);
            return slot::close;
        } catch (IOException | RuntimeException e) {
            failed = true;
            log.warn("The record of calls into plugins cannot be written: {}", OneLine.of(e.toString()));
            return CallRecord::nothing;
        }
    }

    /** Marks the record's end as orderly. */
    @Override
    public void close() {
        if (work == null) {
            return;
        }
        work.ended(true);
        try {
            work.close();
        } catch (IOException e) {
            log.debug("The record of calls could not be closed", e);
        }
    }

    private static void nothing() {
        // Runs at the end of a call that was not recorded.
    }
}
