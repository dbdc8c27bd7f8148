package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.Outage;
import dev.holdfast.testkit.SnapshotSerializerContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class FsSnapshotSerializerTest extends SnapshotSerializerContract {

    @TempDir
    private Path logs;

    @Override
    protected SnapshotSerializerFactory factory() {
        return new FsSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String group) {
        return SerializerConfig.builder("fs", logs).group(group).build();
    }

    @Override
    protected boolean manyWriters() {
        return false;
    }

    @Override
    protected List<Outage> outages() {
        Path directory = logs.resolve("config");
        return List.of(Outage.directoryGone(directory), Outage.directoryBlocked(directory));
    }

    @Override
    protected void damage(String group, String name) throws IOException {
        Path file = logs.resolve("config").resolve(group).resolve(name);
        byte[] bytes = Files.readAllBytes(file);
        bytes[3] ^= 1;
        Files.write(file, bytes);
    }
}
