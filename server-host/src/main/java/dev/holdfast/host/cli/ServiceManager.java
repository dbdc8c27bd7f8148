package dev.holdfast.host.cli;

import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd how far the host is, where its unit says {@code Type=notify} (sd_notify(3)): by systemd's own program, because
 * Java has no datagram sockets of Unix. Elsewhere it does nothing.
 */
record ServiceManager(Surroundings surroundings) {

    private static final Logger log = LoggerFactory.getLogger(ServiceManager.class);
    private static final String SOCKET = "NOTIFY_SOCKET";
    private static final long LIMIT_SECONDS = 10;

    /** The host answers requests. */
    void ready() {
        tell("--ready");
    }

    /** The host has begun its orderly stop. */
    void stopping() {
        tell("STOPPING=1");
    }

    private void tell(String state) {
        String socket = surroundings.environment().getOrDefault(SOCKET, "");
        if (socket.isEmpty()) {
            return;
        }
        Optional<Path> program = surroundings.onPath("systemd-notify");
        if (program.isEmpty()) {
            log.warn(
                    "systemd waits to be told {}, and systemd-notify is not on the PATH; set Type=exec in the unit",
                    state);
            return;
        }
        try {
            ProcessBuilder notify = new ProcessBuilder(program.get().toString(), state)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD);
            notify.environment().put(SOCKET, socket);
            Process process = notify.start();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                log.warn("systemd could not be told {}: systemd-notify has failed", state);
            }
        } catch (IOException e) {
            log.warn("systemd could not be told {}: {}", state, OneLine.of(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
