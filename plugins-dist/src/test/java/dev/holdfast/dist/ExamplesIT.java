package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.dist.Distribution.Said;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every project below {@code examples/} builds outside of this one, by {@code mvn -B verify}, with its tests. */
class ExamplesIT {

    private static final Path EXAMPLES = Path.of("..", "examples");

    @TempDir
    private Path directory;

    private StrangersMaven maven;

    @BeforeEach
    void aMavenOfItsOwn() throws IOException {
        directory = directory.toRealPath();
        maven = StrangersMaven.in(Files.createDirectory(directory.resolve("maven")));
    }

    @TestFactory
    List<DynamicTest> everyExampleBuilds() throws IOException {
        List<Path> examples = projects();
        assertThat(examples).as("projects below %s", EXAMPLES).isNotEmpty();
        return examples.stream()
                .map(example -> DynamicTest.dynamicTest(example.getFileName().toString(), () -> build(example)))
                .toList();
    }

    @Test
    void anExampleThatDoesNotBuildIsToldOf() throws IOException {
        Path broken = Files.createDirectory(directory.resolve("broken"));
        Files.writeString(broken.resolve("pom.xml"), """
                <project>
                  <modelVersion>4.0.0</modelVersion>
                  <groupId>com.example</groupId>
                  <artifactId>broken</artifactId>
                </project>
                """);

        assertThatThrownBy(() -> build(broken))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("'version' is missing");
    }

    private static List<Path> projects() throws IOException {
        if (!Files.isDirectory(EXAMPLES)) {
            return List.of();
        }
        try (Stream<Path> directories = Files.list(EXAMPLES)) {
            return directories.filter(Files::isDirectory).sorted().toList();
        }
    }

    /** In a copy, for a build leaves nothing in the sources, and finds nothing of them beside itself. */
    private void build(Path example) throws IOException, InterruptedException {
        Path copy = directory.resolve("copies").resolve(example.getFileName());
        StrangersMaven.copy(example, copy);

        Said said = maven.mvn(copy, "-B", "verify");

        assertThat(said.exitCode()).as("%s", said.out()).isZero();
    }
}
