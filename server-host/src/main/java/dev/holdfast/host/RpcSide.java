package dev.holdfast.host;

import dev.holdfast.host.api.EngineOperations;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.metrics.RpcMeasures;
import dev.holdfast.host.rpc.DoorOptions;
import dev.holdfast.host.rpc.RpcDoor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The door of MessagePack-RPC, of a host that has a port for it; of any other one nothing of the library is loaded. */
final class RpcSide implements AutoCloseable {

    private final HostConfig config;
    private final EngineOperations models;
    private final RpcMeasures measures;
    private final Path logLocation;
    private @Nullable RpcDoor door;

    RpcSide(HostConfig config, EngineOperations models, RpcMeasures measures, Path logLocation) {
        this.config = config;
        this.models = models;
        this.measures = measures;
        this.logLocation = logLocation;
    }

    /** @throws ConfigException if it cannot be opened */
    synchronized void open() {
        if (config.rpc().port().isEmpty()) {
            return;
        }
        door = RpcDoor.open(
                new DoorOptions(
                        config.rpc().address(),
                        config.rpc().port().getAsInt(),
                        config.rpc().timeout(),
                        config.rpc().threads(),
                        config.rpc().dataDirectory().orElseGet(this::ownDirectory),
                        config.http().maxRequestSize(),
                        config.http().maxConnections(),
                        config.rpc().modelFile()),
                models,
                measures,
                HostVersion.get());
    }

    private Path ownDirectory() {
        try {
            return Files.createDirectories(logLocation.resolve("rpc-models"));
        } catch (IOException e) {
            throw new ConfigException("The directory of model files cannot be made: " + e, e);
        }
    }

    synchronized Optional<ListenAddress> address() {
        // No method reference, which would load the door's class where there is none.
        return door == null ? Optional.empty() : Optional.of(door.address());
    }

    /** No more calls; doing it a second time does nothing. */
    @Override
    public synchronized void close() {
        if (door != null) {
            door.close();
            door = null;
        }
    }
}
