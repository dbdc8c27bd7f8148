package dev.holdfast.host.serving;

import dev.holdfast.host.serving.ServingComparison.SaveKey;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * How two serving states differ, in sentences for an operator.
 *
 * @param from where the first one is, or when it was: {@code here}, {@code before}
 * @param to where the second one is, or when
 */
public record StateDifferences(String from, String to) {

    /** More are read by nobody; a status shows them on a screen. */
    static final int MOST = 20;

    private static final int DIGEST_SHOWN = 12;

    /**
     * A plain sentence for each model, each version and each save that differs, of at most so many that a person still reads
     * them; a last one says how many more there are. Empty if and only if {@linkplain ServingComparison#same the same} is
     * served.
     */
    public List<String> between(ServingState first, ServingState second) {
        List<String> sentences = new ArrayList<>();
        Set<String> names = new TreeSet<>(first.models().keySet());
        names.addAll(second.models().keySet());
        for (String name : names) {
            sentences.addAll(ofModel(name, first.model(name), second.model(name)));
        }
        sentences.addAll(ofSaves(ServingComparison.saves(first), ServingComparison.saves(second)));
        return bounded(sentences);
    }

    static List<String> bounded(List<String> sentences) {
        if (sentences.size() <= MOST) {
            return List.copyOf(sentences);
        }
        List<String> shown = new ArrayList<>(sentences.subList(0, MOST));
        shown.add("and " + (sentences.size() - MOST) + " more");
        return List.copyOf(shown);
    }

    private List<String> ofModel(String name, Optional<ServedModel> first, Optional<ServedModel> second) {
        String model = "model " + name;
        if (first.isEmpty() || second.isEmpty()) {
            return List.of(model + ": only " + (first.isPresent() ? from : to));
        }
        return within(first.get(), second.get()).stream()
                .map(difference -> model
                        + difference
                                .version()
                                .map(version -> ", version " + version)
                                .orElse("") + ": "
                        + difference.how())
                .toList();
    }

    /**
     * One difference between two states of a model.
     *
     * @param version empty if it is none of a version but of the model
     */
    record Difference(Optional<String> version, String how) {
        @Override
        public String toString() {
            return version.map(of -> "version " + of + ": " + how).orElse(how);
        }
    }

    List<Difference> within(ServedModel first, ServedModel second) {
        List<Difference> differences = new ArrayList<>();
        if (!first.defaultVersion().equals(second.defaultVersion())) {
            differences.add(new Difference(
                    Optional.empty(), "default version " + sides(first.defaultVersion(), second.defaultVersion())));
        }
        Set<String> versions = new TreeSet<>(ServedModel.VERSION_ORDER);
        versions.addAll(first.versions().keySet());
        versions.addAll(second.versions().keySet());
        for (String version : versions) {
            Optional<ServedVersion> one = Optional.ofNullable(first.versions().get(version));
            Optional<ServedVersion> other =
                    Optional.ofNullable(second.versions().get(version));
            String how = one.isEmpty() || other.isEmpty()
                    ? "only " + (one.isPresent() ? from : to)
                    : String.join("; ", ofSettings(one.get(), other.get()));
            if (!how.isEmpty()) {
                differences.add(new Difference(Optional.of(version), how));
            }
        }
        return differences;
    }

    private List<String> ofSettings(ServedVersion first, ServedVersion second) {
        if (ServingComparison.same(first, second)) {
            return List.of();
        }
        List<String> differences = new ArrayList<>();
        Map<String, String> others = settings(second);
        settings(first).forEach((what, value) -> {
            String other = others.getOrDefault(what, "");
            if (!value.equals(other)) {
                differences.add(what + " " + sides(value, other));
            }
        });
        if (!first.mayBeSameArchive(second)) {
            differences.add("archive's SHA-256 " + sides(digest(first), digest(second)));
        }
        return differences;
    }

    /** The settings as an operator reads them, all of them for each version. */
    public static Map<String, String> settings(ServedVersion version) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("archive", version.archive());
        settings.put(
                "workers",
                version.minWorkers() + " to " + version.maxWorkers()
                        + version.resting()
                                .map(had -> ", " + had.min() + " to " + had.max() + " when it is loaded again")
                                .orElse(""));
        settings.put("batch size", String.valueOf(version.batchSize()));
        settings.put("batching", version.batching().text());
        settings.put("batch delay", version.maxBatchDelay().toMillis() + " ms");
        settings.put("response time-out", version.responseTimeout().toSeconds() + " s");
        settings.put("startup time-out", version.startupTimeout().toSeconds() + " s");
        settings.put("runtime", version.runtimeType());
        settings.put(
                "handler", version.handler().map(chosen -> "'" + chosen + "'").orElse("of the archive"));
        settings.put("fetched from", version.url().map(url -> "'" + url + "'").orElse("nowhere"));
        return settings;
    }

    private static String digest(ServedVersion version) {
        String sha256 = version.archiveSha256().orElse("");
        return sha256.length() > DIGEST_SHOWN ? sha256.substring(0, DIGEST_SHOWN) + "…" : sha256;
    }

    private List<String> ofSaves(Map<SaveKey, List<ModelSave>> first, Map<SaveKey, List<ModelSave>> second) {
        List<String> sentences = new ArrayList<>();
        first.forEach((key, generations) -> {
            List<ModelSave> others = second.getOrDefault(key, List.of());
            if (!ServingComparison.same(generations, others)) {
                sentences.add(key + ": " + ofGenerations(generations, others));
            }
        });
        second.forEach((key, generations) -> {
            if (!first.containsKey(key)) {
                sentences.add(key + ": only " + to);
            }
        });
        return sentences;
    }

    /** How the generations under one id differ; of several differences the newest, which is the one that is loaded. */
    String ofGenerations(List<ModelSave> first, List<ModelSave> second) {
        if (first.isEmpty() || second.isEmpty()) {
            return "only " + (first.isEmpty() ? to : from);
        }
        for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
            if (!ServingComparison.same(first.subList(i, i + 1), second.subList(i, i + 1))) {
                String before = i == 0 ? "" : "the older one, ";
                return before + sides(text(first.get(i), second.get(i)), text(second.get(i), first.get(i)));
            }
        }
        return "an older one is kept only " + (first.size() > second.size() ? from : to);
    }

    private static String text(ModelSave save, ModelSave other) {
        String text = "version " + save.version() + " saved at " + save.savedOn();
        boolean looksTheSame =
                save.version().equals(other.version()) && save.savedOn().equals(other.savedOn());
        return looksTheSame
                ? text + " as " + save.state().root().id().substring(0, DIGEST_SHOWN) + "… of " + save.bytes()
                        + " bytes"
                : text;
    }

    private String sides(String first, String second) {
        return OneLine.of(first) + " " + from + ", " + OneLine.of(second) + " " + to;
    }
}
