package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hosts that cannot start, in the background and in this process: exit codes, and the one line that says why. */
class FailedStartIT {

    @TempDir
    private Path directory;

    private Typed typed;

    @BeforeEach
    void type() throws IOException {
        Files.createDirectories(directory.resolve("store"));
        typed = new Typed(directory.toRealPath());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--start                                                    | model",
                "--model-store nowhere                                      | nowhere",
                "--ts-config nowhere --model-store store                    | nowhere",
                "--log-config nowhere --model-store store                   | nowhere",
                "--snapshot-store nosuch --model-store store                | nosuch",
                "--snapshot s3://b/x --model-store store                    | --snapshot s3://b/x: there is no serializer s3",
                "--snapshot fs:#name=x --model-store store                  | --snapshot fs:#name=x cannot be read",
                "--model-store store -D job_queue_size=none                 | job_queue_size",
                "--model-store store --models digits=                       | --models 'digits=' names no archive",
                "--model-store store --models absent.mar                    | Model not found at: absent.mar",
                "--model-store store -D inference_address=http://[::1]:99999 | port of 0 to 65535",
                "--model-store store -D inference_address=ftp://localhost   | inference_address",
            })
    void aHostThatCannotStartSaysWhyInOneLineWithExitCode1(String line, String said) {
        for (String mode : new String[] {"", " --foreground"}) {
            assertThat(typed.run((line.strip() + anyPort(line) + mode).split(" ")))
                    .isEqualTo(1);

            assertThat(typed.errLines()).singleElement().asString().contains(said);
            assertThat(typed.out()).doesNotContain("ready");
            assertThat(directory.resolve("logs/holdfast.run")).doesNotExist();
        }
    }

    /** So that a start which should have failed and did not does no harm to other tests. */
    private static String anyPort(String line) {
        String ports = " -Dmanagement_address=http://127.0.0.1:0 -Dmetrics_address=http://127.0.0.1:0";
        return line.contains("inference_address") ? ports : ports + " -Dinference_address=http://127.0.0.1:0";
    }

    @Test
    void aPortInUseIsNamed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "http://127.0.0.1:" + taken.getLocalPort();
            assertThat(typed.run(
                            "--model-store=store",
                            "--snapshot-store=fs",
                            "-Dinference_address=" + address,
                            "-Dmanagement_address=http://127.0.0.1:0",
                            "-Dmetrics_address=http://127.0.0.1:0"))
                    .isEqualTo(1);
            assertThat(typed.errLines()).singleElement().asString().contains(String.valueOf(taken.getLocalPort()));
        }
    }

    @Test
    void aLogLocationThatIsNoDirectoryIsNamed() throws IOException {
        Files.writeString(directory.resolve("occupied"), "");

        for (String mode : new String[] {"--start", "--foreground"}) {
            assertThat(typed.run(mode, "--model-store=store", "--log-location=occupied"))
                    .isEqualTo(1);
            assertThat(typed.errLines()).singleElement().asString().contains("occupied");
        }
    }
}
