package dev.holdfast.host.operate;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.serving.StateDifferences;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.Snapshot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * How two snapshots differ, line by line: the models and their settings, what they have learned, the configuration.
 *
 * @param models and {@code learned}, {@code config}: each difference of a part, in the order of names
 */
public record SnapshotDiff(List<Line> models, List<Line> learned, List<Line> config) {

    private static final int DIGEST_SHOWN = 12;

    public SnapshotDiff {
        models = List.copyOf(models);
        learned = List.copyOf(learned);
        config = List.copyOf(config);
    }

    /** What became of something between the first snapshot and the second. */
    public enum Sign {
        ADDED("+"),
        REMOVED("-"),
        CHANGED("~");

        private final String text;

        Sign(String text) {
            this.text = text;
        }

        /** The character at the beginning of its line. */
        public String text() {
            return text;
        }
    }

    /** One difference: of what, and how. */
    public record Line(Sign sign, String what, String how) {

        @Override
        public String toString() {
            return sign.text() + " " + what + ": " + how;
        }
    }

    /** How many chunks a state needs that another does not; empty where the chunks are out of reach. */
    public interface NewChunks extends BiFunction<StateReference, StateReference, Optional<Long>> {}

    /** Whether the two are the same in all of that. */
    public boolean isEmpty() {
        return models.isEmpty() && learned.isEmpty() && config.isEmpty();
    }

    /**
     * Compares two snapshots.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the text of one is damaged, or of a later format
     */
    public static SnapshotDiff of(Snapshot first, Snapshot second, NewChunks newChunks) {
        HistoryPoint a = HistoryPoint.of(first);
        HistoryPoint b = HistoryPoint.of(second);
        return new SnapshotDiff(
                ofModels(a.state(), b.state()),
                ofLearned(a.state(), b.state(), newChunks),
                ofTexts(a.content().config(), b.content().config(), key -> key));
    }

    private static List<Line> ofModels(ServingState a, ServingState b) {
        List<Line> lines = new ArrayList<>();
        Set<String> names = new TreeSet<>(a.models().keySet());
        names.addAll(b.models().keySet());
        for (String name : names) {
            Optional<ServedModel> first = a.model(name);
            Optional<ServedModel> second = b.model(name);
            if (first.isPresent() && second.isPresent()) {
                changed(
                                name,
                                "default version",
                                first.get().defaultVersion(),
                                second.get().defaultVersion())
                        .ifPresent(lines::add);
            }
            Set<String> versions = new TreeSet<>(ServedModel.VERSION_ORDER);
            first.ifPresent(model -> versions.addAll(model.versions().keySet()));
            second.ifPresent(model -> versions.addAll(model.versions().keySet()));
            for (String version : versions) {
                ofVersion(
                        name + ", version " + version,
                        first.map(model -> model.versions().get(version)),
                        second.map(model -> model.versions().get(version)),
                        lines);
            }
        }
        return lines;
    }

    private static void ofVersion(
            String what, Optional<ServedVersion> first, Optional<ServedVersion> second, List<Line> lines) {
        if (first.isEmpty() || second.isEmpty()) {
            ServedVersion only = first.or(() -> second).orElseThrow();
            Map<String, String> settings = StateDifferences.settings(only);
            lines.add(new Line(
                    first.isEmpty() ? Sign.ADDED : Sign.REMOVED,
                    what,
                    "archive " + OneLine.of(only.archive()) + ", workers " + settings.get("workers")));
            return;
        }
        Map<String, String> before = settings(first.get());
        Map<String, String> after = settings(second.get());
        before.forEach((setting, value) ->
                changed(what, setting, value, after.getOrDefault(setting, "")).ifPresent(lines::add));
    }

    private static Map<String, String> settings(ServedVersion version) {
        Map<String, String> settings = new LinkedHashMap<>(StateDifferences.settings(version));
        String sha256 = version.archiveSha256().orElse("unknown");
        settings.put("archive's SHA-256", sha256.substring(0, Math.min(DIGEST_SHOWN, sha256.length())));
        return settings;
    }

    private static Optional<Line> changed(String what, String of, String before, String after) {
        return before.equals(after)
                ? Optional.empty()
                : Optional.of(new Line(Sign.CHANGED, what, of + " " + OneLine.of(before) + " -> " + OneLine.of(after)));
    }

    private static List<Line> ofLearned(ServingState a, ServingState b, NewChunks newChunks) {
        Map<String, StateReference> first = learned(a);
        Map<String, StateReference> second = learned(b);
        return lines(
                first,
                second,
                state -> Sizes.of(state.bytes()),
                (before, after) -> before.root().equals(after.root())
                        ? Optional.empty()
                        : Optional.of(Sizes.of(before.bytes()) + " -> " + Sizes.of(after.bytes())
                                + newChunks
                                        .apply(before, after)
                                        .map(count ->
                                                ", " + count + " of " + Sizes.count(after.chunks(), "chunk") + " new")
                                        .orElse("")));
    }

    private static Map<String, StateReference> learned(ServingState state) {
        Map<String, StateReference> learned = new TreeMap<>();
        ServingComparison.learned(state)
                .forEach((key, value) -> learned.put(key.model() + ", version " + key.version(), value));
        state.saves()
                .forEach((model, ids) -> ids.forEach((id, generations) -> {
                    for (int i = 0; i < generations.size(); i++) {
                        ModelSave save = generations.get(i);
                        learned.put("save " + id + " of " + model + (i == 0 ? "" : ", the older one"), save.state());
                    }
                }));
        return learned;
    }

    private static List<Line> ofTexts(
            Map<String, String> first, Map<String, String> second, Function<String, String> name) {
        return lines(
                        first,
                        second,
                        OneLine::of,
                        (before, after) -> before.equals(after)
                                ? Optional.empty()
                                : Optional.of(OneLine.of(before) + " -> " + OneLine.of(after)))
                .stream()
                .map(line -> new Line(line.sign(), name.apply(line.what()), line.how()))
                .toList();
    }

    private static <T> List<Line> lines(
            Map<String, T> first,
            Map<String, T> second,
            Function<T, String> alone,
            BiFunction<T, T, Optional<String>> both) {
        List<Line> lines = new ArrayList<>();
        Set<String> keys = new TreeSet<>(first.keySet());
        keys.addAll(second.keySet());
        for (String key : keys) {
            if (!first.containsKey(key)) {
                lines.add(new Line(Sign.ADDED, key, alone.apply(Objects.requireNonNull(second.get(key)))));
            } else if (!second.containsKey(key)) {
                lines.add(new Line(Sign.REMOVED, key, alone.apply(Objects.requireNonNull(first.get(key)))));
            } else {
                both.apply(Objects.requireNonNull(first.get(key)), Objects.requireNonNull(second.get(key)))
                        .ifPresent(how -> lines.add(new Line(Sign.CHANGED, key, how)));
            }
        }
        return lines;
    }
}
