package dev.holdfast.host.plugins;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the operator set about plugins. Start from {@link #of} and change what differs.
 *
 * @param paths each a directory of drop-ins or one jar, in the order in which they are read; none means no plugins
 * @param sha256List a file in the format of {@code sha256sum}; where it is set, a jar that it does not list is refused
 * @param javaFeature the Java version that runs this host, such as 17
 * @param sdkVersion the version of the SDK that this host has; where it is not known, plugins' versions are not compared
 * @param initialisationLimit how long the factories of one plugin may take to be constructed
 * @param callLimit how long one call into a serializer may take
 * @param calls is told of each call into a drop-in
 */
public record PluginOptions(
        List<Path> paths,
        Optional<Path> sha256List,
        int javaFeature,
        Optional<String> sdkVersion,
        Duration initialisationLimit,
        Duration callLimit,
        CallWatch calls) {

    public PluginOptions {
        paths = List.copyOf(paths);
        requirePositive("initialisation", initialisationLimit);
        requirePositive("call", callLimit);
    }

    private static void requirePositive(String what, Duration limit) {
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("The " + what + " limit of plugins " + limit + " must be more than 0");
        }
    }

    /** Plugins of these paths, on the Java and the SDK that run; 30 s to initialise, 60 s for a call. */
    public static PluginOptions of(List<Path> paths) {
        return new PluginOptions(
                paths,
                Optional.empty(),
                Runtime.version().feature(),
                SdkVersion.ofThisHost(),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                CallWatch.NONE);
    }

    public PluginOptions withSha256List(@Nullable Path list) {
        return new PluginOptions(
                paths, Optional.ofNullable(list), javaFeature, sdkVersion, initialisationLimit, callLimit, calls);
    }

    public PluginOptions withSdkVersion(String version) {
        return new PluginOptions(
                paths, sha256List, javaFeature, Optional.of(version), initialisationLimit, callLimit, calls);
    }

    public PluginOptions withInitialisationLimit(Duration limit) {
        return new PluginOptions(paths, sha256List, javaFeature, sdkVersion, limit, callLimit, calls);
    }

    public PluginOptions withCallLimit(Duration limit) {
        return new PluginOptions(paths, sha256List, javaFeature, sdkVersion, initialisationLimit, limit, calls);
    }

    public PluginOptions withCallWatch(CallWatch watch) {
        return new PluginOptions(paths, sha256List, javaFeature, sdkVersion, initialisationLimit, callLimit, watch);
    }
}
