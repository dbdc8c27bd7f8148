package dev.holdfast.host.http;

import java.util.List;
import java.util.Random;

/** Requests that are nearly right: parts of proper ones beside parts of improper ones, and bytes changed at random. */
final class RandomRequests {

    private static final List<String> METHODS = List.of(
            "GET",
            "POST",
            "PUT",
            "DELETE",
            "HEAD",
            "OPTIONS",
            "TRACE",
            "PATCH",
            "get",
            "BEFORE",
            "AFTER",
            "CONNECT",
            "WEBSOCKET_BEFORE_UPGRADE",
            "X",
            "G T",
            "");
    private static final List<String> TARGETS = List.of(
            "/models",
            "/models/noop",
            "/predictions/noop",
            "/predictions/sum",
            "/v2/models/sum/infer",
            "/v2",
            "/ping",
            "/snapshots?limit=2",
            "/models?limit=%zz",
            "/models/%ff",
            "/models/%2e%2e",
            "/a;b=c/../d",
            "//",
            "*",
            "http://x/models",
            "http://[/",
            "/models?a=%00&b=%C3%28",
            "/models?%",
            "/?=&&=&",
            "/v1/models/sum:predict",
            "/models/" + "%41".repeat(200),
            "/models/\u00e4",
            "/models?x=\u00ff",
            "/api-description",
            "/invocations?model_name=%E0%80%80",
            "/models#f",
            "",
            "?",
            "/%u0041");
    private static final List<String> HEADERS = List.of(
            "Content-Type: application/json",
            "Content-Type: text/plain; charset=bogus",
            "Content-Type: ;;;",
            "Content-Type: ",
            "Content-Type: application/json; charset=utf-16",
            "Content-Type: application/x-www-form-urlencoded",
            "Content-Type: multipart/form-data; boundary=x",
            "Content-Length: 3",
            "Content-Length: x",
            "Content-Length: 3, 3",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: identity",
            "Expect: 100-continue",
            "Expect: y",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "Upgrade: h2c",
            "X-HTTP-Method-Override: DELETE",
            "X-HTTP-Method-Override: \u0001",
            "Host: y",
            "Host: [",
            "Host: a:b",
            "Cookie: =;=",
            "Cookie: a=\"",
            "Accept: ,,;q=x",
            "Authorization: Bearer",
            "Authorization: \u00ff",
            "Range: bytes=9-1",
            "Range: x",
            "If-Modified-Since: x",
            "Content-Encoding: gzip",
            "Access-Control-Request-Method: \u00ff",
            "Origin: null",
            "Inference-Header-Content-Length: 3",
            " folded",
            "Bad Name: x",
            ": x",
            "X: \u0000",
            "TE: trailers",
            "Trailer: X");
    private static final List<String> BODIES = List.of(
            "",
            "{}",
            "[1,2,3]",
            "{\"inputs\":null}",
            "{\"inputs\":[{}]}",
            "{\"inputs\":[null]}",
            "3\r\n[1]\r\n0\r\n\r\n",
            "zz\r\nx\r\n0\r\n\r\n",
            "ffffffffffffffff\r\n",
            "0\r\nX: y\r\n\r\n",
            "[1e999]",
            "[".repeat(500),
            "\u00ff\u00fe",
            "{\"a\":1e1000000000}",
            "--x\r\n\r\n--x--",
            "{\"instances\":null}",
            "{\"instances\":[[null]]}",
            "nul",
            "\u0000");

    private RandomRequests() {}

    static String next(Random random) {
        StringBuilder request = new StringBuilder();
        request.append(one(random, METHODS)).append(' ').append(one(random, TARGETS));
        request.append(random.nextInt(20) == 0 ? " HTTP/1.0" : " HTTP/1.1").append("\r\n");
        if (random.nextInt(10) > 0) {
            request.append("Host: x\r\n");
        }
        for (int header = random.nextInt(4); header > 0; header--) {
            request.append(one(random, HEADERS)).append("\r\n");
        }
        String body = one(random, BODIES);
        if (random.nextBoolean()) {
            request.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        request.append("Connection: close\r\n\r\n").append(body);
        if (random.nextInt(3) == 0) {
            for (int change = random.nextInt(4); change >= 0; change--) {
                request.setCharAt(random.nextInt(request.length()), (char) random.nextInt(256));
            }
        }
        return request.toString();
    }

    private static String one(Random random, List<String> some) {
        return some.get(random.nextInt(some.size()));
    }
}
