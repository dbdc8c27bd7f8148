package dev.holdfast.host.config;

import java.time.Duration;
import java.util.Optional;

/**
 * How one of the two gRPC listeners listens.
 *
 * @param key the configuration key of its port
 * @param portIsSet whether the operator chose the port
 * @param connectionAge after which a connection takes no more calls; empty for never
 * @param connectionGrace what calls that run then may take; empty for any time
 */
public record GrpcConfig(
        String key,
        ListenAddress address,
        boolean portIsSet,
        Optional<Duration> connectionAge,
        Optional<Duration> connectionGrace) {}
