package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.StartOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class StartArgumentsTest {

    @TempDir
    private Path directory;

    @BeforeEach
    void makeWhatTheArgumentsName() throws IOException {
        directory = directory.toRealPath();
        Files.createDirectories(directory.resolve("store"));
        Files.writeString(directory.resolve("a.properties"), "job_queue_size=7\n");
        Files.writeString(directory.resolve("jars.sha256"), "");
    }

    /** {@code @} stands for the working directory. */
    static Stream<Arguments> flags() {
        return Stream.of(
                flag("", Map.of()),
                flag("--start", Map.of()),
                flag("--model-store store", Map.of("model_store", "@/store")),
                flag("--model-store=store", Map.of("model_store", "@/store")),
                flag("--workflow-store store", Map.of("workflow_store", "@/store")),
                flag("--models all", Map.of("load_models", "all")),
                flag("--models a.mar b=c.mar", Map.of("load_models", "a.mar,b=c.mar")),
                flag("--models a.mar,b=c.mar --start", Map.of("load_models", "a.mar,b=c.mar")),
                flag("--models a.mar --models b.mar", Map.of("load_models", "a.mar,b.mar")),
                flag("--snapshot-store DDB", Map.of("snapshot_store", "DDB")),
                flag("--snapshot-store-required", Map.of("snapshot_store_required", "true")),
                flag("--restore strict", Map.of("restore", "strict")),
                flag("--restore=fallback", Map.of("restore", "fallback")),
                flag("--plugins-path plugins", Map.of("plugins_path", "@/plugins")),
                flag("--ppath plugins/*", Map.of("plugins_path", "@/plugins/*")),
                flag("--ppath a:/b", Map.of("plugins_path", "@/a:/b")),
                flag("--plugins-sha256 jars.sha256", Map.of("plugins_sha256", "@/jars.sha256")),
                flag("--disable-token-auth", Map.of("disable_token_authorization", "true")),
                flag("--dt", Map.of("disable_token_authorization", "true")),
                flag("--disable-token", Map.of("disable_token_authorization", "true")),
                flag("--enable-m", Map.of("enable_model_api", "true")),
                flag("--model-st store", Map.of("model_store", "@/store")),
                flag("--model-s=store", Map.of("model_store", "@/store")),
                flag("--enable-model-api", Map.of("enable_model_api", "true")),
                flag("--cpp-log-config x", Map.of("cpp_log_config", "x")),
                flag("-Djob_queue_size=5", Map.of("job_queue_size", "5")),
                flag("-D a=1 --set b=2=3", Map.of("a", "1", "b", "2=3")));
    }

    private static Arguments flag(String line, Map<String, String> keys) {
        return Arguments.of(line, keys);
    }

    @ParameterizedTest
    @MethodSource("flags")
    void aFlagSetsItsKey(String line, Map<String, String> keys) {
        StartOptions options = options(line);

        assertThat(options.commandLine()).hasSameSizeAs(keys);
        keys.forEach((key, value) ->
                assertThat(options.commandLine()).containsEntry(key, value.replace("@", directory.toString())));
        assertThat(options.configSnapshots()).isTrue();
        assertThat(options.tsConfig()).isEmpty();
    }

    @Test
    void theRestIsNoConfigurationKey() {
        StartOptions options = options("--ts-config a.properties --snapshot latest --ncs --log-location elsewhere");

        assertThat(options.tsConfig()).contains(directory.resolve("a.properties"));
        assertThat(options.snapshot()).contains("latest");
        assertThat(options.configSnapshots()).isFalse();
        assertThat(options.logLocation()).isEqualTo(directory.resolve("elsewhere"));
        assertThat(options("--config a.properties").tsConfig()).isPresent();
        assertThat(options("--no-config-snapshots").configSnapshots()).isFalse();
    }

    @Test
    void theEnvironmentNamesTheLogLocationAndTheConfigurationUnlessTheCommandLineDoes() {
        Typed typed = new Typed(directory).with("LOG_LOCATION", "there").with("TS_CONFIG_FILE", "a.properties");

        assertThat(typed.parse().startOptions().logLocation()).isEqualTo(directory.resolve("there"));
        assertThat(typed.parse().startOptions().tsConfig()).contains(directory.resolve("a.properties"));
        assertThat(typed.parse("--log-location=here").startOptions().logLocation())
                .isEqualTo(directory.resolve("here"));
        assertThat(options("").logLocation()).isEqualTo(directory.resolve("logs"));
    }

    @Test
    void aFileOrDirectoryThatIsNotThereIsNamed() {
        for (String line : List.of(
                "--model-store nowhere",
                "--workflow-store nowhere",
                "--ts-config nowhere",
                "--plugins-sha256 nowhere")) {
            assertThatThrownBy(() -> options(line))
                    .isInstanceOf(CommandFailure.class)
                    .hasMessageContaining("not found: " + directory.resolve("nowhere"))
                    .hasMessageContaining(line.split(" ")[0]);
        }
    }

    @Test
    void thePluginsOfTheDistributionAreTheDefaultWhenThereAreAny() throws IOException {
        Path home = Files.createDirectories(directory.resolve("home"));
        Path plugins = Files.createDirectories(home.resolve("plugins"));
        Typed typed = new Typed(directory).withHome(home);
        assertThat(typed.parse().startOptions().commandLine()).doesNotContainKey("plugins_path");

        Files.writeString(plugins.resolve("x.jar"), "");
        assertThat(typed.parse().startOptions().commandLine()).containsEntry("plugins_path", plugins.toString());
        assertThat(typed.parse("--ppath=/other").startOptions().commandLine()).containsEntry("plugins_path", "/other");

        Files.createDirectories(home.resolve("conf"));
        Files.writeString(home.resolve("conf/config.properties"), "plugins_path=/configured\n");
        assertThat(typed.parse().startOptions().commandLine()).doesNotContainKey("plugins_path");
        assertThat(typed.parse().startOptions().defaultConfig()).contains(home.resolve("conf/config.properties"));
    }

    private StartOptions options(String line) {
        String[] args = line.isEmpty() ? new String[0] : line.split(" ");
        return new Typed(directory).parse(args).startOptions();
    }
}
