package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command asks a host that has many snapshots; one that gives no more than 1,000 at once. */
class SnapshotListingTest {

    @TempDir
    private Path directory;

    private final AtomicInteger calls = new AtomicInteger();
    private HttpServer server;
    private int stored;

    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void close() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        calls.incrementAndGet();
        Matcher query = Pattern.compile("limit=([0-9]+)(?:&next_page_token=from%20([0-9]+))?")
                .matcher(exchange.getRequestURI().getRawQuery());
        boolean right = query.matches() && Integer.parseInt(query.group(1)) <= 1000;
        int from = right && query.group(2) != null ? Integer.parseInt(query.group(2)) : 0;
        int to = right ? Math.min(stored, from + Integer.parseInt(query.group(1))) : 0;
        String names = IntStream.range(from, to)
                .mapToObj(i -> "{\"name\":\"" + (stored - i) + ".cfg\",\"kind\":\"snapshot\",\"group\":\"default\","
                        + "\"createdOn\":\"2026-11-21T09:30:00Z\",\"host\":\"h\",\"saveId\":\"s" + i
                        + "\",\"sha256\":\""
                        + "0".repeat(64) + "\",\"size\":1,\"modelCount\":1,\"revision\":" + (stored - i) + "}")
                .collect(Collectors.joining(","));
        String next = to < stored ? "\"nextPageToken\":\"from " + to + "\"," : "";
        byte[] body = ("{" + next + "\"snapshots\":[" + names + "]}").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(right ? 200 : 400, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private SnapshotListing list(int limit) {
        String address = "http://127.0.0.1:" + server.getAddress().getPort();
        return SnapshotListing.of(
                new HostSource(new HostApi(address, address, directory.resolve("none.json"), directory)), limit);
    }

    @ParameterizedTest
    @CsvSource({"1002, 20", "1002, 1001", "20001, 5000", "21, 20"})
    void aShortenedListSaysHowManyThereAre(int all, int limit) {
        stored = all;

        SnapshotListing listing = list(limit);

        assertThat(listing.newest()).hasSize(limit);
        assertThat(listing.newest().get(limit - 1).name()).isEqualTo(all - limit + 1 + ".cfg");
        assertThat(listing.shortened())
                .hasValue(String.format(
                        java.util.Locale.ROOT, "These are the newest %,d of %,d; --limit N shows more.", limit, all));
    }

    @ParameterizedTest
    @CsvSource({"0, 20", "20, 20", "1002, 1100", "1002, 1002"})
    void aWholeListSaysNothing(int all, int limit) {
        stored = all;

        SnapshotListing listing = list(limit);

        assertThat(listing.newest()).hasSize(all);
        assertThat(listing.shortened()).isEmpty();
    }

    @Test
    void aStoreOfMoreThanAHundredThousandIsNotCountedToItsEnd() {
        stored = 150_000;

        assertThat(list(20).shortened()).hasValue("These are the newest 20 of 100,000 or more; --limit N shows more.");
        assertThat(calls).hasValue(100);
    }

    @ParameterizedTest
    @CsvSource({"0", "-1"})
    void aLimitBelowOneIsRefusedByItsName(String limit) {
        Typed typed = new Typed(directory);

        assertThat(typed.run("snapshots", "list", "--limit", limit)).isEqualTo(2);
        assertThat(typed.errLines()).anyMatch(line -> line.contains("--limit '" + limit + "' must be 1 or more"));
    }
}
