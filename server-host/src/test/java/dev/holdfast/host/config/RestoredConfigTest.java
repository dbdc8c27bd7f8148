package dev.holdfast.host.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.testsupport.LogLines;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a restored snapshot may set: not what opens the host, if it is another's; and a damaged value costs that key alone. */
class RestoredConfigTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    private static ConfigLayers local(String... keysAndValues) {
        Map<String, String> values = new java.util.TreeMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return ConfigLayers.of(Map.of()).defaultFile(values);
    }

    @ParameterizedTest
    @CsvSource({
        "inference_address, http://0.0.0.0:8080, http://127.0.0.1:8080",
        "management_address, http://0.0.0.0:8081, http://127.0.0.1:8081",
        "metrics_address, 'http://[::]:8082', http://127.0.0.1:8082",
        "management_address, http://10.1.2.3:8081, http://127.0.0.1:8081",
        "cors_allowed_origin, *, ''",
        "cors_allowed_origin, https://elsewhere.example, ''",
        "cors_allowed_methods, 'GET, DELETE', ''",
        "cors_allowed_headers, *, ''",
        "token_expiration_min, 5256000, 60",
        "token_expiration_min, 60.5, 60"
    })
    void whatOpensTheHostIsNotTakenFromAnotherHost(String key, String value, String here) {
        Map<String, String> snapshot = Map.of(key, value, "job_queue_size", "7");

        HostConfig config = local().restored(snapshot, false).toConfig();

        assertThat(config.text(key)).isEqualTo(here);
        assertThat(config.models().jobQueueSize()).isEqualTo(7);
        assertThat(config.toSnapshot()).as("nor carried on").doesNotContainKey(key);
        assertThat(log.warnings())
                .singleElement()
                .asString()
                .startsWith(key + "=" + value
                        + " of the restored snapshot is left out: it opens this host more than its own")
                .contains("--accept-addresses");
        assertThat(local().restored(snapshot, true).toConfig().text(key)).isEqualTo(value);
    }

    @Test
    void anotherModelStoreIsNotTakenFromAnotherHost() {
        HostConfig config = local("model_store", "/srv/models")
                .restored(Map.of("model_store", "/tmp/theirs"), false)
                .toConfig();

        assertThat(config.text("model_store")).isEqualTo("/srv/models");
        assertThat(log.warnings()).singleElement().asString().contains("(/srv/models)");
        assertThat(local().restored(Map.of("model_store", "/tmp/theirs"), false)
                        .toConfig()
                        .text("model_store"))
                .as("where this host has none")
                .isEqualTo("/tmp/theirs");
    }

    @Test
    void anotherWorkflowStoreIsNotTakenFromAnotherHostAlsoWhereThisOneKeepsThemAmongItsModels() {
        HostConfig config = local("model_store", "/srv/models")
                .restored(Map.of("workflow_store", "/tmp/theirs"), false)
                .toConfig();

        assertThat(config.models().workflowStore()).isEmpty();
        assertThat(log.warnings()).singleElement().asString().contains("(/srv/models)");
    }

    @ParameterizedTest
    @CsvSource({"enable_metrics_api", "ts_open_inference_protocol"})
    void anApiThatThisHostHasSwitchedOffStaysOff(String key) {
        assertThat(local(key, "false")
                        .restored(Map.of(key, "true"), false)
                        .toConfig()
                        .text(key))
                .isEqualTo("false");
        assertThat(local().restored(Map.of(key, "false"), false).toConfig().text(key))
                .isEqualTo("false");
    }

    @ParameterizedTest
    @CsvSource({
        "inference_address, http://127.0.0.1:9090, inference_address, http://127.0.0.1:8080",
        "inference_address, http://localhost:9090, inference_address, http://127.0.0.1:8080",
        "inference_address, http://0.0.0.0:9090, inference_address, http://0.0.0.0:8080",
        "inference_address, http://10.1.2.3:9090, inference_address, 'http://[::]:8080'",
        "inference_address, http://10.1.2.3:9090, inference_address, http://10.1.2.3:80",
        "cors_allowed_origin, https://ours.example, cors_allowed_origin, https://ours.example",
        "cors_allowed_origin, https://ours.example, cors_allowed_origin, *",
        "token_expiration_min, 30, token_expiration_min, 60"
    })
    void whatOpensNothingMoreIsTaken(String key, String value, String localKey, String localValue) {
        HostConfig config =
                local(localKey, localValue).restored(Map.of(key, value), false).toConfig();

        assertThat(config.text(key)).isEqualTo(value);
        assertThat(log.warnings()).noneMatch(line -> line.contains("is left out"));
    }

    @Test
    void whatTheOperatorSaysIsNotAskedAbout() {
        HostConfig config = local().commandLine(Map.of("inference_address", "http://0.0.0.0:9000"))
                .restored(Map.of("inference_address", "http://0.0.0.0:8080"), false)
                .toConfig();

        assertThat(config.listen().inferenceAddress().toString()).isEqualTo("http://0.0.0.0:9000");
        assertThat(log.warnings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "max_request_size, -5, 6553500",
        "max_request_size, many, 6553500",
        "inference_address, tcp://0.0.0.0:8443, http://127.0.0.1:8080",
        "token_expiration_min, NaN, 60",
        "enable_metrics_api, perhaps, true",
        "job_queue_size, 0, 100",
        "token_failure_status, 403, 401"
    })
    void aValueThatBreaksItsRuleIsDamageOfThatKeyAlone(String key, String value, String here) {
        for (boolean word : new boolean[] {true, false}) {
            HostConfig config = local().restored(Map.of(key, value, "default_response_timeout", "7"), word)
                    .toConfig();

            assertThat(config.text(key)).isEqualTo(here);
            assertThat(config.text("default_response_timeout")).isEqualTo("7");
        }
        assertThat(log.warnings())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .startsWith("The restored snapshot is damaged in one key, and this host's own value holds ("
                                + key + "=" + here + "): " + key + " of the restored snapshot '" + value + "' must "));
    }

    @Test
    void aStrictRestoreStopsAtSuchAValue() {
        ConfigLayers strict = local("restore", "strict").restored(Map.of("max_request_size", "-5"), true);

        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(strict::toConfig)
                .withMessageStartingWith("max_request_size of the restored snapshot '-5' must be");
    }

    @ParameterizedTest
    @ValueSource(strings = {"azure_sas", "slack_hook", "bearer", "my.own", "x"})
    void aKeyThatNobodyKnowsIsNeitherTakenNorKept(String key) {
        HostConfig restored = local().restored(Map.of(key, "canary", "job_queue_size", "7"), true)
                .toConfig();
        HostConfig given = ConfigLayers.of(Map.of())
                .givenFile(Map.of(key, "canary", "job_queue_size", "7"))
                .toConfig();

        assertThat(restored.toSnapshot()).isEqualTo(Map.of("job_queue_size", "7"));
        assertThat(given.toSnapshot()).isEqualTo(Map.of("job_queue_size", "7"));
        assertThat(log.warnings())
                .anyMatch(line -> line.equals("Keys of the restored snapshot that nobody knows are left out: " + key));
        assertThat(log.warnings().toString()).doesNotContain("canary");
    }

    @Test
    void theKeysOfTorchServeAreKept() {
        Map<String, String> snapshot = Map.of("metrics_mode", "prometheus", "decode_input_request", "false");

        assertThat(local().restored(snapshot, false).toConfig().toSnapshot()).isEqualTo(snapshot);
    }
}
