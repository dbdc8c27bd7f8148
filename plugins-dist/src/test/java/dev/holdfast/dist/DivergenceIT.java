package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.EnumSource.Mode.MATCH_NONE;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Two hosts A and B of one group that have each acknowledged a change the other does not know: both go on serving what they
 * acknowledged, through kills and restarts, until somebody decides; and what loses is kept.
 */
class DivergenceIT {

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    private Fleet fleet;
    private Member a;
    private Member b;

    private void diverge(Store store) throws Exception {
        fleet = FLEETS.over(store);
        a = fleet.member("A");
        b = fleet.member("B");
        Fleet.start(a, b);
        a.way().cut();
        a.register("important");
        b.register("other");
        a.way().mend();
        a.awaitMode("DETACHED");
    }

    @ParameterizedTest
    @EnumSource(mode = MATCH_NONE, names = "FS.*")
    void aHostThatOnlyStartsAndStopsOutvotesNoChange(Store store) throws Exception {
        fleet = FLEETS.over(store);
        a = fleet.member("A");
        b = fleet.member("B");
        Fleet.start(a, b);
        b.stop();

        assertThat(a.register("important").headers().firstValue("Holdfast-Notice"))
                .isEmpty();
        a.killAndStart();

        assertThat(a.models()).containsExactly("important");
        assertThat(a.mode()).isEqualTo("ATTACHED");
        assertThat(fleet.group().newestModels()).contains(Set.of("important"));
    }

    @Test
    void aDivergenceWaitsThroughAnyNumberOfKillsAndWhereTheLocalSideIsTakenTheStoresIsSavedUnderAName()
            throws Exception {
        diverge(Store.POSTGRESQL);

        assertAServesItsOwnAndShowsBothSides();
        for (int i = 0; i < 2; i++) {
            a.killAndStart();
            assertAServesItsOwnAndShowsBothSides();
        }
        b.killAndStart();
        assertThat(b.models()).containsExactly("other");
        assertThat(b.mode()).isEqualTo("ATTACHED");
        assertThat(fleet.group().newestModels()).contains(Set.of("other"));

        assertThat(a.run("snapshots", "attach", "--take=local").exitCode()).isZero();

        assertThat(a.mode()).isEqualTo("ATTACHED");
        assertThat(a.models()).containsExactly("important");
        assertThat(fleet.group().newestModels()).contains(Set.of("important"));
        List<JsonNode> saves = a.snapshots().stream()
                .filter(header -> header.required("kind").textValue().equals("save"))
                .toList();
        assertThat(saves).hasSize(1);
        assertThat(a.modelsOf(saves.get(0).required("name").textValue())).containsExactly("other");
        a.killAndStart();
        assertThat(a.models()).containsExactly("important");
    }

    private void assertAServesItsOwnAndShowsBothSides() throws Exception {
        a.awaitMode("DETACHED");
        assertThat(a.models()).containsExactly("important");
        JsonNode divergence = a.status().required("divergence");
        assertThat(divergence.required("since").textValue()).isNotBlank();
        JsonNode here = divergence.required("here");
        JsonNode there = divergence.required("store");
        assertThat(List.of(
                        here.required("host").textValue(),
                        there.required("host").textValue()))
                .containsExactly("A", "B");
        assertThat(here.required("snapshot").textValue())
                .isNotEqualTo(there.required("snapshot").textValue());
        assertThat(StreamSupport.stream(divergence.required("differences").spliterator(), false)
                        .map(JsonNode::textValue))
                .anyMatch(sentence -> sentence.contains("important"))
                .anyMatch(sentence -> sentence.contains("other"));
    }

    @Test
    void whereTheStoresSideIsTakenTheLocalOneIsKeptAside() throws Exception {
        diverge(Store.SQLITE);

        a.take("store");

        assertThat(a.mode()).isEqualTo("ATTACHED");
        assertThat(a.models()).containsExactly("other");
        JsonNode aside = a.status().required("aside");
        assertThat(aside).hasSize(1);
        String name = aside.get(0).textValue();
        assertThat(a.modelsOf(name)).containsExactly("important");
        a.kill();
        a.start("--snapshot", name);
        assertThat(a.models()).containsExactly("important");
        assertThat(a.mode()).isEqualTo("ATTACHED");
    }

    @Test
    void bothSidesCanBeMerged() throws Exception {
        diverge(Store.DYNAMODB);

        a.take("merge");

        assertThat(a.mode()).isEqualTo("ATTACHED");
        assertThat(a.models()).containsExactly("important", "other");
        assertThat(fleet.group().newestModels()).contains(Set.of("important", "other"));
        await().untilAsserted(() -> assertThat(b.status().has("behind")).isTrue());
        b.take("store");
        assertThat(b.models()).containsExactly("important", "other");
        b.killAndStart();
        assertThat(b.models()).containsExactly("important", "other");
    }

    @Test
    void aSnapshotOfFsThatCannotBeReadForAWhileTakesNoChange() throws Exception {
        fleet = FLEETS.over(Store.FS);
        a = fleet.member("A");
        a.start();
        a.register("first");
        a.kill();
        Path newest = ((FsGroup) fleet.group()).newest().orElseThrow();
        Path away = Files.move(newest, fleet.directory().resolve("away"));
        Files.createDirectory(newest);
        a.start();
        a.register("important");
        a.kill();
        Files.delete(newest);
        Files.move(away, newest);

        a.start();

        assertThat(a.models()).containsExactly("first", "important");
        a.awaitMode("ATTACHED");
        assertThat(fleet.group().newestModels()).contains(Set.of("first", "important"));
    }
}
