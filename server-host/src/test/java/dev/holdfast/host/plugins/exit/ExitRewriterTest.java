package dev.holdfast.host.plugins.exit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.plugins.FixtureJar;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.jar.JarFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExitRewriterTest {

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void compile() {
        file = new FixtureJar()
                .source("ts.Exits", "package ts; public class Exits { public void run() { System.exit(1); } }")
                .source("ts.Harmless", "package ts; public class Harmless { String exit = \"exit\"; }")
                .write(directory.resolve("exits.jar"));
    }

    @Test
    void aClassWithoutSuchACallStaysTheSameBytes() throws Exception {
        byte[] harmless = bytes("ts/Harmless.class");

        assertThat(ExitRewriter.rewrite(harmless)).isSameAs(harmless);
        assertThat(ExitRewriter.rewrite(bytes("ts/Exits.class"))).isNotEqualTo(bytes("ts/Exits.class"));
    }

    @Test
    void aClassThatCannotBeSearchedIsRefused() throws Exception {
        byte[] cut = bytes("ts/Exits.class");

        assertThatExceptionOfType(ClassFormatError.class)
                .isThrownBy(() -> ExitRewriter.rewrite(Arrays.copyOf(cut, cut.length / 2)))
                .withMessageContaining("cannot be searched for calls that end the process");
        cut[6] = 0;
        cut[7] = 127;
        assertThat(ExitRewriter.rewrite(cut)).as("the JVM says what is wrong").isSameAs(cut);
    }

    private byte[] bytes(String entry) throws IOException {
        try (JarFile jar = new JarFile(file.toFile());
                InputStream stream = jar.getInputStream(jar.getEntry(entry))) {
            return stream.readAllBytes();
        }
    }
}
