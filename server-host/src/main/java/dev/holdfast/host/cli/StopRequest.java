package dev.holdfast.host.cli;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who asks a host to stop and how long that may take, as a file in its log location: a signal says nothing of that. Written
 * just before the signal, and read and removed by the host.
 *
 * @param who such as {@code holdfast --stop, process 4711 of user anna}
 * @param limit how long the stop may take; empty if that was not said
 */
record StopRequest(String who, Optional<Duration> limit) {

    private static final int LONGEST = 1000;
    private static final Pattern LIMIT = Pattern.compile("(.*), within ([1-9][0-9]{0,8}) s");

    private static Path file(Path logLocation) {
        return logLocation.resolve("holdfast.stop");
    }

    /** Writes the request for the host; without it the host stops all the same, but its log says less. */
    static void write(Path logLocation, ProcessIdentity host, Duration limit) {
        try {
            ProcessHandle self = ProcessHandle.current();
            // The host may be another user than who stops it.
            OwnFiles.writeForAll(
                    file(logLocation),
                    host.pid() + " holdfast --stop, process " + self.pid()
                            + self.info().user().map(user -> " of user " + user).orElse("")
                            + ", within " + limit.toSeconds() + " s\n");
        } catch (IOException e) {
            // The log location may be another user's, or on a full disk: no reason not to stop.
            return;
        }
    }

    /** The request to stop this process; empty if nobody wrote one. */
    static Optional<StopRequest> take(Path logLocation) throws IOException {
        Path file = file(logLocation);
        try {
            if (Files.size(file) > LONGEST || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                return Optional.empty();
            }
            String text = SmallFile.read(file).strip();
            String mine = ProcessHandle.current().pid() + " ";
            return Optional.of(text)
                    .filter(word -> word.startsWith(mine))
                    .map(word -> parse(word.substring(mine.length())));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** An older command line says nothing of a limit. */
    private static StopRequest parse(String word) {
        Matcher limited = LIMIT.matcher(word);
        return limited.matches()
                ? new StopRequest(limited.group(1), Optional.of(Duration.ofSeconds(Long.parseLong(limited.group(2)))))
                : new StopRequest(word, Optional.empty());
    }
}
