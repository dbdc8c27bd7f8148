package dev.holdfast.host;

import dev.holdfast.host.archive.ArchiveLimits;
import dev.holdfast.host.archive.DirectoryModelStore;
import dev.holdfast.host.archive.StoresByKind;
import dev.holdfast.host.archive.UrlPolicy;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.common.UnsafePlaceException;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.config.HostConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The directories of archives that the configuration names. */
final class ConfiguredArchives {

    private ConfiguredArchives() {}

    /**
     * Opens them; touches no file in them.
     *
     * @param work the directory to unpack into
     * @throws ConfigException if one is missing, or others may write in it
     */
    static StoresByKind open(HostConfig config, Path work, UrlPolicy urls) {
        Path directory = config.models()
                .modelStore()
                .orElseThrow(() -> new ConfigException("Missing mandatory parameter --model-store"));
        require(config, ConfigKey.MODEL_STORE, "model", directory);
        DirectoryModelStore models = new DirectoryModelStore(directory, work, urls, ArchiveLimits.defaults());
        Optional<Path> workflows = config.models().workflowStore();
        workflows.ifPresent(some -> require(config, ConfigKey.WORKFLOW_STORE, "workflow", some));
        return new StoresByKind(
                models,
                workflows
                        .filter(some -> !isSame(some, directory))
                        .map(some -> new DirectoryModelStore(some, work, urls, ArchiveLimits.defaults()))
                        .orElse(models));
    }

    private static boolean isSame(Path one, Path other) {
        try {
            return Files.isSameFile(one, other);
        } catch (IOException e) {
            return false;
        }
    }

    /** What everyone may put there would be served, and a handler in Python of it would run with the rights of the host. */
    private static void require(HostConfig config, ConfigKey key, String kind, Path directory) {
        String flag = "--" + kind + "-store";
        if (!Files.isDirectory(directory)) {
            throw new ConfigException(
                    config.named(key) + " is not a directory; make it, or name another one with " + flag);
        }
        try {
            OwnFiles.requireOwn(
                    directory,
                    "name a directory in it in which only its owner may write: " + flag + " "
                            + directory.resolve(kind + "s"));
        } catch (UnsafePlaceException e) {
            throw new ConfigException("The " + kind + " store " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ConfigException("The " + kind + " store " + directory + " cannot be read: " + e, e);
        }
    }
}
