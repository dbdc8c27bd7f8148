package dev.holdfast.host;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.ListenAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A stand-in with the signatures of the composition root; gives way to it at the merge. */
public final class Host implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Host.class);

    private final List<ServerSocket> sockets = new ArrayList<>();
    private final HostConfig config;
    private final Path keyFile;

    private Host(HostConfig config, Path keyFile) {
        this.config = config;
        this.keyFile = keyFile;
    }

    public static Host start(StartOptions options) {
        ConfigLayers layers = ConfigLayers.of(options.environment()).commandLine(options.commandLine());
        if (options.tsConfig().isPresent()) {
            Path file = options.tsConfig().get();
            String what = "--ts-config file";
            layers = layers.givenFile(ConfigFile.parse(what, ConfigFile.read(what, file)));
        }
        HostConfig config = layers.toConfig();
        if (config.modelStore().isEmpty()) {
            throw new ConfigException("Missing mandatory parameter --model-store");
        }
        config.snapshotStore().filter(name -> !name.equalsIgnoreCase("fs")).ifPresent(name -> {
            throw new ConfigException("Unknown snapshot store '" + name + "'; there is: fs");
        });
        Host host = new Host(config, options.logLocation().resolve("key_file.json"));
        try {
            for (ListenAddress address :
                    List.of(config.inferenceAddress(), config.managementAddress(), config.metricsAddress())) {
                host.bind(address);
            }
            Files.writeString(host.keyFile, "{\"management\": {\"key\": \"none\"}}");
        } catch (IOException e) {
            host.close();
            throw new IllegalStateException("Cannot start: " + e.getMessage(), e);
        }
        log.info("The stand-in host has started");
        return host;
    }

    private void bind(ListenAddress address) throws IOException {
        ServerSocket socket = new ServerSocket();
        sockets.add(socket);
        try {
            socket.bind(new InetSocketAddress(address.host(), address.port()));
        } catch (IOException e) {
            throw new IOException(address + ": " + e.getMessage(), e);
        }
    }

    public ListenAddress inferenceAddress() {
        return config.inferenceAddress().withPort(sockets.get(0).getLocalPort());
    }

    public ListenAddress managementAddress() {
        return config.managementAddress().withPort(sockets.get(1).getLocalPort());
    }

    public ListenAddress metricsAddress() {
        return config.metricsAddress().withPort(sockets.get(2).getLocalPort());
    }

    public String summary() {
        return "Nothing restored: there is no snapshot in store fs yet";
    }

    public Path keyFile() {
        return keyFile;
    }

    public void stop() {
        log.info("The stand-in host stops");
        close();
    }

    @Override
    public void close() {
        for (ServerSocket socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                log.warn("{} did not close: {}", socket, e.toString());
            }
        }
    }
}
