package dev.holdfast.host.grpc;

import dev.holdfast.host.api.Operations;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.tls.LiveKeys;
import dev.holdfast.host.wire.Entrance;
import java.time.Clock;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * The host that is called.
 *
 * @param entrance what callers of all wires come through
 * @param keys those of listeners with TLS; there where a listener of gRPC is one
 * @param answered told of each call that has ended, with the status that HTTP has for it
 */
public record GrpcHost(
        HostConfig config,
        Operations operations,
        Entrance entrance,
        Optional<LiveKeys> keys,
        IntConsumer answered,
        Clock clock) {}
