package dev.holdfast.host.serving;

import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.state.StateReference;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is served, compared by value: the models with their versions, default versions, settings and archives, and what
 * operators saved of models under ids, for a save that was acknowledged is a change like any other.
 *
 * <p>What models have learned is not part of it but {@linkplain #learned a second map}, so that a model that learns makes no
 * host differ from another. Neither is anything else that a snapshot has: configuration, names, times of snapshots, hosts.
 *
 * <p>An unknown SHA-256 of an archive, as in TorchServe's snapshots, equals any. So "same" is not transitive: two states with
 * different known digests differ, and yet both are the same as one with none.
 *
 * <p>Pure functions, for any thread.
 */
public final class ServingComparison {

    private ServingComparison() {}

    /** A version of a model, as messages name it. */
    public record Key(String model, String version) {
        @Override
        public String toString() {
            return "model " + model + ", version " + version;
        }
    }

    /** Where a named save is to be found, as messages name it. */
    record SaveKey(String model, String id) {
        @Override
        public String toString() {
            return "save " + id + " of model " + model;
        }
    }

    /** Whether the same is served; an unknown digest of an archive equals any. */
    public static boolean same(ServingState a, ServingState b) {
        return a.models().keySet().equals(b.models().keySet())
                && a.models().entrySet().stream()
                        .allMatch(model -> b.model(model.getKey())
                                .filter(other -> same(model.getValue(), other))
                                .isPresent())
                && CanonicalText.ofSaves(a).equals(CanonicalText.ofSaves(b));
    }

    static boolean same(ServedModel a, ServedModel b) {
        return a.defaultVersion().equals(b.defaultVersion())
                && a.versions().keySet().equals(b.versions().keySet())
                && a.versions().entrySet().stream()
                        .allMatch(version -> Optional.ofNullable(b.versions().get(version.getKey()))
                                .filter(other -> same(version.getValue(), other))
                                .isPresent());
    }

    static boolean same(ServedVersion a, ServedVersion b) {
        // An older host does not write down how many workers a version had, and has changed nothing by that.
        boolean known = a.resting().isPresent() && b.resting().isPresent();
        ServedVersion other = known ? b : b.withResting(a.resting());
        return CanonicalText.of(a).equals(CanonicalText.of(other)) && a.mayBeSameArchive(b);
    }

    static boolean same(List<ModelSave> a, List<ModelSave> b) {
        return CanonicalText.of(a).equals(CanonicalText.of(b));
    }

    /** Whether what one version has learned means something to the other: the same archive and handler learned it. */
    public static boolean isOfSameModel(ServedVersion a, ServedVersion b) {
        return a.archive().equals(b.archive()) && a.handler().equals(b.handler()) && a.mayBeSameArchive(b);
    }

    /**
     * The SHA-256, as 64 lower-case hexadecimal digits, of a canonical text of what is served: what
     * {@link dev.holdfast.sdk.SnapshotHeader#state() a snapshot's header} says of its state.
     *
     * <p>Equal digests prove that the same is served. Unequal ones prove nothing: the digest of an archive is in the text if
     * it is known, so a state of which one is unknown has another digest than {@linkplain #same the same one} with it, and a
     * later version of the host may write another text.
     */
    public static String digest(ServingState state) {
        return Sha256.of(CanonicalText.of(state));
    }

    /** What the models have learned, by model and version in their order; models that have learned nothing are not in it. */
    public static Map<Key, StateReference> learned(ServingState state) {
        Map<Key, StateReference> learned = new LinkedHashMap<>();
        state.models()
                .forEach((name, model) -> model.versions()
                        .forEach((version, settings) ->
                                settings.learned().ifPresent(known -> learned.put(new Key(name, version), known))));
        return Collections.unmodifiableMap(learned);
    }

    /** The named saves, sorted by model and id; each has one generation at least. */
    static Map<SaveKey, List<ModelSave>> saves(ServingState state) {
        Map<SaveKey, List<ModelSave>> saves = new LinkedHashMap<>();
        state.saves()
                .forEach((model, ids) ->
                        ids.forEach((id, generations) -> saves.put(new SaveKey(model, id), generations)));
        return saves;
    }
}
