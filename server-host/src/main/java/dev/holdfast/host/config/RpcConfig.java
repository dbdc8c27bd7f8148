package dev.holdfast.host.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** The door of MessagePack-RPC. Immutable. */
public final class RpcConfig {

    private final ConfigValues values;

    RpcConfig(ConfigValues values) {
        this.values = values;
    }

    /** The address of MessagePack-RPC, without its port. */
    public String address() {
        return values.get(ConfigKey.RPC_ADDRESS);
    }

    /** The port of MessagePack-RPC, 0 for one that the system chooses; empty where there is no such door. */
    public OptionalInt port() {
        return values.text(ConfigKey.RPC_PORT).stream()
                .mapToInt(Integer::parseInt)
                .findFirst();
    }

    /** After which time without a call its connections are closed; none for never. */
    public Duration timeout() {
        return values.seconds(ConfigKey.RPC_TIMEOUT);
    }

    public int threads() {
        return values.number(ConfigKey.RPC_THREADS);
    }

    /** Where clients save and load models; empty for the place that the host chooses. */
    public Optional<Path> dataDirectory() {
        return values.path(ConfigKey.RPC_DATADIR);
    }

    /** What the only classifier takes at a start at which it has learned nothing. */
    public Optional<Path> modelFile() {
        return values.path(ConfigKey.RPC_MODEL_FILE);
    }
}
