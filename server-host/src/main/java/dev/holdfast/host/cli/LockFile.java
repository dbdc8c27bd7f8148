package dev.holdfast.host.cli;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file in a log location whose lock says that the location is taken; its text says by which process.
 *
 * <p>So a host that still starts, and has no run file yet, can be told to stop too. What a killed host left there names a
 * process that is gone.
 */
final class LockFile {

    static final String NAME = "holdfast.lock";

    /** Another command that asks whether the lock is free has it for less. */
    private static final Duration A_LOOK = Duration.ofMillis(200);
    /** What a host may need from the lock to its signature. */
    private static final Duration A_SIGNATURE = Duration.ofSeconds(1);

    private static final Pattern TEXT = Pattern.compile("pid ([0-9]{1,18}) ([!-~]{1,128})\\s*");

    private LockFile() {}

    /** Opens the file, which is made if it is not there. Its name stays for ever: removing it would make two locks of one. */
    static FileChannel open(Path logLocation) throws IOException {
        return OwnFiles.open(logLocation.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    /**
     * Takes the lock; empty if another process has it.
     *
     * <p>One that was killed is waited for: it has the lock until the last of its threads has ended, which takes a moment, and
     * longer where one of them waits for a disk.
     */
    static Optional<FileLock> take(FileChannel channel, Path logLocation, Duration patience)
            throws IOException, InterruptedException {
        long begin = System.nanoTime();
        while (true) {
            // In this order: whoever was ending when it was looked at may have let go by now.
            boolean letsGo = signer(logLocation)
                    .filter(process -> !process.isAlive() || process.isEnding())
                    .isPresent();
            FileLock lock = channel.tryLock();
            Duration limit = letsGo || patience.compareTo(A_LOOK) < 0 ? patience : A_LOOK;
            if (lock != null || System.nanoTime() - begin > limit.toNanos()) {
                return Optional.ofNullable(lock);
            }
            // The system's own waiting for a lock has no limit of time.
            Thread.sleep(10);
        }
    }

    /** Writes who has the lock; called by the one who has it. */
    static void sign(FileChannel locked, ProcessIdentity process) throws IOException {
        String text = "pid " + process.pid() + " " + process.birth() + "\n";
        locked.truncate(0);
        locked.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
    }

    /** The process that has the lock of a log location, if it runs and belongs to the user who owns the file. */
    static Optional<ProcessIdentity> holder(Path logLocation) {
        return signer(logLocation)
                .filter(process -> process.isAlive() && isOfItsOwner(logLocation.resolve(NAME), process));
    }

    /**
     * Whether a process has the lock that this command cannot see: {@link #holder} knows of none, and the lock is not free.
     * Not to be asked by a process that has a lock there itself, which would lose it.
     *
     * @throws CommandFailure if that cannot be told
     */
    static boolean isHeldUnseen(Path logLocation) {
        try {
            long begin = System.nanoTime();
            // In this order: whoever was seen, or was ending, may have let go by the time that the lock is asked.
            while (holder(logLocation).isEmpty() && isHeld(logLocation)) {
                if (System.nanoTime() - begin > A_SIGNATURE.toNanos()) {
                    return true;
                }
                Thread.sleep(10);
            }
            return false;
        } catch (IOException e) {
            throw new CommandFailure(
                    "Whether a host runs with the log location " + logLocation + " cannot be told, because " + NAME
                            + " there cannot be read (" + e + "); run this as the user whose host it is",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("Interrupted while asking whether a host runs with " + logLocation, e);
        }
    }

    private static boolean isHeld(Path logLocation) throws IOException {
        try (FileChannel channel = OwnFiles.open(logLocation.resolve(NAME), StandardOpenOption.READ);
                FileLock free = channel.tryLock(0, Long.MAX_VALUE, true)) {
            return free == null;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** What there is to say of a lock that is {@link #isHeldUnseen}. */
    static String unseen(Path logLocation) {
        return "A host runs with the log location " + logLocation + ", because its " + NAME + " is locked"
                + signer(logLocation)
                        .map(process -> " (by pid " + process.pid() + " where it runs)")
                        .orElse("")
                + ", but its process cannot be seen from here: it runs in another container, in another pid namespace or"
                + " on another machine. Stop it there, with holdfast --stop --log-location or with SIGTERM";
    }

    private static boolean isOfItsOwner(Path file, ProcessIdentity process) {
        try {
            Optional<String> user = ProcessHandle.of(process.pid())
                    .flatMap(handle -> handle.info().user());
            return user.isPresent() && OwnFiles.isOf(user.get(), file);
        } catch (IOException e) {
            return false;
        }
    }

    /** The process that the file names, whatever became of it. */
    private static Optional<ProcessIdentity> signer(Path logLocation) {
        try {
            Matcher text = TEXT.matcher(Files.readString(logLocation.resolve(NAME), StandardCharsets.US_ASCII));
            return text.matches()
                    ? Optional.of(new ProcessIdentity(Long.parseLong(text.group(1)), text.group(2)))
                    : Optional.empty();
        } catch (IOException e) {
            // No host was ever here, or it is not ours to read.
            return Optional.empty();
        }
    }
}
