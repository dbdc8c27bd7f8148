package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.dist.Distribution.Said;
import dev.holdfast.testsupport.DynamoDbServer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The distribution with plugin-ddb, as an operator runs it: killed, without its store, and without its own disk. */
class DdbIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path directory;

    private static Distribution unpacked;
    private static DynamoDbServer ddb;
    private static Path plugin;
    private static int tables;

    private final List<Path> allLogs = new ArrayList<>();
    private Path logs;
    private String table;

    @BeforeAll
    static void installThePlugin() throws Exception {
        directory = directory.toRealPath();
        unpacked = Distribution.unpack(directory).install("plugin-ddb");
        plugin = unpacked.available("plugin-ddb");
        ddb = DynamoDbServer.start();
        unpacked.withDynamoDb(ddb.endpoint());
    }

    @AfterAll
    static void stopTheStore() throws Exception {
        ddb.close();
    }

    @BeforeEach
    void anEmptyDiskAndANewTable() throws IOException {
        anEmptyDisk();
        table = "Snapshots-" + ++tables;
    }

    private void anEmptyDisk() throws IOException {
        atHost(Files.createTempDirectory(directory, "logs"));
        allLogs.add(logs);
    }

    /** What follows is about the host of this log location. */
    private void atHost(Path itsLogs) {
        logs = itsLogs;
        unpacked.with("LOG_LOCATION", logs.toString());
    }

    @AfterEach
    void leaveNoHost() throws IOException {
        for (Path each : allLogs) {
            new RunningHost(each).end();
        }
    }

    @Test
    void thePluginIsOneJarWithTheSdkAndItsLicences() throws IOException {
        assertThat(Files.size(plugin)).isBetween(5_000_000L, 8_000_000L);
        try (JarFile jar = new JarFile(plugin.toFile())) {
            assertThat(jar.getManifest().getMainAttributes().getValue("Holdfast-SDK-Version"))
                    .isNotBlank();
            assertThat(jar.getEntry("META-INF/services/dev.holdfast.sdk.SnapshotSerializerFactory"))
                    .isNotNull();
            assertThat(List.of("META-INF/LICENSE.txt", "META-INF/NOTICE.txt"))
                    .allSatisfy(file -> assertThat(jar.getEntry(file)).isNotNull());
            assertThat(jar.stream().map(entry -> entry.getName()))
                    .noneMatch(name -> name.startsWith("org/slf4j/")
                            || name.startsWith("io/netty/")
                            || name.startsWith("dev/holdfast/sdk/")
                            || name.startsWith("software/amazon/dynamodb/"));
        }
        try (Stream<Path> lib = Files.list(unpacked.home().resolve("lib"))) {
            assertThat(lib.map(jar -> jar.getFileName().toString()))
                    .noneMatch(name -> name.contains("plugin-ddb")
                            || name.contains("awssdk")
                            || name.contains("dynamodb")
                            || name.contains("DynamoDB"));
        }
    }

    @Test
    void whatAHostServesSurvivesAKillAndTheLossOfItsDisk() throws Exception {
        start();
        assertThat(host().log())
                .containsSubsequence(
                        "Trying to load snapshot serializer via plugin....",
                        "Snapshot serializer via plugin has been loaded successfully",
                        "Fetching last snapshot from DDB...");
        host().change("POST", "/models?url=digits-1.0&initial_workers=2&synchronous=true");
        host().change("PUT", "/models/digits/1.0?min_worker=3&max_worker=3&synchronous=true");
        String last = host().status().required("lastSnapshot").textValue();
        host().kill();

        anEmptyDisk();
        start();

        assertThat(host().log()).contains("Fetching last snapshot from DDB...").contains(last);
        JsonNode served = JSON.readTree(host().manage("GET", "/models/digits").body());
        assertThat(served.required(0).required("modelVersion").textValue()).isEqualTo("1.0");
        assertThat(served.required(0).required("workers")).hasSize(3);
        assertThat(unpacked.run("snapshots", "list").out()).contains(last);
        assertThat(unpacked.run("--stop").exitCode()).isZero();
    }

    @Test
    void whatIsChangedWhileTheStoreIsAwayIsSpooledAndWrittenInOrderWhenItIsBack() throws Exception {
        start();
        ddb.goAway();
        try {
            HttpResponse<String> answer =
                    host().change("POST", "/models?url=digits-1.0&initial_workers=1&synchronous=true");
            assertThat(answer.headers().firstValue("Holdfast-Notice").orElseThrow())
                    .contains("Snapshot store ddb did not take the snapshot", "Is it running");
            host().change("PUT", "/models/digits/1.0?min_worker=2&max_worker=2&synchronous=true");
            host().change("PUT", "/models/digits/1.0?min_worker=1&max_worker=1&synchronous=true");
            assertThat(host().status().required("mode").textValue()).isEqualToIgnoringCase("spooling");
        } finally {
            ddb.comeBack();
        }

        awaitAttached();

        assertThat(revisions()).containsExactly(1L, 2L, 3L, 4L);
        // The host says so after its status does.
        await().untilAsserted(() -> assertThat(host().log())
                .contains("Attached to store ddb again; 3 snapshots that waited on this host were sent"));
        host().kill();
        anEmptyDisk();
        start();
        assertThat(JSON.readTree(host().manage("GET", "/models/digits").body())
                        .required(0)
                        .required("workers"))
                .hasSize(1);
        assertThat(unpacked.run("--stop").exitCode()).isZero();
    }

    @Test
    void aStoreThatIsAwayAtTheStartIsSaidSoAndNothingIsLost() throws Exception {
        start();
        host().change("POST", "/models?url=digits-1.0&initial_workers=2&synchronous=true");
        host().kill();

        ddb.goAway();
        try {
            start();
            assertThat(host().log())
                    .containsSubsequence(
                            "Fetching last snapshot from DDB...",
                            "Failed to get last snapshot from DDB. Holdfast will start with default or given"
                                    + " configuration.",
                            "The last snapshot could not be read (DynamoDB at " + ddb.endpoint() + "): ",
                            "from the journal of this host instead",
                            "Detached from store ddb");
            assertThat(JSON.readTree(host().manage("GET", "/models/digits").body())
                            .required(0)
                            .required("workers"))
                    .hasSize(2);
        } finally {
            ddb.comeBack();
        }

        awaitAttached();
        assertThat(unpacked.run("--stop").exitCode()).isZero();
        List<Long> revisions = revisions();
        assertThat(revisions)
                .isSorted()
                .doesNotHaveDuplicates()
                .startsWith(1L, 2L)
                // The start changed nothing while the store was away; the stop is told to it.
                .hasSizeGreaterThan(2);
    }

    @Test
    void ofTwoHostsOfOneGroupTheOneThatComesLaterIsToldAndTakesTheNewerState() throws Exception {
        start();
        Path first = logs;
        anEmptyDisk();
        start();
        Path second = logs;
        host().change("POST", "/models?url=digits-1.0&initial_workers=1&synchronous=true");

        atHost(first);
        HttpResponse<String> late = host().manage("POST", "/models?url=iris-1.0&initial_workers=1&synchronous=true");

        assertThat(late.statusCode()).as(late.body()).isEqualTo(409);
        assertThat(late.body()).contains("The change was not made", "The host has gone over to", "in store ddb");
        assertThat(revisions()).containsExactly(1L, 2L, 3L);
        assertThat(host().manage("GET", "/models").body()).contains("digits").doesNotContain("iris");
        host().change("POST", "/models?url=iris-1.0&initial_workers=1&synchronous=true");
        assertThat(revisions()).containsExactly(1L, 2L, 3L, 4L);
        atHost(second);
        assertThat(host().status().required("mode").textValue()).isEqualToIgnoringCase("attached");
    }

    /** The revisions of the items, as an operator reads them from the index. */
    private List<Long> revisions() {
        List<Long> revisions = new ArrayList<>();
        // More than one, where the test runs over the end of a month.
        ddb.client().scan(scan -> scan.tableName(table).indexName("createdOnMonth-index")).items().stream()
                .map(item -> item.get("createdOnMonth").s())
                .distinct()
                .sorted()
                .forEach(month -> ddb.client()
                        .query(query -> query.tableName(table)
                                .indexName("createdOnMonth-index")
                                .keyConditionExpression("createdOnMonth = :month")
                                .expressionAttributeValues(Map.of(":month", AttributeValue.fromS(month))))
                        .items()
                        .forEach(item ->
                                revisions.add(Long.valueOf(item.get("revision").n()))));
        return revisions;
    }

    private void awaitAttached() {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> host().status().required("mode").textValue().equalsIgnoreCase("attached"));
    }

    private void start() throws IOException, InterruptedException {
        Said said = unpacked.run(
                "--start",
                "--model-store=" + unpacked.home().resolve("examples/model-store"),
                "--set=snapshot.ddb.table=" + table,
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

    private RunningHost host() {
        return new RunningHost(logs);
    }
}
