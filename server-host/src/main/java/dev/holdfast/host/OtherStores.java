package dev.holdfast.host;

import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.plugins.Plugins;
import dev.holdfast.host.plugins.SerializerChoice;
import dev.holdfast.host.plugins.SerializerChoiceException;
import dev.holdfast.host.snapshot.SnapshotUrl;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The stores that a URL names beside the host's own, each opened with what the operator set for its serializer and what the
 * URL sets over that.
 */
record OtherStores(ConfiguredPlugins configured, Plugins plugins, SnapshotSerializerFactory fs) {

    /**
     * Reads a snapshot.
     *
     * @throws dev.holdfast.host.config.ConfigException if it cannot be had
     */
    Snapshot read(SnapshotUrl url) {
        return in(
                url,
                serializer -> url.name().equals(SnapshotUrl.LATEST)
                        ? serializer
                                .getLast()
                                .orElseThrow(() -> new SnapshotNotFoundException("the store has no snapshot of group "
                                        + url.group()
                                                .orElse(config().snapshots().group())))
                        : serializer.get(url.name()));
    }

    /**
     * Works in such a store, which is closed afterwards.
     *
     * @throws dev.holdfast.host.config.ConfigException if it cannot be opened, or fails
     */
    <T> T in(SnapshotUrl url, Function<SnapshotSerializer, T> work) {
        try {
            SerializerChoice choice = plugins.choose(url.serializer(), fs);
            Map<String, String> values = new TreeMap<>(config().snapshots().serializerProperties(choice.name()));
            values.putAll(url.keys());
            SerializerConfig other = configured.of(
                    choice.name(), url.group().orElse(config().snapshots().group()), values);
            try (SnapshotSerializer serializer = plugins.open(choice, other)) {
                return work.apply(serializer);
            }
        } catch (SerializerChoiceException
                | SnapshotStoreException
                | IllegalArgumentException
                | IllegalStateException e) {
            throw url.unreadable(e);
        }
    }

    private HostConfig config() {
        return configured.config();
    }
}
