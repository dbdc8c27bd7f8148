package dev.holdfast.host.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

    private static final Pattern TEXT = Pattern.compile("pid ([0-9]{1,18}) ([!-~]{1,128})\\s*");

    private LockFile() {}

    /** Opens the file, which is made if it is not there. Its name stays for ever: removing it would make two locks of one. */
    static FileChannel open(Path logLocation) throws IOException {
        PrivateFile.createDirectories(logLocation);
        return FileChannel.open(logLocation.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    /** Writes who has the lock; called by the one who has it. */
    static void sign(FileChannel locked, ProcessIdentity process) throws IOException {
        String text = "pid " + process.pid() + " " + process.birth() + "\n";
        locked.truncate(0);
        locked.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
    }

    /** The process that has the lock of a log location, if it runs and belongs to the user who owns the file. */
    static Optional<ProcessIdentity> holder(Path logLocation) {
        Path file = logLocation.resolve(NAME);
        try {
            Matcher text = TEXT.matcher(Files.readString(file, StandardCharsets.US_ASCII));
            if (!text.matches()) {
                return Optional.empty();
            }
            ProcessIdentity process = new ProcessIdentity(Long.parseLong(text.group(1)), text.group(2));
            Optional<String> user = ProcessHandle.of(process.pid())
                    .flatMap(handle -> handle.info().user());
            boolean believed = process.isAlive() && user.isPresent() && PrivateFile.isOf(user.get(), file);
            return believed ? Optional.of(process) : Optional.empty();
        } catch (IOException e) {
            // No host was ever here, or it is not ours to read.
            return Optional.empty();
        }
    }
}
