package dev.holdfast.plugin.ddb;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandler;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;
import software.amazon.dynamodb.services.local.shared.access.sqlite.SQLiteLibraryLoader;

/**
 * DynamoDB Local in a process of its own, which ends with the tests: it writes the numbers of its SQL in the digits of the
 * JVM's language, so that it does not work in the one that the tests run in.
 */
final class LocalDynamoDbProcess {

    private LocalDynamoDbProcess() {}

    /** The port on loopback that it listens on. */
    static int start() throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-Duser.language=en",
                        "-Duser.country=US",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        LocalDynamoDbProcess.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        // The process reads what the tests never write: the end of the pipe is the end of the tests.
        BufferedReader said = process.inputReader();
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            if (line.startsWith("port ")) {
                return Integer.parseInt(line.substring("port ".length()));
            }
        }
        throw new IOException("DynamoDB Local ended before it listened");
    }

    /** The documented launcher listens on every address and reports home; its handler alone does neither. */
    public static void main(String[] arguments) throws Exception {
        SQLiteLibraryLoader.initialize();
        LocalDynamoDBServerHandler handler =
                new LocalDynamoDBServerHandler(new LocalDynamoDBRequestHandler(0, true, null, true, false), null);
        Server server = new Server(new InetSocketAddress("127.0.0.1", 0));
        server.setHandler(new ContextHandlerCollection(new ContextHandler(handler)));
        server.start();
        System.out.println("port " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }
}
