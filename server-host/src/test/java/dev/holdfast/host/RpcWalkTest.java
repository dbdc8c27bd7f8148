package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.holdfast.host.rpc.RpcClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Calls of all methods at random, each answer of which a small classifier in this test predicts. {@code -DwalkSeconds=600} walks
 * for ten minutes, {@code -Dseed=…} again the same way.
 */
class RpcWalkTest {

    private static final String CONFIG = """
            {"method": "PA", "converter": {"string_rules": [
              {"key": "*", "type": "space", "sample_weight": "bin", "global_weight": "bin"}]}}
            """;

    @TempDir
    private Path directory;

    /** PA, as its paper has it: labels in their order, and for each word a weight for each label. */
    private record Expected(Map<String, Long> labels, Map<String, Map<String, Double>> weights) {

        Expected() {
            this(new LinkedHashMap<>(), new HashMap<>());
        }

        Expected copy() {
            Expected copy = new Expected();
            copy.labels.putAll(labels);
            weights.forEach((word, byLabel) -> copy.weights.put(word, new HashMap<>(byLabel)));
            return copy;
        }

        Map<String, Double> classify(String text) {
            Map<String, Double> scores = new LinkedHashMap<>();
            for (String label : labels.keySet()) {
                double score = 0;
                for (String word : words(text)) {
                    score += weights.getOrDefault(word, Map.of()).getOrDefault(label, 0.0);
                }
                scores.put(label, score);
            }
            return scores;
        }

        void train(String label, String text) {
            Map<String, Double> scores = classify(text);
            String wrong = null;
            for (String other : labels.keySet()) {
                if (!other.equals(label) && (wrong == null || scores.get(other) >= scores.get(wrong))) {
                    wrong = other;
                }
            }
            double margin = scores.getOrDefault(label, 0.0) - (wrong == null ? 0 : scores.get(wrong));
            labels.merge(label, 1L, Long::sum);
            TreeSet<String> words = words(text);
            double step = words.isEmpty() || margin > 1 ? 0 : (1 - margin) / (2 * words.size());
            if (step == 0) {
                return;
            }
            for (String word : words) {
                Map<String, Double> byLabel = weights.computeIfAbsent(word, any -> new HashMap<>());
                byLabel.merge(label, step, Double::sum);
                if (wrong != null) {
                    byLabel.merge(wrong, -step, Double::sum);
                }
            }
        }

        boolean delete(String label) {
            weights.values().forEach(byLabel -> byLabel.remove(label));
            weights.values().removeIf(Map::isEmpty);
            return labels.remove(label) != null;
        }

        private static TreeSet<String> words(String text) {
            TreeSet<String> words = new TreeSet<>(List.of(text.split(" ")));
            words.remove("");
            return words;
        }
    }

    @Test
    void everyAnswerIsTheOneThatIsPredicted() throws IOException {
        long seed = Long.getLong("seed", System.nanoTime());
        long seconds = Long.getLong("walkSeconds", 1);
        System.out.println("RpcWalkTest seed " + seed);
        HostDirectories directories = HostDirectories.in(directory);
        TestArchives.classifier(directories.store(), "words");
        Files.writeString(directories.store().resolve("words-1.0").resolve("config.json"), CONFIG);
        Map<String, String> more = Map.of(
                "load_models", "words=words-1.0",
                "rpc_port", "0",
                "rpc_datadir", directory.toString());
        try (Host host = Host.start(HostsInTests.options(directories.store(), directories.logs(), more, Map.of()));
                RpcClient client = new RpcClient(host.rpcAddress().orElseThrow().port())) {
            Random random = new Random(seed);
            Walk walk = new Walk(client, random);
            long end = System.nanoTime() + seconds * 1_000_000_000L;
            int steps = 0;
            while (steps < 1000 || System.nanoTime() < end) {
                walk.step();
                steps++;
            }
            System.out.println(steps + " calls");
        }
    }

    private static final class Walk {

        private final RpcClient client;
        private final Random random;
        private Expected expected = new Expected();
        private final Map<String, Expected> saved = new HashMap<>();

        Walk(RpcClient client, Random random) {
            this.client = client;
            this.random = random;
        }

        private String label() {
            return "label " + random.nextInt(7);
        }

        private String text() {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(6); i > 0; i--) {
                text.append('w').append(random.nextInt(40)).append(' ');
            }
            return text.toString();
        }

        void step() {
            switch (random.nextInt(100)) {
                case 0 -> {
                    assertThat(client.call("clear")).isEqualTo(true);
                    expected = new Expected();
                }
                case 1, 2, 3 -> {
                    String label = label();
                    assertThat(client.call("set_label", label))
                            .isEqualTo(!expected.labels().containsKey(label));
                    expected.labels().putIfAbsent(label, 0L);
                }
                case 4, 5 -> {
                    String label = label();
                    assertThat(client.call("delete_label", label)).isEqualTo(expected.delete(label));
                }
                case 6, 7 -> {
                    String id = "id" + random.nextInt(3);
                    assertThat(client.call("save", id)).isInstanceOf(Map.class);
                    saved.put(id, expected.copy());
                }
                case 8, 9 -> load("id" + random.nextInt(3));
                case 10, 11, 12, 13, 14 -> assertThat(client.call("get_labels")).isEqualTo(expected.labels());
                case 15 -> assertThat(client.call("get_config")).isEqualTo(CONFIG);
                case 16, 17, 18 -> {
                    Map<?, ?> servers = (Map<?, ?>) client.call("get_status");
                    Map<?, ?> status = (Map<?, ?>) servers.values().iterator().next();
                    assertThat(status.get("num_classes"))
                            .isEqualTo(String.valueOf(expected.labels().size()));
                    assertThat(status.get("num_features"))
                            .isEqualTo(String.valueOf(expected.weights().size()));
                }
                case 19 -> error(1L, "do_mix");
                case 20 -> error(2L, "train", "text");
                default -> {
                    if (random.nextBoolean()) {
                        train();
                    } else {
                        classify();
                    }
                }
            }
        }

        private void error(Object error, String method, Object... arguments) {
            try {
                client.call(method, arguments);
                throw new AssertionError(method + " should have failed");
            } catch (RpcClient.Failed e) {
                assertThat(e.answer.error()).isEqualTo(error);
            }
        }

        private void load(String id) {
            if (saved.containsKey(id)) {
                assertThat(client.call("load", id)).isEqualTo(true);
                expected = saved.get(id).copy();
            } else {
                error("cannot open input file", "load", id);
            }
        }

        private void train() {
            List<Object> examples = new ArrayList<>();
            for (int i = random.nextInt(3); i >= 0; i--) {
                String label = label();
                String text = text();
                examples.add(List.of(label, RpcClient.datum(text)));
                expected.train(label, text);
            }
            assertThat(client.call("train", examples)).isEqualTo((long) examples.size());
        }

        private void classify() {
            List<Object> data = new ArrayList<>();
            List<Map<String, Double>> predicted = new ArrayList<>();
            for (int i = random.nextInt(3); i >= 0; i--) {
                String text = text();
                data.add(RpcClient.datum(text));
                predicted.add(expected.classify(text));
            }
            List<Map<String, Double>> answers = RpcClient.scores(client.call("classify", data));
            assertThat(answers).hasSameSizeAs(predicted);
            for (int i = 0; i < answers.size(); i++) {
                Map<String, Double> scores = answers.get(i);
                assertThat(scores.keySet()).isEqualTo(predicted.get(i).keySet());
                predicted
                        .get(i)
                        .forEach((label, score) ->
                                assertThat(scores.get(label)).as(label).isCloseTo(score, within(1e-9)));
            }
        }
    }
}
