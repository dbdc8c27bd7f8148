package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveLimits;
import dev.holdfast.host.archive.DirectoryModelStore;
import dev.holdfast.host.archive.UrlPolicy;
import dev.holdfast.host.runtime.LearningModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.runtime.forest.RandomCutForestRuntime;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a real host with SIGKILL while it learns and stores what it learned, again and again. After each restart it has
 * learned exactly the rows up to some request, none less than was acknowledged as stored: its scores are, to the last bit,
 * those of a model that was never stopped.
 */
class LearningCrashIT {

    private static final int ROUNDS = 5;
    private static final int BATCH = 20;
    private static final double[] PROBES = {-3.5, 0.25, 1, 40};
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    /** The scores of the probes after so many batches, by a model that is never stopped. */
    private final List<List<Double>> expected = new ArrayList<>();

    @Test
    void scoresAndLearningGoOnAsIfNothingHadBeen() throws Exception {
        long seed = System.nanoTime();
        System.out.println("LearningCrashIT seed " + seed);
        Random random = new Random(seed);
        Path store = directory.resolve("model-store");
        TestArchives.forest(store);
        Path logs = directory.resolve("logs");
        Teacher teacher = new Teacher();
        try (DirectoryModelStore archives = new DirectoryModelStore(
                        store, directory.resolve("work"), UrlPolicy.of("", false), ArchiveLimits.defaults());
                Archive archive = archives.open("forest-1.0");
                LearningModel reference = (LearningModel) new RandomCutForestRuntime().load(archive)) {
            for (int round = 0; round < ROUNDS; round++) {
                try (HostProcess host = HostProcess.start(store, logs)) {
                    if (round == 0) {
                        ok(host.management("POST", "/models?url=forest-1.0&initial_workers=1"));
                    }
                    teacher.settle(position(host, reference, teacher));
                    killWhileItLearns(host, teacher, 3 + random.nextInt(20));
                }
            }
            try (HostProcess host = HostProcess.start(store, logs)) {
                teacher.settle(position(host, reference, teacher));
                teacher.teach(host);
                // An orderly stop keeps the last lesson without being asked to.
                assertThat(host.stop()).isIn(0, 143);
            }
            try (HostProcess host = HostProcess.start(store, logs)) {
                assertThat(position(host, reference, teacher)).isEqualTo(teacher.taught);
            }
        }
        assertThat(teacher.stored).as("batches that were stored").isGreaterThan(ROUNDS);
    }

    private static void killWhileItLearns(HostProcess host, Teacher teacher, int lessons) throws Exception {
        CountDownLatch enough = new CountDownLatch(lessons);
        Thread thread = new Thread(() -> teacher.teachUntilTheHostIsGone(host, enough));
        thread.start();
        assertThat(enough.await(60, TimeUnit.SECONDS)).as("the host learns").isTrue();
        host.kill();
        thread.join(TimeUnit.SECONDS.toMillis(60));
        assertThat(thread.isAlive()).isFalse();
        assertThat(teacher.unexpected).isEmpty();
    }

    /** How many batches the host has learned, by its scores. */
    private int position(HostProcess host, LearningModel reference, Teacher teacher) throws Exception {
        while (expected.size() <= teacher.asked) {
            expected.add(scores(reference));
            reference.train(List.of(tensor(rows(expected.size() - 1))));
        }
        String body = IntStream.range(0, PROBES.length)
                .mapToObj(i -> "[" + PROBES[i] + "]")
                .collect(Collectors.joining(",", "[", "]"));
        HttpResponse<String> answer = host.predict("/predictions/forest", body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        List<Double> scores = new ArrayList<>();
        for (JsonNode score : JSON.readTree(answer.body())) {
            scores.add(score.isArray() ? score.get(0).doubleValue() : score.doubleValue());
        }
        for (int batches = teacher.stored; batches <= teacher.asked; batches++) {
            if (expected.get(batches).equals(scores)) {
                return batches;
            }
        }
        throw new AssertionError("The host has learned what nobody taught: " + scores + " is not among "
                + expected.subList(teacher.stored, teacher.asked + 1));
    }

    private static List<Double> scores(LearningModel model) {
        double[] scores = (double[])
                model.predict(List.of(List.of(tensor(PROBES)))).get(0).get(0).elements();
        return IntStream.range(0, scores.length).mapToObj(i -> scores[i]).toList();
    }

    private static Tensor tensor(double[] rows) {
        return new Tensor("point", TensorType.FP64, new long[] {rows.length, 1}, rows);
    }

    /** A wave with noise, the same at every call. */
    private static double[] rows(int batch) {
        Random random = new Random(batch);
        double[] rows = new double[BATCH];
        for (int i = 0; i < BATCH; i++) {
            rows[i] = 10 * Math.sin((batch * BATCH + i) / 7.0) + random.nextGaussian();
        }
        return rows;
    }

    private static void ok(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    /** One who teaches the model batch by batch, and has what it learned stored now and then. */
    private static final class Teacher {

        private final List<String> unexpected = new ArrayList<>();
        /** Batches that the host has acknowledged to have learned, since it was started. */
        private volatile int taught;
        /** Batches that the host may have learned. */
        private volatile int asked;
        /** Batches of which the host has acknowledged that they are stored. */
        private volatile int stored;

        void settle(int position) {
            taught = position;
            asked = position;
        }

        void teach(HostProcess host) throws IOException, InterruptedException {
            StringBuilder body = new StringBuilder("[");
            for (double row : rows(taught)) {
                body.append(body.length() > 1 ? "," : "")
                        .append("[")
                        .append(row)
                        .append("]");
            }
            asked = taught + 1;
            HttpResponse<String> answer =
                    host.predict("/models/forest/train", body.append("]").toString());
            if (answer.statusCode() != 200) {
                unexpected.add(answer.body());
            }
            taught++;
        }

        void teachUntilTheHostIsGone(HostProcess host, CountDownLatch enough) {
            try {
                while (unexpected.isEmpty()) {
                    teach(host);
                    if (taught % 2 == 0) {
                        HttpResponse<String> answer = host.management("POST", "/models/forest/save?id=latest");
                        if (answer.statusCode() != 200) {
                            unexpected.add(answer.body());
                        }
                        stored = taught;
                    }
                    enough.countDown();
                }
            } catch (IOException e) {
                // The host is gone: what was asked for last may or may not have been learned.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
