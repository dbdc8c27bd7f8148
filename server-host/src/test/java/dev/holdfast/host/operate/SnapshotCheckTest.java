package dev.holdfast.host.operate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.operate.SnapshotCheck.Problem;
import dev.holdfast.host.operate.SnapshotCheck.Report;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.SnapshotNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotCheckTest {

    @TempDir
    private Path directory;

    private TestGroup test;

    @BeforeEach
    void save() {
        test = TestGroup.in(directory);
        test.save("a", States.of("m"));
        test.save("b", test.learned("fraud", 3_000_000, 1));
        test.save("c", test.learned("fraud", 3_000_000, 1));
        test.save("d", test.learned("fraud", 1_000_000, 2));
    }

    @AfterEach
    void close() {
        test.close();
    }

    private Path largestChunk() {
        return test.chunkFiles().stream()
                .max(Comparator.comparingLong(file -> file.toFile().length()))
                .orElseThrow();
    }

    @Test
    void whatIsWholeIsReadOnceAndIsNoProblem() {
        Report report = SnapshotCheck.ofAll(test.group);

        assertThat(report.problems()).isEmpty();
        assertThat(report.snapshots()).isEqualTo(4);
        assertThat(report.states()).isEqualTo(2);
        assertThat(report.chunks()).isEqualTo(test.chunkFiles().size());
        assertThat(report.bytes()).isBetween(4_000_000L, 4_100_000L);
    }

    @Test
    void aMissingChunkIsToldWithEveryoneWhoNeedsIt() throws IOException {
        Path chunk = largestChunk();
        Files.delete(chunk);

        Report report = SnapshotCheck.ofAll(test.group);

        Problem problem = report.problems().get(0);
        assertThat(report.problems()).hasSize(1);
        assertThat(problem.what()).isEqualTo("Chunk " + chunk.getFileName() + " is missing");
        assertThat(problem.neededBy()).containsExactly("c: model fraud, version 1.0", "b: model fraud, version 1.0");
    }

    @Test
    void everyDamagedByteOfAnyChunkIsFound() throws IOException {
        for (Path chunk : test.chunkFiles()) {
            byte[] whole = Files.readAllBytes(chunk);
            TestGroup.damage(chunk);

            assertThat(SnapshotCheck.ofAll(test.group).problems())
                    .as("chunk %s", chunk)
                    .isNotEmpty()
                    .allSatisfy(problem -> assertThat(problem.what())
                            .contains(chunk.getFileName().toString()));
            Files.write(chunk, whole);
        }
    }

    @Test
    void aDamagedTextIsTold() throws IOException {
        TestGroup.damage(directory.resolve("b"));

        assertThat(SnapshotCheck.ofAll(test.group).problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.what()).contains("b", "damaged"));
        assertThat(SnapshotCheck.of(test.group, List.of("latest")).problems()).isEmpty();
        assertThat(SnapshotCheck.of(test.group, List.of("b")).problems()).hasSize(1);
    }

    @Test
    void aNameThatIsNotThereIsAFailureAndNoDamage() {
        assertThatExceptionOfType(SnapshotNotFoundException.class)
                .isThrownBy(() -> SnapshotCheck.of(test.group, List.of("x")));
    }
}
