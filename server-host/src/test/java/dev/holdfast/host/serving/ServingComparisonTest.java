package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateReference.ChunkTree;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class ServingComparisonTest {

    private static final ServedVersion VERSION =
            Versions.of("a.mar", 1).withWorkers(1, 4).withArchiveSha256("1".repeat(64));
    private static final ServingState DIGITS = ServingState.EMPTY.with("digits", ServedModel.of("1.0", VERSION));

    @Test
    void whatModelsHaveLearnedMakesNoDifference() {
        ServingState learned =
                DIGITS.with("digits", ServedModel.of("1.0", VERSION.withLearned(RandomStates.learned(1))));

        assertSame(DIGITS, learned);
        assertThat(ServingComparison.digest(learned)).isEqualTo(ServingComparison.digest(DIGITS));
        assertThat(ServingComparison.learned(DIGITS)).isEmpty();
        assertThat(ServingComparison.learned(learned))
                .isEqualTo(Map.of(new ServingComparison.Key("digits", "1.0"), RandomStates.learned(1)));
    }

    @Test
    void everySettingOfAVersionMakesADifference() {
        Map<String, Object> changed = Map.ofEntries(
                Map.entry("archive", "b.mar"),
                Map.entry("minWorkers", 2),
                Map.entry("maxWorkers", 3),
                Map.entry("batchSize", 2),
                Map.entry("maxBatchDelay", Duration.ofMillis(1)),
                Map.entry("responseTimeout", Duration.ofSeconds(61)),
                Map.entry("startupTimeout", Duration.ofSeconds(61)),
                Map.entry("runtimeType", "java"),
                Map.entry("handler", Optional.of("other")),
                Map.entry("url", Optional.of("https://host/a.mar")),
                Map.entry("batching", Batching.JOINED),
                Map.entry("archiveSha256", Optional.of("2".repeat(64))));

        assertThat(Arrays.stream(ServedVersion.class.getRecordComponents())
                        .map(RecordComponent::getName)
                        // Where the archive is besides says nothing of what is served; the workers that a version had
                        // have a
                        // case of their own.
                        .filter(name -> !Set.of("learned", "resting", "shared").contains(name)))
                .as("a new setting of a version is a part of what is served")
                .containsExactlyInAnyOrderElementsOf(changed.keySet());
        changed.forEach((setting, value) -> {
            ServingState other = ServingState.EMPTY.with("digits", ServedModel.of("1.0", with(setting, value)));
            assertThat(ServingComparison.same(DIGITS, other)).as(setting).isFalse();
            assertThat(ServingComparison.digest(other)).as(setting).isNotEqualTo(ServingComparison.digest(DIGITS));
            assertThat(differences(DIGITS, other)).as(setting).hasSize(1);
        });
    }

    @Test
    void theWorkersThatAVersionWithoutWorkersHadMakeADifference() {
        ServingState had = ServingState.EMPTY.with("digits", ServedModel.of("1.0", VERSION.withWorkers(0, 0)));
        ServingState hadMore = ServingState.EMPTY.with(
                "digits", ServedModel.of("1.0", VERSION.withWorkers(5, 7).withWorkers(0, 0)));

        assertThat(ServingComparison.same(had, hadMore)).isFalse();
        assertThat(ServingComparison.digest(had)).isNotEqualTo(ServingComparison.digest(hadMore));
        assertThat(differences(had, hadMore)).singleElement().asString().contains("0 to 0, 5 to 7 when it is loaded");
        assertThat(Plan.between(had, hadMore).actions())
                .singleElement()
                .hasToString("scale digits 1.0 from 0..0 to 0..0 workers, 5..7 when it is loaded again");
    }

    @Test
    void aHostThatDoesNotWriteDownTheWorkersThatAVersionHadHasChangedNothing() {
        ServedVersion had = VERSION.withWorkers(0, 0);
        ServingState known = ServingState.EMPTY.with("digits", ServedModel.of("1.0", had));
        ServingState unknown =
                ServingState.EMPTY.with("digits", ServedModel.of("1.0", had.withResting(Optional.empty())));

        assertThat(had.resting()).isPresent();
        assertThat(ServingComparison.same(known, unknown)).isTrue();
        assertThat(ServingComparison.same(unknown, known)).isTrue();
    }

    @Test
    void anUnknownDigestOfAnArchiveIsTheSameAsAnyThoughTheStatesDigestIsAnotherOne() {
        ServingState unknown = ServingState.EMPTY.with("digits", ServedModel.of("1.0", VERSION.withArchiveSha256("")));
        ServingState other =
                ServingState.EMPTY.with("digits", ServedModel.of("1.0", VERSION.withArchiveSha256("2".repeat(64))));

        assertSame(DIGITS, unknown);
        assertSame(unknown, other);
        assertThat(ServingComparison.same(DIGITS, other)).isFalse();
        assertThat(ServingComparison.digest(unknown)).isNotEqualTo(ServingComparison.digest(DIGITS));
    }

    @Test
    void namedSavesMakeADifference() {
        ModelSave save = new ModelSave("1.0", RandomStates.learned(1), Instant.EPOCH);
        ServingState saved = DIGITS.withSave("digits", "monday", save);
        List<ServingState> others = List.of(
                DIGITS,
                DIGITS.withSave("digits", "tuesday", save),
                DIGITS.withSave("other", "monday", save),
                DIGITS.withSave("digits", "monday", new ModelSave("2.0", save.state(), save.savedOn())),
                DIGITS.withSave(
                        "digits",
                        "monday",
                        new ModelSave("1.0", save.state(), save.savedOn().plusMillis(1))),
                DIGITS.withSave("digits", "monday", new ModelSave("1.0", RandomStates.learned(2), save.savedOn())),
                saved.withSave("digits", "monday", save));

        assertThat(others).allSatisfy(other -> {
            assertThat(ServingComparison.same(saved, other)).isFalse();
            assertThat(ServingComparison.digest(saved)).isNotEqualTo(ServingComparison.digest(other));
            assertThat(differences(saved, other)).isNotEmpty();
        });
    }

    @Test
    void everyPartOfASavesStateMakesADifference() {
        StateReference state = RandomStates.learned(1);
        StateFormat format = state.format();
        List<StateReference> others = List.of(
                new StateReference(new StateFormat("other", 1, format.fingerprint()), 100, 1, state.root()),
                new StateReference(new StateFormat(format.name(), 2, format.fingerprint()), 100, 1, state.root()),
                new StateReference(new StateFormat(format.name(), 1, "dimensions=3"), 100, 1, state.root()),
                new StateReference(format, 101, 1, state.root()),
                new StateReference(format, 100, 2, state.root()),
                new StateReference(format, 100, 1, new ChunkTree(state.root().id(), 1)));

        assertThat(others)
                .allSatisfy(other -> assertThat(ServingComparison.same(saved(state), saved(other)))
                        .isFalse());
    }

    private static ServingState saved(StateReference state) {
        return DIGITS.withSave("digits", "monday", new ModelSave("1.0", state, Instant.EPOCH));
    }

    @Test
    void timesAreComparedAsASnapshotKeepsThem() {
        for (ServedVersion finer : List.of(
                with("maxBatchDelay", Duration.ofNanos(999_999)),
                with("responseTimeout", Duration.ofMillis(60_999)),
                with("startupTimeout", Duration.ofMillis(60_001)))) {
            assertSame(DIGITS, ServingState.EMPTY.with("digits", ServedModel.of("1.0", finer)));
        }
    }

    @Test
    void theDigestIsTheSameOnEveryHost() {
        // Headers of stored snapshots have it: another one takes another name of the text's layout.
        assertThat(CanonicalText.of(DIGITS))
                .isEqualTo("17:holdfast-served-1" + "1;6:digits3:1.01;3:1.05:a.mar1;4;1;0;60;60;6:python--" + "+64:"
                        + "1".repeat(64) + "0;");
        assertThat(ServingComparison.digest(ServingState.EMPTY))
                .isEqualTo("4dd8107d45e996c869612c15ebdeeb1475f62a9a8939708fafb4b2e85ff2816d")
                .matches("[0-9a-f]{64}");
    }

    @Test
    void aNameCannotPassForASetting() {
        ServedVersion one = with("handler", Optional.of("h-"));
        ServedVersion other = with("runtimeType", "python+2:h-");

        assertThat(CanonicalText.of(one)).isNotEqualTo(CanonicalText.of(other));
    }

    @Test
    void differencesAreSentencesForAnOperator() {
        ModelSave monday = new ModelSave("1.0", RandomStates.learned(1), Instant.parse("2026-11-23T08:00:00Z"));
        ModelSave tuesday = new ModelSave("1.0", RandomStates.learned(2), Instant.parse("2026-11-24T08:00:00Z"));
        ModelSave other = new ModelSave("1.0", RandomStates.learned(3), monday.savedOn());
        ServingState here = DIGITS.with("digits", ServedModel.of("1.0", VERSION).with("2.0", VERSION))
                .with("letters", ServedModel.of("1.0", VERSION))
                .with("words", ServedModel.of("1.0", VERSION).with("2.0", VERSION))
                .withSave("digits", "both", monday)
                .withSave("digits", "bytes", monday)
                .withSave("digits", "older", monday)
                .withSave("digits", "older", tuesday)
                .withSave("digits", "some", monday);
        ServingState store = DIGITS.with(
                        "digits",
                        ServedModel.of("1.0", VERSION.withArchiveSha256("2".repeat(64)))
                                .with(
                                        "2.0",
                                        with("handler", Optional.of("other")).withWorkers(2, 4))
                                .withDefault("2.0"))
                .with("signs", ServedModel.of("1.0", VERSION))
                .with("words", ServedModel.of("1.0", VERSION))
                .withSave("digits", "both", tuesday)
                .withSave("digits", "bytes", other)
                .withSave("digits", "older", tuesday)
                .withSave("signs", "other", monday);

        assertThat(differences(here, store))
                .containsExactly(
                        "model digits: default version 1.0 here, 2.0 in the store",
                        "model digits, version 1.0: archive's SHA-256 111111111111… here, 222222222222… in the store",
                        "model digits, version 2.0: workers 1 to 4 here, 2 to 4 in the store;"
                                + " handler of the archive here, 'other' in the store",
                        "model letters: only here",
                        "model signs: only in the store",
                        "model words, version 2.0: only here",
                        "save both of model digits: version 1.0 saved at 2026-11-23T08:00:00Z here,"
                                + " version 1.0 saved at 2026-11-24T08:00:00Z in the store",
                        "save bytes of model digits: version 1.0 saved at 2026-11-23T08:00:00Z as 111111111111… of 100"
                                + " bytes here, version 1.0 saved at 2026-11-23T08:00:00Z as 333333333333… of 100 bytes"
                                + " in the store",
                        "save older of model digits: an older one is kept only here",
                        "save some of model digits: only here",
                        "save other of model signs: only in the store");
    }

    @Test
    void manyDifferencesAreCounted() {
        ServingState many = ServingState.EMPTY;
        for (int i = 0; i < 30; i++) {
            many = many.with("model-" + i, ServedModel.of("1.0", VERSION));
        }

        assertThat(differences(many, ServingState.EMPTY)).hasSize(21).endsWith("and 10 more");
    }

    @RepeatedTest(300)
    void comparisonDigestAndDifferencesAgree() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        RandomStates states = new RandomStates(random);
        ServingState one = states.state();
        ServingState other = random.nextBoolean() ? states.changed(one) : states.state();
        ServingState fewer = states.withFewerDigests(one);

        boolean same = ServingComparison.same(one, other);

        assertThat(ServingComparison.same(other, one)).as("seed %d", seed).isEqualTo(same);
        assertThat(differences(one, other).isEmpty()).as("seed %d", seed).isEqualTo(same);
        if (ServingComparison.digest(one).equals(ServingComparison.digest(other))) {
            assertThat(same).as("seed %d", seed).isTrue();
        }
        if (same && known(one).equals(known(other))) {
            assertThat(ServingComparison.digest(one)).as("seed %d", seed).isEqualTo(ServingComparison.digest(other));
        }
        assertThat(ServingComparison.same(one, fewer)).as("seed %d", seed).isTrue();
    }

    private static List<Optional<String>> known(ServingState state) {
        return state.models().values().stream()
                .flatMap(model -> model.versions().values().stream())
                .map(ServedVersion::archiveSha256)
                .toList();
    }

    private static void assertSame(ServingState one, ServingState other) {
        assertThat(ServingComparison.same(one, other)).isTrue();
        assertThat(ServingComparison.same(other, one)).isTrue();
        assertThat(differences(one, other)).isEmpty();
    }

    private static List<String> differences(ServingState one, ServingState other) {
        return new StateDifferences("here", "in the store").between(one, other);
    }

    /** The version with another value of one of its components. */
    private static ServedVersion with(String component, Object value) {
        try {
            RecordComponent[] components = ServedVersion.class.getRecordComponents();
            Class<?>[] types = new Class<?>[components.length];
            Object[] values = new Object[components.length];
            for (int i = 0; i < components.length; i++) {
                types[i] = components[i].getType();
                values[i] = components[i].getName().equals(component)
                        ? value
                        : components[i].getAccessor().invoke(VERSION);
            }
            return ServedVersion.class.getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
