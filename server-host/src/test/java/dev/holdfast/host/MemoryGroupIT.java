package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A host in a control group of the kernel with a limit of memory, for real. Needs root and a file system of control groups,
 * of version 1 or 2, that can be written to; skipped, and says so, elsewhere.
 */
class MemoryGroupIT {

    private static final Path GROUPS = Path.of("/sys/fs/cgroup");
    private static final long MIB = 1 << 20;
    private static final long LIMIT_MIB = 512;

    @TempDir
    private Path directory;

    private Path group;
    private Path limit;

    @BeforeEach
    void makeAGroup() {
        Optional<Path> made =
                makeGroup(GROUPS.resolve("memory"), "memory.limit_in_bytes").or(() -> makeGroup(GROUPS, "memory.max"));
        assumeThat(made)
                .as("a control group with a limit of memory could be made (this takes root)")
                .isPresent();
    }

    /** Empty where this is not where groups with such limits are, or not for us. */
    private Optional<Path> makeGroup(Path parent, String limitName) {
        try {
            group = Files.createDirectory(parent.resolve("holdfast-test-" + UUID.randomUUID()));
            limit = group.resolve(limitName);
            if (Files.isWritable(limit)) {
                Files.writeString(limit, String.valueOf(LIMIT_MIB * MIB));
                return Optional.of(group);
            }
            Files.delete(group);
        } catch (IOException e) {
            // What is left of it is empty.
        }
        return Optional.empty();
    }

    @AfterEach
    void removeTheGroup() {
        // A process that has ended leaves its group a moment later.
        Awaitility.await().ignoreExceptions().until(() -> Files.deleteIfExists(group));
    }

    @Test
    void aModelThatDoesNotFitIntoTheGroupIsRefusedByNameUntilThereIsRoom() throws Exception {
        Path store = Files.createDirectory(directory.resolve("model-store"));
        OnnxFiles.write(store, "large.onnx", OnnxFiles.adderWithWeightsIn("large.weights"));
        try (RandomAccessFile weights =
                new RandomAccessFile(store.resolve("large.weights").toFile(), "rw")) {
            weights.setLength(LIMIT_MIB * MIB);
        }
        OnnxFiles.write(store, "small.onnx", OnnxFiles.divider());
        List<String> intoTheGroup = List.of("sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", group + "/cgroup.procs");

        try (HostProcess host = HostProcess.startBy(intoTheGroup, store, directory.resolve("logs"))) {
            HttpResponse<String> refused = host.management("POST", "/models?url=large.onnx&initial_workers=1");

            assertThat(refused.statusCode()).as(refused.body()).isEqualTo(507);
            Matcher figures = Pattern.compile("it needs about (\\d+) MiB of memory .* this host has (\\d+) MiB left")
                    .matcher(refused.body());
            assertThat(figures.find()).as(refused.body()).isTrue();
            assertThat(Long.parseLong(figures.group(1))).isBetween(LIMIT_MIB * 5 / 4, LIMIT_MIB * 5 / 4 + 1);
            assertThat(Long.parseLong(figures.group(2))).isBetween(1L, LIMIT_MIB);
            assertThat(host.management("POST", "/models?url=small.onnx&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);

            Files.writeString(limit, String.valueOf(4 * LIMIT_MIB * MIB));

            assertThat(host.management("POST", "/models?url=large.onnx&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.stop()).isIn(0, 143);
        }
    }
}
