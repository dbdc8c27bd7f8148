package dev.holdfast.host.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.sdk.Codec;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The codecs and the command-line tools of their formats read one another. */
class CodecInteroperabilityIT {

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"gz, gzip", "bz2, bzip2", "xz, xz", "zstd, zstd", "lz4, lz4"})
    void theToolReadsTheCodecAndTheCodecReadsTheTool(String name, String tool) throws Exception {
        assumeTrue(isThere(tool), "the tool " + tool + " is not installed");
        Codec codec = CodecsTest.named(name);
        byte[] content = new byte[3_000_000];
        new Random(7).nextBytes(content);
        Arrays.fill(content, 1_000_000, 2_000_000, (byte) 'x');

        assertThat(run(codec.compress(content), tool, "-d", "-c")).isEqualTo(content);
        assertThat(codec.decompress(run(content, tool, "-c"), content.length)).isEqualTo(content);
    }

    private static boolean isThere(String tool) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, tool)));
    }

    private byte[] run(byte[] input, String... command) throws IOException, InterruptedException {
        Path from = Files.write(directory.resolve("in"), input);
        Path to = directory.resolve("out");
        Process process = new ProcessBuilder(command)
                .redirectInput(from.toFile())
                .redirectOutput(to.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return Files.readAllBytes(to);
    }
}
