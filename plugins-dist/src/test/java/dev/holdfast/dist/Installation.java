package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.dist.Distribution.Said;
import dev.holdfast.testsupport.DynamoDbServer;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A distribution with plugins and class data archive, and the servers of stores that were asked for: made once, for all
 * classes of tests of a run. One group of one store is never given twice.
 */
final class Installation implements AutoCloseable {

    private final Path directory;
    private final Distribution distribution;
    private EmbeddedPostgres postgresql;
    private DynamoDbServer ddb;
    private int groups;

    private Installation(Path directory, Distribution distribution) {
        this.directory = directory;
        this.distribution = distribution;
    }

    static Installation make() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("fleets").toRealPath();
        Distribution distribution = Distribution.unpack(directory)
                .install("plugin-jdbc")
                .install("plugin-ddb")
                .install("plugin-raft")
                .with("AWS_REGION", "eu-central-1")
                .with("AWS_ACCESS_KEY_ID", "local")
                .with("AWS_SECRET_ACCESS_KEY", "local")
                .with("AWS_EC2_METADATA_DISABLED", "true")
                // Made before the first start, so that no start has it made by a process that outlives the test.
                .with("HOLDFAST_CDS", "on");
        Said said = distribution.run("warm-up");
        assertThat(said.exitCode()).as("%s", said).isZero();
        return new Installation(directory, distribution);
    }

    Path directory() {
        return directory;
    }

    Distribution distribution() {
        return distribution;
    }

    String freeGroup() {
        return "g" + ++groups;
    }

    EmbeddedPostgres postgresql() throws IOException {
        if (postgresql == null) {
            postgresql = EmbeddedPostgres.builder()
                    .setPGStartupWait(Duration.ofMinutes(1))
                    .start();
        }
        return postgresql;
    }

    DynamoDbServer ddb() throws Exception {
        if (ddb == null) {
            ddb = DynamoDbServer.start();
        }
        return ddb;
    }

    @Override
    public void close() throws Exception {
        if (postgresql != null) {
            postgresql.close();
        }
        if (ddb != null) {
            ddb.close();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
