package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Through how many rooms a request to register a model goes, from the socket to the disk.
 *
 * <p>Three kinds of stacks tell: that of the request's own thread when it starts the model's worker, which it does by the clock;
 * those of the threads that bring the snapshot's files to the disk; and, where one thread hands over to the next, those of
 * the threads that wait.
 */
class RegisterPathTest {

    private static final String HOST = "dev.holdfast.host";
    private static final Pattern ROOM = Pattern.compile("dev\\.holdfast\\.host(\\.[a-z0-9]+)*(?=\\.[A-Z])");

    @TempDir
    private Path directory;

    private final RecordingClock clock = new RecordingClock();

    /** A clock that notes who asks it on the threads of HTTP. */
    private static final class RecordingClock extends Clock {

        private final Set<String> rooms = ConcurrentHashMap.newKeySet();

        @Override
        public Instant instant() {
            if (Thread.currentThread().getName().startsWith("http-")) {
                StackWalker.getInstance()
                        .forEach(frame -> room(frame.getClassName()).ifPresent(rooms::add));
            }
            return Instant.now();
        }

        @Override
        public ZoneId getZone() {
            return ZoneId.of("UTC");
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    /** The package of a class of the host; this test is none. */
    private static Optional<String> room(String className) {
        Matcher found = ROOM.matcher(className);
        return found.lookingAt() && !className.startsWith(RegisterPathTest.class.getName())
                ? Optional.of(found.group())
                : Optional.empty();
    }

    @Test
    void aRequestToRegisterAModelGoesThroughSixRooms() throws Exception {
        Path models = Files.createDirectory(directory.resolve("models"));
        Path logs = Files.createDirectory(directory.resolve("logs"));
        for (int i = 0; i < 5; i++) {
            TestArchives.noop(models, "m" + i + ".mar", "m" + i, "1.0");
        }
        Path recorded = directory.resolve("calls.jfr");
        long newestThread = newThreadId();
        Lifecycle lifecycle = new Lifecycle();
        try (Host host = Host.start(
                        HostsInTests.options(
                                models,
                                logs,
                                Map.of(
                                        "snapshot.fs.directory",
                                        directory.resolve("store").toString()),
                                Map.of()),
                        lifecycle,
                        clock);
                Recording recording = new Recording()) {
            recording.enable("jdk.FileForce").withThreshold(Duration.ZERO).withStackTrace();
            recording.enable("jdk.ThreadPark").withThreshold(Duration.ZERO).withStackTrace();
            recording.start();
            for (int i = 0; i < 5; i++) {
                register(host, "m" + i);
            }
            recording.stop();
            recording.dump(recorded);
        }

        Set<String> crossed = new TreeSet<>(clock.rooms);
        RecordingFile.readAllEvents(recorded).stream()
                .filter(event -> isOnThePath(event, newestThread))
                .forEach(event -> crossed.addAll(rooms(event)));

        assertThat(crossed)
                .containsExactly(
                        HOST + ".api",
                        HOST + ".http",
                        HOST + ".journal",
                        HOST + ".keeper",
                        HOST + ".plugins",
                        HOST + ".serving");
    }

    /** Threads of other hosts in this process are older. */
    private static long newThreadId() {
        return new Thread(() -> {}).getId();
    }

    private static void register(Host host, String model) throws IOException, InterruptedException {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(
                                        host.managementAddress() + "/models?initial_workers=1&url=" + model + ".mar"))
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    /** A snapshot's file comes to the disk, or a thread of this host waits for another one. */
    private boolean isOnThePath(RecordedEvent event, long newestThread) {
        return event.getEventType().getName().equals("jdk.FileForce")
                ? Stream.of("store", "logs/journal")
                        .anyMatch(place -> Path.of(event.getString("path")).startsWith(directory.resolve(place)))
                : event.getThread().getJavaThreadId() > newestThread;
    }

    private static Set<String> rooms(RecordedEvent event) {
        Set<String> rooms = new TreeSet<>();
        for (RecordedFrame frame : event.getStackTrace().getFrames()) {
            room(frame.getMethod().getType().getName()).ifPresent(rooms::add);
        }
        return rooms;
    }
}
