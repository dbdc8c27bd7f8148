package dev.holdfast.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.holdfast.host.cli.HostApi;
import dev.holdfast.host.cli.Surroundings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Stands in for a host whose answers a test chooses, and keeps what the demo prints. */
final class HostThatAnswers implements AutoCloseable {

    private final HttpServer server;
    private final Path directory;
    private final StringWriter printed = new StringWriter();

    HostThatAnswers(Path directory) throws IOException {
        this.directory = directory;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
    }

    /** What calls of a path are answered with, by their bodies. */
    HostThatAnswers on(String path, Function<JsonNode, String> answer) {
        server.createContext(path, exchange -> {
            byte[] bytes = answer.apply(new ObjectMapper().readTree(exchange.getRequestBody()))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            try (exchange) {
                exchange.getResponseBody().write(bytes);
            }
        });
        return this;
    }

    HostApi api() {
        String address = "http://127.0.0.1:" + server.getAddress().getPort();
        return new HostApi(address, address, directory.resolve("no-keys.json"), directory);
    }

    DemoScreen screen() {
        PrintWriter out = new PrintWriter(printed);
        return new DemoScreen(new Surroundings(Map.of(), directory, Optional.empty(), directory, out, out, false));
    }

    String printed() {
        return printed.toString();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
