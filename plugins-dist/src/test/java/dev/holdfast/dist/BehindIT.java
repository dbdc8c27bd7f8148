package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.EnumSource.Mode.MATCH_NONE;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A fleet of A and B in which A alone is changed: A goes on, and B says that it serves an older state. */
class BehindIT {

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    private Fleet fleet;
    private Member a;
    private Member b;

    private void hosts(Store store) throws Exception {
        fleet = FLEETS.over(store);
        a = fleet.member("A");
        b = fleet.member("B");
        Fleet.start(a, b);
    }

    @ParameterizedTest
    @EnumSource(mode = MATCH_NONE, names = "FS.*")
    void aRollingRestartDetachesNobody(Store store) throws Exception {
        hosts(store);
        a.register("first");
        b.stop();
        b.start();
        assertThat(b.models()).containsExactly("first");

        assertThat(a.register("second").headers().firstValue("Holdfast-Notice")).isEmpty();
        a.stop();
        a.start();

        assertThat(a.mode()).isEqualTo("ATTACHED");
        assertThat(a.models()).containsExactly("first", "second");
        assertThat(a.register("third").headers().firstValue("Holdfast-Notice")).isEmpty();
        assertThat(fleet.group().newestModels()).contains(Set.of("first", "second", "third"));
    }

    @Test
    void aHostThatIsBehindSaysSoAndGoesOverInsteadOfChangingAnOlderState() throws Exception {
        hosts(Store.POSTGRESQL);
        theSameScriptMayDeployOnEachHost();
        String snapshot = a.register("important")
                .headers()
                .firstValue("Holdfast-Snapshot")
                .orElseThrow();

        await().untilAsserted(() -> assertThat(
                        b.status().path("behind").path("snapshot").textValue())
                .isEqualTo(snapshot));
        JsonNode behind = b.status().required("behind");
        assertThat(behind.required("host").textValue()).isEqualTo("A");
        assertThat(behind.required("createdOn").textValue()).isNotBlank();
        assertThat(b.asked("/v2/health/ready")).isEqualTo(503);
        assertThat(b.asked("/v2/health/live")).isEqualTo(200);
        assertThat(b.asked("/ping")).isEqualTo(200);
        HttpResponse<String> late = b.tryToRegister("other");
        assertThat(late.statusCode()).as(late.body()).isEqualTo(409);
        await().untilAsserted(() -> assertThat(b.models()).containsExactly("both", "important"));
        b.awaitReady();
        assertThat(b.status().has("behind")).isFalse();
        b.register("other");
        assertThat(fleet.group().newestModels()).contains(Set.of("both", "important", "other"));
        assertThat(a.mode()).isEqualTo("ATTACHED");
        aHostThatIsBehindCanBeToldToTakeTheStores();
    }

    private void theSameScriptMayDeployOnEachHost() throws Exception {
        a.register("both");
        b.register("both");
        assertThat(a.models()).isEqualTo(b.models()).containsExactly("both");
        b.awaitReady();
        a.awaitReady();
        assertThat(a.mode()).isEqualTo(b.mode()).isEqualTo("ATTACHED");
        assertThat(fleet.group().newestModels()).contains(Set.of("both"));
    }

    private void aHostThatIsBehindCanBeToldToTakeTheStores() throws Exception {
        await().untilAsserted(() -> assertThat(a.status().has("behind")).isTrue());

        a.take("store");

        assertThat(a.models()).containsExactly("both", "important", "other");
        assertThat(a.asked("/v2/health/ready")).isEqualTo(200);
        assertThat(a.mode()).isEqualTo("ATTACHED");
    }
}
