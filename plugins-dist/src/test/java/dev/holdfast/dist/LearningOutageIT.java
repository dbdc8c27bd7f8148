package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.dist.Distribution.Said;
import dev.holdfast.testsupport.DynamoDbServer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A host whose models learn, killed while its store is out of reach: it comes back with what they have learned, learns on,
 * and comes back with that too; when the store returns, it gets all of it.
 */
class LearningOutageIT {

    private static final String QUESTIONS = "[[4000],[12000],[18000],[39000]]";

    @TempDir
    private Path directory;

    private DynamoDbServer ddb;
    private Distribution unpacked;
    private RunningHost host;

    @BeforeEach
    void install() throws Exception {
        ddb = DynamoDbServer.start();
        unpacked = Distribution.unpack(directory.toRealPath()).install("plugin-ddb");
        unpacked.withDynamoDb(ddb.endpoint());
        anEmptyDisk("first");
    }

    private void anEmptyDisk(String name) throws IOException {
        Path logs = Files.createDirectory(directory.toRealPath().resolve(name));
        unpacked.with("LOG_LOCATION", logs.toString());
        host = new RunningHost(logs);
    }

    @AfterEach
    void leaveNothing() throws Exception {
        host.end();
        ddb.close();
    }

    private void start() throws IOException, InterruptedException {
        Said said = unpacked.run(
                "--start",
                "--model-store=" + unpacked.home().resolve("examples/model-store"),
                "--set=snapshot.ddb.create-table=true",
                // Longer than a busy machine lets a call wait; a store that is away refuses at once.
                "--set=snapshot.ddb.attempt-timeout=30s",
                "--set=snapshot.ddb.total-timeout=60s",
                "--set=snapshot_timeout=120",
                "--set=inference_address=http://127.0.0.1:0",
                "--set=management_address=http://127.0.0.1:0",
                "--set=metrics_address=http://127.0.0.1:0");
        assertThat(said.exitCode()).as("%s", said).isZero();
    }

    private void teach(int from, int to) throws IOException, InterruptedException {
        String rows = IntStream.range(from, to)
                .mapToObj(i -> "[" + (15_000 + 9_000 * Math.sin(i / 7.6)) + "]")
                .collect(Collectors.joining(",", "[", "]"));
        HttpResponse<String> answer = host.infer("/models/taxi/train", rows);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private String scores() throws IOException, InterruptedException {
        HttpResponse<String> answer = host.infer("/predictions/taxi", QUESTIONS);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    @Test
    void whatModelsLearnedIsThereAndGoesOnWhileTheStoreIsAway() throws Exception {
        start();
        host.change("POST", "/models?url=taxi-1.0&initial_workers=1&synchronous=true");
        teach(0, 1500);
        host.change("POST", "/models/taxi/save?id=monday");
        String monday = scores();
        host.kill();

        ddb.goAway();
        String tuesday;
        try {
            start();
            assertThat(host.status().required("mode").textValue()).isEqualToIgnoringCase("detached");
            assertThat(scores()).isEqualTo(monday);
            teach(1500, 2500);
            assertThat(host.change("POST", "/models/taxi/save?id=tuesday")
                            .headers()
                            .firstValue("Holdfast-Notice"))
                    .isPresent();
            tuesday = scores();
            assertThat(tuesday).isNotEqualTo(monday);
            host.kill();

            start();
            assertThat(scores()).isEqualTo(tuesday);
            host.change("POST", "/models/taxi/load?id=monday");
            assertThat(scores()).isEqualTo(monday);
            host.change("POST", "/models/taxi/load?id=tuesday");
        } finally {
            ddb.comeBack();
        }

        await().atMost(Duration.ofSeconds(60))
                .until(() -> host.status().required("mode").textValue().equalsIgnoreCase("attached"));
        assertThat(scores()).isEqualTo(tuesday);
        host.kill();

        anEmptyDisk("second");
        start();
        assertThat(scores()).isEqualTo(tuesday);
        host.change("POST", "/models/taxi/load?id=monday");
        assertThat(scores()).isEqualTo(monday);
        assertThat(unpacked.run("--stop").exitCode()).isZero();
    }
}
