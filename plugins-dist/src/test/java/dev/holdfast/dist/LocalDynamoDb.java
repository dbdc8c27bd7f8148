package dev.holdfast.dist;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Locale;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandler;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;
import software.amazon.dynamodb.services.local.shared.access.sqlite.SQLiteLibraryLoader;

/** DynamoDB Local in this JVM, in memory, on a loopback port; it can go away and come back with what it had. */
final class LocalDynamoDb implements AutoCloseable {

    private final LocalDynamoDBServerHandler handler;
    private final Server server;
    private final ServerConnector connector;
    private final DynamoDbClient client;
    private HeldPort held;

    private LocalDynamoDb(LocalDynamoDBServerHandler handler, Server server) {
        this.handler = handler;
        this.server = server;
        this.connector = (ServerConnector) server.getConnectors()[0];
        connector.setPort(connector.getLocalPort());
        client = DynamoDbClient.builder()
                .region(Region.EU_CENTRAL_1)
                .endpointOverride(endpoint())
                .httpClient(UrlConnectionHttpClient.create())
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                .build();
    }

    /** The documented launcher listens on every address and reports home; its handler alone does neither. */
    static LocalDynamoDb start() throws Exception {
        // It writes the numbers of its SQL in the digits of the language. The hosts are processes of their own, which
        // have
        // the build's.
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
        SQLiteLibraryLoader.initialize();
        LocalDynamoDBServerHandler handler =
                new LocalDynamoDBServerHandler(new LocalDynamoDBRequestHandler(0, true, null, true, false), null);
        Server server = new Server(new InetSocketAddress("127.0.0.1", 0));
        server.setHandler(new ContextHandlerCollection(new ContextHandler(handler)));
        server.start();
        return new LocalDynamoDb(handler, server);
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + connector.getPort());
    }

    /** Has hosts of a distribution take this for Amazon's. */
    void servesFor(Distribution distribution) {
        distribution
                .with("AWS_ENDPOINT_URL_DYNAMODB", endpoint().toString())
                .with("AWS_REGION", "eu-central-1")
                .with("AWS_ACCESS_KEY_ID", "local")
                .with("AWS_SECRET_ACCESS_KEY", "local")
                .with("AWS_EC2_METADATA_DISABLED", "true");
    }

    DynamoDbClient client() {
        return client;
    }

    void goAway() throws Exception {
        connector.stop();
        held = HeldPort.hold(connector.getPort());
    }

    void comeBack() throws Exception {
        held.close();
        connector.start();
    }

    @Override
    public void close() throws Exception {
        client.close();
        server.stop();
        handler.close();
    }
}
