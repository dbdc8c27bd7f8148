package dev.holdfast.host.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigReaderTest {

    @TempDir
    Path directory;

    private ModelConfig read(String yaml) throws IOException {
        Path file = directory.resolve("model-config.yaml");
        Files.writeString(file, yaml);
        return ModelConfigReader.read(file, "x.mar", "model-config.yaml");
    }

    @Test
    void keysOfTorchServeAreReadAndAllOthersAreTheHandlers() throws IOException {
        ModelConfig config = read("""
                minWorkers: 2
                maxWorkers: 3
                batchSize: 4
                maxBatchDelay: 50
                responseTimeout: 60
                startupTimeout: 90
                maxRetryTimeoutInSec: 30
                jobQueueSize: 7
                clientTimeoutInMills: 500
                deviceType: cpu
                continuousBatching: false
                handler:
                  model_path: "model/here"
                  labels: {0: cat, 1: dog}
                """);

        assertThat(config.minWorkers()).hasValue(2);
        assertThat(config.maxWorkers()).hasValue(3);
        assertThat(config.batchSize()).hasValue(4);
        assertThat(config.maxBatchDelay()).contains(Duration.ofMillis(50));
        assertThat(config.responseTimeout()).contains(Duration.ofSeconds(60));
        assertThat(config.startupTimeout()).contains(Duration.ofSeconds(90));
        assertThat(config.retryTimeout()).contains(Duration.ofSeconds(30));
        assertThat(config.jobQueueSize()).hasValue(7);
        assertThat(config.clientTimeout()).contains(Duration.ofMillis(500));
        assertThat(config.wantsGpu()).isFalse();
        assertThat(config.values())
                .containsEntry("batchSize", 4)
                .containsEntry("handler", Map.of("model_path", "model/here", "labels", Map.of(0, "cat", 1, "dog")));
    }

    @Test
    void whatIsANumberInPythonIsANumberAndWhatIsATextThereIsOne() throws IOException {
        assertThat(read("a: 1e-4\nb: 1.0e-4\nc: 2024-01-31\nd: yes\ne: .5\nf: ~\ng: 0x10\nh: 1_000\ni: [.inf, x]")
                        .values())
                .containsEntry("a", "1e-4")
                .containsEntry("b", 0.0001)
                .containsEntry("c", "2024-01-31")
                .containsEntry("d", true)
                .containsEntry("e", 0.5)
                .containsEntry("f", null)
                .containsEntry("g", 16)
                .containsEntry("h", 1000)
                .containsEntry("i", Arrays.asList(Double.POSITIVE_INFINITY, "x"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "batchSize: 0|batchSize '0' must be a whole number from 1 to 65536",
                "batchSize: four|batchSize 'four' must be a whole number from 1 to 65536",
                "batchSize: 1.5|batchSize '1.5' must be a whole number from 1 to 65536",
                "batchSize: true|batchSize 'true' must be a whole number from 1 to 65536",
                "minWorkers: -1|minWorkers '-1' must be a whole number from 0 to 1024",
                "maxWorkers: 9999|maxWorkers '9999' must be a whole number from 0 to 1024",
                "{minWorkers: 3, maxWorkers: 2}|maxWorkers 2 must not be less than minWorkers 3",
                "maxBatchDelay: [1]|maxBatchDelay '[1]' must be a whole number from 0 to 3600000",
                "responseTimeout: 0|responseTimeout '0' must be a whole number from 1 to 604800",
                "startupTimeout: 99999999999|startupTimeout '99999999999' must be a whole number from 1 to 604800",
                "maxRetryTimeoutInSec: 0|maxRetryTimeoutInSec '0' must be a whole number from 1 to 604800",
                "jobQueueSize: 0|jobQueueSize '0' must be a whole number from 1 to 10000000",
                "deviceType: tpu|deviceType 'tpu' must be cpu or gpu",
                "deviceIds: 0|deviceIds '0' must be a list of whole numbers",
                "[1, 2]|it must hold keys with values, such as batchSize: 4",
            })
    void aValueAgainstItsRuleIsRefusedByKeyValueAndRule(String yaml, String message) {
        assertThatThrownBy(() -> read(yaml))
                .isInstanceOf(ArchiveException.class)
                .hasMessage("Archive x.mar has a damaged model-config.yaml: " + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "torchrun: {nproc-per-node: 4}|torchrun, which is not done here: {nproc-per-node=4}. Take it out,",
                "parallelType: pp|parallelType, which is not done here: 'pp'. Take it out, or set it to '',",
                "parallelLevel: 4|parallelLevel, which is not done here: 4. Take it out, or set it to 1,",
                "continuousBatching: true|continuousBatching, which is not done here: true. Take it out, or set it to false,",
                "sequenceBatching: true|sequenceBatching, which is not done here: true. Take it out, or set it to false,",
                "asyncCommunication: true|asyncCommunication, which is not done here: true. Take it out, or set it to false,",
                "useJobTicket: true|useJobTicket, which is not done here: true. Take it out, or set it to false,",
                "useVenv: true|useVenv, which is not done here: true. Take it out, or set it to false,",
            })
    void whatIsNotDoneHereIsRefusedByName(String yaml, String message) {
        assertThatThrownBy(() -> read(yaml))
                .isInstanceOf(ArchiveException.class)
                .hasMessage("Archive x.mar: its model-config.yaml has " + message + " if the model does without it");
    }

    @Test
    void whatIsNotDoneHereMayBeSwitchedOff() throws IOException {
        assertThat(read("{torchrun: , parallelType: '', parallelLevel: 1, useVenv: false, sequenceMaxIdleMSec: 0}")
                        .values())
                .hasSize(5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: !!javax.script.ScriptEngineManager [x]",
                "a: !!python/object/apply:os.system ['id']",
                "a: [",
                "a: &x [*x]",
                "a: 1\n\tb: 2",
            })
    void whatIsNoPlainYamlIsRefused(String yaml) {
        assertThatThrownBy(() -> read(yaml))
                .isInstanceOf(ArchiveException.class)
                .hasMessageStartingWith("Archive x.mar has a damaged model-config.yaml: it ");
    }

    @Test
    void aFileThatGrowsByItsAliasesIsRefused() {
        StringBuilder yaml = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 25; i++) {
            String before = "*a" + (i - 1);
            yaml.append("a" + i + ": &a" + i + " [" + before + ", " + before + "]\n");
        }

        assertThatThrownBy(() -> read(yaml.toString())).hasMessageContaining("aliases count as what they stand for");
    }

    @Test
    void anEmptyFileSaysNothing() throws IOException {
        assertThat(read("# nothing\n")).isEqualTo(ModelConfig.NONE);
        assertThat(read("minWorkers: 0").minWorkersOr(3)).isEqualTo(3);
        assertThat(List.of(
                        read("minWorkers: 2").maxWorkersOr(1),
                        read("maxWorkers: 2").minWorkersOr(4)))
                .containsExactly(2, 2);
    }
}
