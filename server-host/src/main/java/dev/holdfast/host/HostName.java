package dev.holdfast.host;

import dev.holdfast.host.config.HostConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The name of this host in snapshots: the configured one, else the machine's. */
final class HostName {

    private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

    private HostName() {}

    /** Never asks a name server, which may be slow or down. */
    static String of(HostConfig config) {
        return config.hostName()
                .or(HostName::fromKernel)
                .or(() -> Optional.ofNullable(config.environment().get("HOSTNAME")))
                .map(HostName::asWord)
                .filter(name -> !name.isEmpty())
                .orElse("localhost");
    }

    private static Optional<String> fromKernel() {
        try {
            return Optional.of(Files.readString(KERNEL).strip());
        } catch (IOException e) {
            // Not Linux: the environment may know.
            return Optional.empty();
        }
    }

    private static String asWord(String name) {
        String word = name.replaceAll("[^A-Za-z0-9._-]", "-").replaceFirst("^[._-]+", "");
        return word.length() > 255 ? word.substring(0, 255) : word;
    }
}
