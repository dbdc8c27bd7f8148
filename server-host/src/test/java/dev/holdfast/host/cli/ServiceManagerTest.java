package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceManagerTest {

    /** Prints the first two states that it is told; a barrier only asks whether they were read. */
    private static final String LISTENER = "import socket, sys\n"
            + "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
            + "s.bind(sys.argv[1])\n"
            + "print('bound', flush=True)\n"
            + "told = 0\n"
            + "while told < 2:\n"
            + "    state = s.recv(4096).decode().split(chr(10))[0]\n"
            + "    if state != 'BARRIER=1':\n"
            + "        told += 1\n"
            + "        print(state, flush=True)\n";

    @TempDir
    private Path directory;

    private ServiceManager manager(Map<String, String> environment) {
        PrintWriter nobody = new PrintWriter(Writer.nullWriter());
        return new ServiceManager(
                new Surroundings(environment, directory, Optional.empty(), directory, nobody, nobody, false));
    }

    @Test
    void systemdIsToldThatTheHostIsReadyAndThatItStops() throws Exception {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/systemd-notify"))
                        && Files.isExecutable(Path.of("/usr/bin/python3")),
                "systemd-notify or python3 is not installed, so systemd is not told anything");
        Path socket = directory.resolve("notify");
        Process listener = new ProcessBuilder(List.of("/usr/bin/python3", "-c", LISTENER, socket.toString()))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader said =
                new BufferedReader(new InputStreamReader(listener.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(said.readLine()).isEqualTo("bound");
            ServiceManager manager = manager(Map.of("NOTIFY_SOCKET", socket.toString(), "PATH", "/usr/bin"));

            manager.ready();
            manager.stopping();

            assertThat(said.readLine()).isEqualTo("READY=1");
            assertThat(said.readLine()).isEqualTo("STOPPING=1");
            assertThat(listener.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            listener.destroyForcibly();
        }
    }

    @Test
    void nothingIsDoneWhereNobodyAsked() {
        manager(Map.of("PATH", "/usr/bin")).ready();

        assertThat(directory).isEmptyDirectory();
    }
}
