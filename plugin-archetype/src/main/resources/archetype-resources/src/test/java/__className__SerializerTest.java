package ${package};

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.Outage;
import dev.holdfast.testkit.SnapshotSerializerContract;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every test of the contract, and what is particular to this store; against a store of each test alone. */
class ${className}SerializerTest extends SnapshotSerializerContract {

    @TempDir
    private Path directory;

    @Override
    protected SnapshotSerializerFactory factory() {
        return new ${className}SerializerFactory();
    }

    /** Your test store's address goes where the directory is; a server runs on a free port of 127.0.0.1. */
    @Override
    protected SerializerConfig config(String group) {
        return SerializerConfig.builder("${serializer}", directory)
                .group(group)
                .values(Map.of("directory", directory.toString()))
                .build();
    }

    /** Changes the last byte of a stored text, past the serializer. */
    @Override
    protected void damage(String group, String name) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory.resolve(group))) {
            files = all.toList();
        }
        for (Path file : files) {
            if (Files.readString(file, StandardCharsets.ISO_8859_1).startsWith("name=" + name + " ")) {
                byte[] bytes = Files.readAllBytes(file);
                bytes[bytes.length - 1] ^= 1;
                Files.write(file, bytes);
            }
        }
    }

    /** How the store can be out of reach. One with an address has the outages of a TcpProxy, and outageConfig names its port. */
    @Override
    protected List<Outage> outages() {
        return List.of(Outage.directoryGone(directory), Outage.directoryBlocked(directory));
    }

    @Test
    void withoutADirectoryTheKeyIsNamed() {
        SerializerConfig config =
                SerializerConfig.builder("${serializer}", directory).build();

        assertThatThrownBy(() -> factory().open(config))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("snapshot.${serializer}.directory is not set");
    }

    @Test
    void aDirectoryThatIsNotThereIsNotAnEmptyStore() {
        SerializerConfig config = SerializerConfig.builder("${serializer}", directory)
                .values(Map.of("directory", directory.resolve("not-mounted").toString()))
                .build();

        try (SnapshotSerializer serializer = factory().open(config)) {
            assertThatThrownBy(serializer::getLast).isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> serializer.save(TestSnapshots.snapshot("default", 1)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("not-mounted is not there; make it, or mount its disk");
        }
    }

    @Test
    void anEmptyGroupLeavesNoDirectory() {
        try (SnapshotSerializer serializer = factory().open(config("default"))) {
            serializer.save(TestSnapshots.snapshot("default", 1));
            serializer.removeEmptyGroup();
            assertThat(serializer.getLast()).isPresent();

            serializer.delete(serializer.getLast().orElseThrow().header().name());
            serializer.removeEmptyGroup();
        }

        assertThat(directory).isEmptyDirectory();
    }
}
