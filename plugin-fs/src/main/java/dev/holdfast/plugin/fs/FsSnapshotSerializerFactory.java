package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.ConfigKey;
import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * Opens serializer {@code fs}: snapshots as files in the directory {@code snapshot.fs.directory}, by default
 * {@code config} in the host's directory for logs, where TorchServe keeps them too.
 *
 * <p>The group {@code default} lives right in that directory, any other in a subdirectory of its name. Opening touches
 * nothing: directories are made by the first save, which also takes the lock of the one writer.
 */
public final class FsSnapshotSerializerFactory implements SnapshotSerializerFactory {

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private static final ConfigKey<String> DIRECTORY =
            ConfigKey.text("directory", "where the snapshots lie").describedDefault("<log location>/config");

    @Override
    public List<ConfigKey<?>> keys() {
        return List.of(DIRECTORY);
    }

    @Override
    public String name() {
        return "fs";
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        config.requireKnown(keys());
        Path base = DIRECTORY
                .ifSet(config)
                .map(value -> directory(config, value))
                .orElseGet(() -> config.logLocation().resolve("config"))
                .toAbsolutePath()
                .normalize();
        Disk.requireOwn(base);
        Path directory = config.group().equals("default") ? base : base.resolve(config.group());
        return new FsSnapshotSerializer(directory, config.group(), config.host(), bootId());
    }

    /**
     * Opens a directory of the host's own, for group {@code default}. To a store a directory that has gone is one that is
     * away; this one is made again by the next call that writes, for the host has in memory what was in it.
     */
    public static SnapshotSerializer openOwn(Path directory) {
        Disk.requireOwn(directory);
        return new FsSnapshotSerializer(directory, "default", "this host", bootId(), KnownDirectory::ofTheHost);
    }

    private static Path directory(SerializerConfig config, String value) {
        try {
            return config.logLocation().getFileSystem().getPath(value);
        } catch (InvalidPathException e) {
            throw new ConfigurationException("snapshot.fs.directory '" + value + "' must be a path: " + e, e);
        }
    }

    /** What tells this start of the machine from the one before; empty where the system does not say. */
    static String bootId() {
        try {
            return Files.readString(BOOT_ID).strip();
        } catch (IOException e) {
            // Not Linux: the index is then built anew by each process, and nothing else changes.
            return "";
        }
    }
}
