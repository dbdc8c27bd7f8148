package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JvmOptionsTest {

    private static final String SNAPSHOT = "\nmodel_snapshot={\"name\":\"a\",\"modelCount\":0,\"models\":{}}\n";

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vmargs=-Xmx200m -Da=b",
                "vmargs=-Xmx200m -Da=b\r\njob_queue_size=3\r\n",
                "\uFEFFvmargs=-Xmx200m -Da=b",
                "vmargs -Xmx200m -Da=b",
                "  vmargs : \t -Xmx200m   -Da=b  ",
                "vmargs=-Xmx200m \\\n  -Da=b",
                "vmargs=-Xmx200m \\\r\n  -Da=b",
                "vmargs=$$HEAP$$ -Da=b",
                "vmargs=-Xmx$$SIZE$$ -Da=$$LETTER$$",
                "vmargs=$$BOTH$$",
                "vm\\u0061rgs=-Xmx200m -Da\\=b",
                "vm\\\nargs=-Xmx200m -Da=b",
                "#vmargs=-Xmx1m\rvmargs=-Xmx200m -Da=b\r",
                "vmargs=-Xmx1m\nvmargs=-Xmx200m -Da=b",
                "x=\\\nvmargs=-Xmx1m\nvmargs=-Xmx200m -Da=b",
            })
    void theKeyIsReadAsAllOthersAre(String text) throws IOException {
        JvmOptions options = given(text);

        assertThat(options.taken()).containsExactly("-Xmx200m", "-Da=b");
        assertThat(options.leftOut()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-javaagent:/tmp/x.jar",
                "-agentpath:/tmp/x.so",
                "-Xlog:gc:file=/tmp/x",
                "-XX:OnOutOfMemoryError=/tmp/x",
                "-XX:Flags=/tmp/x",
                "-XX:MaxHeapSize=/tmp/x",
                "-Xmx200m,x",
                "-Xbootclasspath/a:/tmp/x.jar",
                "-Da=b",
                "@/tmp/x",
                "dev.holdfast.host.cli.Main",
                "$$HEAP$$",
            })
    void ofASnapshotNothingButSizesOfMemoryIsTakenAndTheRestIsNamed(String option) throws IOException {
        String sizes = "-Xms10m -Xmx200m -Xss1m -XX:MaxRAMPercentage=50.5 -XX:MaxDirectMemorySize=1G";

        JvmOptions options = given("vmargs=" + sizes + " " + option + SNAPSHOT);

        assertThat(String.join(" ", options.taken())).isEqualTo(sizes);
        assertThat(options.leftOut()).containsExactly(option);
        assertThat(options.notices(Optional.of(sizes)))
                .singleElement()
                .asString()
                .contains(option.replaceFirst("=.*", "=..."), "is a snapshot", "HOLDFAST_JAVA_OPTS");
    }

    @Test
    void theGivenFileWinsAlsoWithNone() throws IOException {
        Path byDefault = Files.writeString(directory.resolve("default.properties"), "vmargs=-Xmx1g");

        assertThat(JvmOptions.of(Optional.of(byDefault), Optional.empty(), Map.of())
                        .taken())
                .containsExactly("-Xmx1g");
        assertThat(JvmOptions.of(Optional.of(byDefault), Optional.of(file("a=b")), Map.of())
                        .taken())
                .containsExactly("-Xmx1g");
        assertThat(JvmOptions.of(Optional.of(byDefault), Optional.of(file("vmargs=-Xmx2g")), Map.of())
                        .taken())
                .containsExactly("-Xmx2g");
        assertThat(JvmOptions.of(Optional.of(byDefault), Optional.of(file("vmargs=")), Map.of())
                        .taken())
                .isEmpty();
    }

    @Test
    void aVariableThatIsNotSetIsNamedAsForAnyOtherKey() throws IOException {
        Path file = file("vmargs=-Xmx$$NOPE$$");

        assertThatThrownBy(() -> JvmOptions.of(Optional.empty(), Optional.of(file), Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessage("vmargs of the --ts-config file " + file
                        + " names the environment variable NOPE, which is not set");
    }

    @Test
    void optionsThatTheJvmWasNotStartedWithAreSaidNotToHoldWithoutTheirValues() throws IOException {
        JvmOptions options = given("vmargs=-Xmx200m -Djavax.net.ssl.keyStorePassword=canary");

        assertThat(options.notices(Optional.of(" -Xmx200m  -Djavax.net.ssl.keyStorePassword=canary\n")))
                .isEmpty();
        assertThat(List.of(Optional.<String>empty(), Optional.of("-Xmx200m")))
                .allSatisfy(started -> assertThat(options.notices(started))
                        .singleElement()
                        .asString()
                        .contains("-Xmx200m -Djavax.net.ssl.keyStorePassword=...", "do not hold")
                        .doesNotContain("canary"));
        assertThat(JvmOptions.of(Optional.empty(), Optional.empty(), Map.of()).notices(Optional.empty()))
                .isEmpty();
    }

    private JvmOptions given(String text) throws IOException {
        Map<String, String> environment =
                Map.of("HEAP", "-Xmx200m", "SIZE", "200m", "LETTER", "b", "BOTH", "-Xmx200m -Da=b");
        return JvmOptions.of(Optional.empty(), Optional.of(file(text)), environment);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("config.properties"), text);
    }
}
