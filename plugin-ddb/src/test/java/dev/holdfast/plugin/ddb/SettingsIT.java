package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The operator's keys, and what the SDK finds by itself: endpoint, region, credentials. */
class SettingsIT {

    private static final String CREDENTIALS = """
            {"Code": "Success", "AccessKeyId": "%s", "SecretAccessKey": "secret", "Token": "token",
             "Expiration": "2099-01-01T00:00:00Z"}
            """;

    private final Map<String, String> properties = new HashMap<>();

    @TempDir
    private Path directory;

    private void property(String name, String value) {
        properties.put(name, System.setProperty(name, value));
    }

    private void noProperty(String name) {
        properties.put(name, System.clearProperty(name));
    }

    @AfterEach
    void putBack() {
        properties.forEach((name, value) -> {
            if (value == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, value);
            }
        });
    }

    private static SerializerConfig config(String... keysAndValues) {
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return SerializerConfig.builder("ddb", Path.of("target")).values(values).build();
    }

    /** Opens, reads the last snapshot over a wire that leads nowhere, and gives the first request. */
    private static FaultyHttpClient.Call firstCall(SerializerConfig config) {
        try (Store store = Store.open(config)) {
            store.wire().fault("", 999, FaultyHttpClient.error(400, "AccessDeniedException"));
            assertThatThrownBy(() -> store.serializer().getLast()).isInstanceOf(StoreUnavailableException.class);
            return store.wire().calls().get(0);
        }
    }

    // Where

    @Test
    void withoutAnyKeyItIsTheTableOfTheManualInTheRegionThatTheSdkFinds() {
        FaultyHttpClient.Call call = firstCall(config());

        assertThat(call.uri()).startsWith("https://dynamodb.eu-central-1.amazonaws.com");
        assertThat(call.body()).contains("\"TableName\":\"Snapshots2\"", "\"ConsistentRead\":true");
    }

    @Test
    void theRegionAndTheTableAreTheOperators() {
        FaultyHttpClient.Call call = firstCall(config("region", "us-west-2", "table", "Ours"));

        assertThat(call.uri()).startsWith("https://dynamodb.us-west-2.amazonaws.com");
        assertThat(call.body()).contains("\"TableName\":\"Ours\"");
    }

    /** The system property is the SDK's other name of AWS_ENDPOINT_URL_DYNAMODB, which a process of its own tests. */
    @Test
    void theSdksOwnSettingOfTheEndpointCountsAndTheOperatorsKeyIsStronger() {
        property("aws.endpointUrlDynamoDb", "http://127.0.0.1:4566");

        assertThat(firstCall(config()).uri()).startsWith("http://127.0.0.1:4566");
        assertThat(firstCall(config("endpoint", "http://localhost:9999")).uri()).startsWith("http://localhost:9999");
    }

    @Test
    void aRegionThatNobodyKnowsIsAskedForByName() {
        noProperty("aws.region");

        assertThatThrownBy(() -> new DdbSnapshotSerializerFactory().open(config()))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContainingAll("snapshot.ddb.region", "AWS_REGION");
    }

    // Who

    @Test
    void missingCredentialsAreSaidSo() {
        noProperty("aws.accessKeyId");

        try (Store store = Store.open(config())) {
            assertThatThrownBy(() -> store.serializer().save(snapshot("default", 1)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContainingAll("Unable to load credentials", "AWS_ACCESS_KEY_ID")
                    .message()
                    .doesNotContain("\n");
            assertThat(store.wire().calls()).isEmpty();
        }
    }

    @Test
    void aProfilesCredentialsAreTaken() throws IOException {
        noProperty("aws.accessKeyId");
        Path file = Files.writeString(
                directory.resolve("credentials"), "[ops]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = x\n");
        property("aws.sharedCredentialsFile", file.toString());
        property("aws.profile", "ops");

        assertThat(firstCall(config()).authorization()).contains("Credential=PROFILEKEY/");
    }

    @Test
    void aContainersCredentialsAreTaken() throws IOException {
        noProperty("aws.accessKeyId");
        HttpServer server = serve(Map.of("/credentials", CREDENTIALS.formatted("CONTAINERKEY")));
        try {
            property("aws.containerCredentialsFullUri", address(server) + "/credentials");

            assertThat(firstCall(config()).authorization()).contains("Credential=CONTAINERKEY/");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void anInstancesCredentialsAreTaken() throws IOException {
        noProperty("aws.accessKeyId");
        HttpServer server = serve(Map.of(
                "/latest/api/token", "t",
                "/latest/meta-data/iam/security-credentials/", "role",
                "/latest/meta-data/iam/security-credentials/role", CREDENTIALS.formatted("INSTANCEKEY"),
                "/latest/meta-data/iam/security-credentials-extended/", "role",
                "/latest/meta-data/iam/security-credentials-extended/role", CREDENTIALS.formatted("INSTANCEKEY")));
        try {
            property("aws.disableEc2Metadata", "false");
            property("aws.ec2MetadataServiceEndpoint", address(server));

            assertThat(firstCall(config()).authorization()).contains("Credential=INSTANCEKEY/");
        } finally {
            server.stop(0);
        }
    }

    private static String address(HttpServer server) {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private static HttpServer serve(Map<String, String> files) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String file = files.get(exchange.getRequestURI().getPath());
            byte[] body = (file == null ? "" : file).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("X-aws-ec2-metadata-token-ttl-seconds", "600");
            exchange.sendResponseHeaders(file == null ? 404 : 200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server;
    }

    // What cannot be

    @ParameterizedTest
    @CsvSource({
        "table, a/b, a name of a table",
        "table, ab, a name of a table",
        "latest-table, latest, layout=two-tables",
        "layout, three-tables, 'one of one-table, two-tables'",
        "region, Frankfurt!, a region such as eu-central-1",
        "endpoint, localhost:8000, a URL such as",
        "endpoint, ':', a URL such as",
        "codec, zpaq, zpaq",
        "connect-timeout, 0, a time from 1ms to 1h",
        "attempt-timeout, 20s, must be shorter than snapshot.ddb.total-timeout",
        "total-timeout, soon, a time like",
        "chunk-timeout, 1s, must be shorter than snapshot.ddb.chunk-timeout (1000 ms)",
        "chunk-table, a b, a name of a table",
        "create-table, perhaps, true or false",
        "transactions, 'true', auto or false",
        "tabel, x, 'the keys of ddb are attempt-timeout, chunk-table, chunk-timeout, codec'"
    })
    void aWrongValueIsRefusedByItsKey(String key, String value, String rule) {
        assertThatThrownBy(() -> new DdbSnapshotSerializerFactory().open(config(key, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(rule);
    }

    @Test
    void theManualHasEveryKey() {
        assertThat(DdbOptions.KEYS)
                .allSatisfy(key -> assertThat(Path.of("../docs/serializer-ddb.md"))
                        .content()
                        .contains("| `snapshot.ddb." + key + "` |"));
    }

    /** They would hold the class loader of the plugin. */
    @Test
    void closingLeavesNoThreadBehind() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Store store = Store.open(config("endpoint", "http://127.0.0.1:1"));
        assertThatThrownBy(() -> store.serializer().getLast()).isInstanceOf(StoreUnavailableException.class);

        store.close();

        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> !before.contains(thread))
                .noneMatch(thread ->
                        thread.getName().startsWith("sdk-") || thread.getName().contains("reaper")));
    }

    @Test
    void openingAsksTheStoreNothing() {
        try (Store store = Store.open(config("endpoint", "http://127.0.0.1:1"))) {
            assertThat(store.wire().calls()).isEmpty();
        }
    }
}
