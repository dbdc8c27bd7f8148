package dev.holdfast.host;

import dev.holdfast.host.codec.Codecs;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.plugins.CallWatch;
import dev.holdfast.host.plugins.PluginOptions;
import dev.holdfast.host.plugins.Plugins;
import dev.holdfast.sdk.SerializerConfig;
import java.nio.file.Path;
import java.util.Map;

/**
 * Which plugins a configuration has, and what each serializer is told when it is opened.
 *
 * @param calls is told of each call into one of them
 */
record ConfiguredPlugins(HostConfig config, Path logLocation, CallWatch calls) {

    /** @throws ConfigException if the plugins path, or the list of approved jars, cannot be used */
    Plugins load() {
        try {
            return Plugins.load(PluginOptions.of(config.pluginsPath())
                    .withSha256List(config.pluginsSha256().orElse(null))
                    .withCallLimit(config.snapshots().timeout())
                    .withCallWatch(calls));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(String.valueOf(e.getMessage()), e);
        }
    }

    /** @param values the serializer's own keys */
    SerializerConfig of(String serializer, String group, Map<String, String> values) {
        return SerializerConfig.builder(serializer, logLocation)
                .group(group)
                .host(HostName.of(config))
                .values(values)
                .environment(config.environment())
                .codecs(Codecs.all())
                .callLimit(config.snapshots().timeout())
                .build();
    }
}
