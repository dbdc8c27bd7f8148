package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a real host with SIGKILL at random moments of a stream of management calls, again and again, and looks after each
 * restart for every change that was acknowledged. (What the loss of power does is shown where files are written: in the
 * tests of serializer fs.)
 */
class CrashIT {

    private static final int ROUNDS = 12;
    private static final int CALLERS = 4;

    @TempDir
    private Path directory;

    @Test
    void everyAcknowledgedChangeSurvivesSigkill() throws Exception {
        long seed = System.nanoTime();
        System.out.println("CrashIT seed " + seed);
        Random random = new Random(seed);
        Path store = directory.resolve("model-store");
        for (int version = 1; version <= 3; version++) {
            TestArchives.noop(store, "v" + version + ".mar", "noop", version + ".0");
        }
        Path logs = directory.resolve("logs");
        List<Caller> callers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            callers.add(new Caller("caller-" + i, new Random(random.nextLong())));
        }
        int acknowledged = 0;
        for (int round = 0; round < ROUNDS; round++) {
            try (HostProcess host = HostProcess.start(store, logs)) {
                for (Caller caller : callers) {
                    caller.settle(host);
                }
                assertNoDebris(logs);
                acknowledged += killInTheMiddle(host, callers, 1 + random.nextInt(120));
            }
        }
        assertThat(acknowledged).as("acknowledged changes in all rounds").isGreaterThan(100);
        try (HostProcess host = HostProcess.start(store, logs)) {
            for (Caller caller : callers) {
                caller.settle(host);
            }
            assertThat(host.stop()).isIn(0, 143);
        }
    }

    /** Lets the callers call until together they have had {@code changes} answers, then kills the host. */
    private static int killInTheMiddle(HostProcess host, List<Caller> callers, int changes) throws Exception {
        AtomicInteger answered = new AtomicInteger();
        CountDownLatch enough = new CountDownLatch(changes);
        List<Thread> threads = new ArrayList<>();
        for (Caller caller : callers) {
            Thread thread = new Thread(() -> caller.callUntilTheHostIsGone(host, answered, enough));
            thread.start();
            threads.add(thread);
        }
        assertThat(enough.await(60, TimeUnit.SECONDS)).as("answers came").isTrue();
        host.kill();
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(60));
            assertThat(thread.isAlive()).isFalse();
        }
        for (Caller caller : callers) {
            assertThat(caller.unexpected)
                    .as("unexpected answers to %s", caller.model)
                    .isEmpty();
        }
        return answered.get();
    }

    private static void assertNoDebris(Path logs) throws IOException {
        try (Stream<Path> files = Files.list(logs.resolve("config"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .allMatch(
                            name -> name.matches("[0-9]{17}-(startup|snapshot|shutdown)\\.cfg") || name.startsWith("."))
                    .noneMatch(name -> name.endsWith(".tmp"));
        }
        Path work = logs.resolve("work");
        if (Files.isDirectory(work)) {
            try (Stream<Path> directories = Files.list(work)) {
                // One unpacked archive for each version that is served at the most.
                assertThat(directories.count()).isLessThanOrEqualTo(CALLERS * 3L + 1);
            }
        }
    }

    /** One who changes one model, and remembers what was acknowledged and what was asked for last. */
    private static final class Caller {

        private final String model;
        private final Random random;
        private final List<String> unexpected = new ArrayList<>();
        private ModelView acknowledged = new ModelView(new TreeMap<>(), "");
        private ModelView asked = acknowledged;

        Caller(String model, Random random) {
            this.model = model;
            this.random = random;
        }

        /** After a restart: the model is what was acknowledged, or what was asked for when the host died. */
        void settle(HostProcess host) throws Exception {
            ModelView found = look(host);
            assertThat(found).as("model %s after the restart", model).isIn(acknowledged, asked);
            acknowledged = found;
            asked = found;
        }

        private ModelView look(HostProcess host) throws Exception {
            HttpResponse<String> response = host.management("GET", "/models/" + model + "/all");
            if (response.statusCode() == 404) {
                return new ModelView(new TreeMap<>(), "");
            }
            Map<String, Integer> workers = new TreeMap<>();
            for (JsonNode version : host.managementJson("/models/" + model + "/all")) {
                workers.put(
                        version.required("modelVersion").asText(),
                        version.required("workers").size());
            }
            String defaultVersion = host.managementJson("/models/" + model)
                    .get(0)
                    .required("modelVersion")
                    .asText();
            return new ModelView(workers, defaultVersion);
        }

        void callUntilTheHostIsGone(HostProcess host, AtomicInteger answered, CountDownLatch enough) {
            try {
                while (true) {
                    step(host);
                    answered.incrementAndGet();
                    enough.countDown();
                }
            } catch (IOException e) {
                // The host is gone: what was asked for last may or may not have been done.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void step(HostProcess host) throws IOException, InterruptedException {
            List<String> versions = List.copyOf(acknowledged.workers.keySet());
            int dice = random.nextInt(10);
            if (versions.isEmpty() || (dice < 3 && versions.size() < 3)) {
                String version = Stream.of("1.0", "2.0", "3.0")
                        .filter(some -> !versions.contains(some))
                        .findFirst()
                        .orElseThrow();
                int workers = random.nextInt(3);
                TreeMap<String, Integer> after = new TreeMap<>(acknowledged.workers);
                after.put(version, workers);
                ask(
                        host,
                        new ModelView(after, versions.isEmpty() ? version : acknowledged.defaultVersion),
                        "POST",
                        "/models?url=v" + version.charAt(0) + ".mar&model_name=" + model + "&initial_workers="
                                + workers);
            } else if (dice < 7) {
                String version = versions.get(random.nextInt(versions.size()));
                int workers = random.nextInt(4);
                TreeMap<String, Integer> after = new TreeMap<>(acknowledged.workers);
                after.put(version, workers);
                ask(
                        host,
                        new ModelView(after, acknowledged.defaultVersion),
                        "PUT",
                        "/models/" + model + "/" + version + "?synchronous=true&min_worker=" + workers + "&max_worker="
                                + workers);
            } else if (dice < 9) {
                String version = versions.get(random.nextInt(versions.size()));
                ask(
                        host,
                        new ModelView(acknowledged.workers, version),
                        "PUT",
                        "/models/" + model + "/" + version + "/set-default");
            } else {
                String version = versions.stream()
                        .filter(some -> !some.equals(acknowledged.defaultVersion))
                        .findFirst()
                        .orElse(acknowledged.defaultVersion);
                TreeMap<String, Integer> after = new TreeMap<>(acknowledged.workers);
                after.remove(version);
                ask(
                        host,
                        new ModelView(after, after.isEmpty() ? "" : acknowledged.defaultVersion),
                        "DELETE",
                        "/models/" + model + "/" + version);
            }
        }

        private void ask(HostProcess host, ModelView after, String method, String path)
                throws IOException, InterruptedException {
            asked = after;
            HttpResponse<String> response = host.management(method, path);
            if (response.statusCode() == 200) {
                acknowledged = after;
            } else {
                unexpected.add(method + " " + path + " answered " + response.statusCode() + " " + response.body());
            }
        }
    }

    /** A model as a client sees it: how many workers each version has, and the default version. */
    private record ModelView(Map<String, Integer> workers, String defaultVersion) {}
}
