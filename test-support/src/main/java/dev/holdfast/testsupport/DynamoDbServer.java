package dev.holdfast.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Locale;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandler;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;
import software.amazon.dynamodb.services.local.shared.access.sqlite.SQLiteLibraryLoader;

/** DynamoDB Local in this JVM, in memory, on a loopback port; it can go away and come back with what it had. */
public final class DynamoDbServer implements AutoCloseable {

    private final LocalDynamoDBServerHandler handler;
    private final Server server;
    private final ServerConnector connector;
    private final DynamoDbClient client;
    private @Nullable HeldPort held;

    private DynamoDbServer(LocalDynamoDBServerHandler handler, Server server) {
        this.handler = handler;
        this.server = server;
        this.connector = (ServerConnector) server.getConnectors()[0];
        connector.setPort(connector.getLocalPort());
        this.client = client(endpoint());
    }

    /** The documented launcher listens on every address and reports home; its handler alone does neither. */
    public static DynamoDbServer start() throws Exception {
        // It writes the numbers of its SQL in the digits of the language, and the tests run in one with other digits.
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
        SQLiteLibraryLoader.initialize();
        LocalDynamoDBServerHandler handler =
                new LocalDynamoDBServerHandler(new LocalDynamoDBRequestHandler(0, true, null, true, false), null);
        Server server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        server.setHandler(new ContextHandlerCollection(new ContextHandler(handler)));
        server.start();
        return new DynamoDbServer(handler, server);
    }

    /** A client of a server of this kind. */
    public static DynamoDbClient client(URI endpoint) {
        return DynamoDbClient.builder()
                .region(Region.EU_CENTRAL_1)
                .endpointOverride(endpoint)
                .httpClient(UrlConnectionHttpClient.create())
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                .build();
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + connector.getPort());
    }

    public DynamoDbClient client() {
        return client;
    }

    public void goAway() throws Exception {
        connector.stop();
        held = HeldPort.hold(connector.getPort());
    }

    public void comeBack() throws Exception {
        if (held != null) {
            held.close();
        }
        connector.start();
    }

    @Override
    public void close() throws IOException {
        client.close();
        try {
            server.stop();
            handler.close();
        } catch (Exception e) {
            throw new IOException("DynamoDB Local could not be stopped", e);
        }
    }
}
