package dev.holdfast.host.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Who asks a host to stop, as a file in its log location: a signal says nothing of who sent it. Written just before the
 * signal, and read and removed by the host.
 */
final class StopRequest {

    private static final int LONGEST = 1000;

    private StopRequest() {}

    private static Path file(Path logLocation) {
        return logLocation.resolve("holdfast.stop");
    }

    /** Leaves word for the host; without it the host stops all the same, and says less in its log. */
    static void write(Path logLocation, ProcessIdentity host) {
        try {
            ProcessHandle self = ProcessHandle.current();
            Files.writeString(
                    file(logLocation),
                    host.pid() + " holdfast --stop, process " + self.pid()
                            + self.info().user().map(user -> " of user " + user).orElse("") + "\n");
        } catch (IOException e) {
            // The log location may be another user's, or on a full disk: no reason not to stop.
            return;
        }
    }

    /** Who asked this process to stop; empty if nobody left word. */
    static Optional<String> take(Path logLocation) throws IOException {
        Path file = file(logLocation);
        try {
            if (Files.size(file) > LONGEST) {
                return Optional.empty();
            }
            String text = SmallFile.read(file).strip();
            String mine = ProcessHandle.current().pid() + " ";
            return Optional.of(text).filter(word -> word.startsWith(mine)).map(word -> word.substring(mine.length()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
