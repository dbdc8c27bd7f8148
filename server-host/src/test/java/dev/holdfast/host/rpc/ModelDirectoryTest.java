package dev.holdfast.host.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDirectoryTest {

    @TempDir
    private Path directory;

    private ModelDirectory files() {
        return new ModelDirectory(directory, "127.0.0.1_9199");
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aFileIsNamedAfterTheServerTheTypeAndTheId() {
        assertThat(files().file("classifier", "one.1"))
                .isEqualTo(directory.resolve("127.0.0.1_9199_classifier_one.1.jubatus"));
    }

    @Test
    void aSaveThatFailsLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = files().file("classifier", "one");
        files().save(file, channel -> channel.write(bytes("old")));

        assertThatThrownBy(() -> files().save(file, channel -> {
                    channel.write(bytes("half of the n"));
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(IOException.class);

        assertThat(file).hasContent("old");
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).containsExactly(file);
        }
    }

    @Test
    void whoReadsSeesTheFileThatWasThereWhenItWasOpened() throws IOException {
        Path file = files().file("classifier", "one");
        files().save(file, channel -> channel.write(bytes("old")));

        ModelDirectory.load(file, channel -> {
            files().save(file, other -> other.write(bytes("newer")));
            ByteBuffer read = ByteBuffer.allocate(10);
            channel.read(read, 0);
            assertThat(read.flip()).isEqualTo(bytes("old"));
        });

        assertThat(file).hasContent("newer");
    }

    @Test
    void aFileThatIsNotThereCannotBeOpened() {
        assertThatThrownBy(() -> ModelDirectory.load(files().file("classifier", "none"), channel -> {}))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("cannot open input file");
    }

    @Test
    void whatAKilledProcessLeftIsRemovedAndWhatAnotherServerWritesIsNot() throws IOException {
        Files.createFile(directory.resolve(".127.0.0.1_9199_x.unfinished"));
        Path others = Files.createFile(directory.resolve(".127.0.0.1_9200_x.unfinished"));
        Path old = Files.createFile(directory.resolve(".127.0.0.1_9201_x.unfinished"));
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(7200)));

        files().clean();

        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).containsExactly(others);
        }
    }
}
