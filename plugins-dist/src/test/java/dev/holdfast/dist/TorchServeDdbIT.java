package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.dist.Distribution.Said;
import dev.holdfast.dist.torchserve.DdbEndpoint;
import dev.holdfast.dist.torchserve.MendedDdbEndpoint;
import dev.holdfast.testsupport.DynamoDbServer;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/**
 * The distribution with a plugin in the form of TorchServe's for DynamoDB, dropped in with the jars that it needs, as an
 * operator who comes from there has it.
 */
class TorchServeDdbIT {

    @TempDir
    private static Path directory;

    private static Distribution unpacked;
    private static DynamoDbServer ddb;

    private Path logs;

    @BeforeAll
    static void dropThemIn() throws Exception {
        directory = directory.toRealPath();
        unpacked = Distribution.unpack(directory);
        dropIn("DDBEndPoint-1.0", DdbEndpoint.class);
        dropIn("mended", MendedDdbEndpoint.class, DdbEndpoint.class);
        ddb = DynamoDbServer.start();
        unpacked.withDynamoDb(ddb.endpoint());
    }

    /** A directory with the plugin's jar and the AWS SDK's. */
    private static void dropIn(String name, Class<?>... types) throws IOException {
        Path home = Files.createDirectories(unpacked.home().resolve("plugins").resolve(name));
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(home.resolve("plugin.jar")))) {
            jar.putNextEntry(
                    new JarEntry("META-INF/services/org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer"));
            jar.write(types[0].getName().getBytes(StandardCharsets.UTF_8));
            for (Class<?> type : types) {
                String entry = type.getName().replace('.', '/') + ".class";
                jar.putNextEntry(new JarEntry(entry));
                try (InputStream bytes = type.getClassLoader().getResourceAsStream(entry)) {
                    bytes.transferTo(jar);
                }
            }
        }
        for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
            String unix = path.replace(File.separatorChar, '/');
            if (unix.endsWith(".jar")
                    && (unix.contains("/software/amazon/awssdk/") || unix.contains("/org/reactivestreams/"))) {
                Files.copy(Path.of(path), home.resolve(Path.of(path).getFileName()));
            }
        }
    }

    @AfterAll
    static void stopTheStore() throws Exception {
        ddb.close();
    }

    @BeforeEach
    void anEmptyDiskAndANewTable() throws IOException {
        anEmptyDisk();
        if (ddb.client().listTables().tableNames().contains("Snapshots")) {
            ddb.client().deleteTable(delete -> delete.tableName("Snapshots"));
        }
        ddb.client()
                .createTable(create -> create.tableName("Snapshots")
                        .billingMode(BillingMode.PAY_PER_REQUEST)
                        .attributeDefinitions(
                                it -> it.attributeName("snapshotName").attributeType(ScalarAttributeType.S),
                                it -> it.attributeName("createdOn").attributeType(ScalarAttributeType.S),
                                it -> it.attributeName("createdOnMonth").attributeType(ScalarAttributeType.S))
                        .keySchema(
                                it -> it.attributeName("snapshotName").keyType(KeyType.HASH),
                                it -> it.attributeName("createdOn").keyType(KeyType.RANGE))
                        .globalSecondaryIndexes(index -> index.indexName("createdOnMonth-index")
                                .keySchema(
                                        it -> it.attributeName("createdOnMonth").keyType(KeyType.HASH),
                                        it -> it.attributeName("createdOn").keyType(KeyType.RANGE))
                                .projection(it -> it.projectionType(ProjectionType.ALL))));
    }

    private void anEmptyDisk() throws IOException {
        logs = Files.createTempDirectory(directory, "logs");
        unpacked.with("LOG_LOCATION", logs.toString());
    }

    @AfterEach
    void leaveNoHost() throws IOException {
        new RunningHost(logs).end();
    }

    @Test
    void whatAHostServesSurvivesAKillInspiteOfThePluginsMistakes() throws Exception {
        start("ddbendpoint");
        host().kill();
        start("ddbendpoint");
        host().change("POST", "/models?url=digits-1.0&initial_workers=2&synchronous=true");
        host().change("PUT", "/models/digits/1.0?min_worker=3&max_worker=3&synchronous=true");
        assertThat(host().status().required("mode").textValue()).isEqualToIgnoringCase("attached");
        host().kill();

        start("ddbendpoint");

        assertThat(host().workersOf("digits")).isEqualTo(3);
        assertThat(host().status().required("mode").textValue()).isEqualToIgnoringCase("attached");
        assertThat(host().log())
                .contains("Serializer ddbendpoint of plugin DDBEndPoint-1.0 is made for TorchServe")
                .contains("does not give it back")
                .contains("this host saved");
        assertThat(unpacked.run("--stop").exitCode()).isZero();
        assertThat(ddb.client().scan(scan -> scan.tableName("Snapshots")).count())
                .as("items of all snapshots")
                .isEqualTo(6);
    }

    @Test
    void aTableThatGoesWhileTheHostRunsDoesNotEndIt() throws Exception {
        start("ddbendpoint");
        ddb.client().deleteTable(delete -> delete.tableName("Snapshots"));

        HttpResponse<String> answer =
                host().change("POST", "/models?url=digits-1.0&initial_workers=1&synchronous=true");

        assertThat(answer.headers().firstValue("Holdfast-Notice").orElseThrow())
                .contains("could be read neither before nor after")
                .contains("it called System.exit(1), which is refused here");
        assertThat(host().workersOf("digits")).isEqualTo(1);
        host().kill();

        start("ddbendpoint");

        assertThat(host().workersOf("digits")).isEqualTo(1);
        assertThat(unpacked.run("--stop").exitCode()).isZero();
    }

    @Test
    void whatAMendedOneStoredComesBackOnAnEmptyDisk() throws Exception {
        start("mended");
        host().change("POST", "/models?url=digits-1.0&initial_workers=2&synchronous=true");
        String last = host().status().required("lastSnapshot").textValue();
        host().kill();

        anEmptyDisk();
        start("mended");

        assertThat(host().workersOf("digits")).isEqualTo(2);
        assertThat(host().log()).contains(last).doesNotContain("does not give it back");
        assertThat(unpacked.run("--stop").exitCode()).isZero();
    }

    private void start(String store) throws IOException, InterruptedException {
        Said said = unpacked.run(
                "--start",
                "--model-store=" + unpacked.home().resolve("examples/model-store"),
                "--snapshot-store=" + store,
                "--set=inference_address=http://127.0.0.1:0",
                "--set=management_address=http://127.0.0.1:0",
                "--set=metrics_address=http://127.0.0.1:0");
        assertThat(said.exitCode()).as("%s", said).isZero();
    }

    private RunningHost host() {
        return new RunningHost(logs);
    }
}
