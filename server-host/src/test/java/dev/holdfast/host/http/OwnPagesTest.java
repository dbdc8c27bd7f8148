package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.config.ListenAddress;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a page in a browser can do to a host without tokens. */
class OwnPagesTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example", "evil.example:8081", "EVIL.example.", "localhost.evil.example",
                        "127.0.0.1.evil.example",
                "evil.com", "a.b.c.d", "local.com", "xn--80ak6aa92e.com", "127.0.0.1.nip.io"
            })
    void aNameThatAnybodyMayHaveIsRefused(String name) {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("noop.mar")) {
            for (ListenAddress address : new ListenAddress[] {host.apis.management(), host.apis.inference()}) {
                String answer = send(address, "DELETE /models/noop", "Host: " + name);

                assertThat(answer).startsWith("HTTP/1.1 403 ").contains("ForbiddenException", "allowed_hosts");
            }
            assertThat(send(host.apis.management(), "GET http://" + name + "/models", "Host: " + name))
                    .startsWith("HTTP/1.1 403 ");
            assertThat(host.serving.state().models()).containsOnlyKeys("noop");
            assertThat(host.metrics("/metrics").body())
                    .contains("holdfast_refused_calls_total{reason=\"foreign_host\"} 3.0");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.0.0.1:8081",
                "10.1.2.3:1",
                "[::1]:8081",
                "[fe80::1]",
                "localhost",
                "LOCALHOST:99",
                "localhost.",
                "holdfast",
                "holdfast:8080",
                "test-host",
                "me.localhost",
                "holdfast.default.svc:8080",
                "holdfast.default.svc.cluster.local",
                "gpu7.internal",
                "nas.home.arpa",
                "models.example.org",
                "b.example.org"
            })
    void aNameThatIsThisHostsOrNobodyElsesIsAnswered(String name) {
        try (HostUnderTest host =
                new HostUnderTest(directory, Map.of("allowed_hosts", "Models.example.org, b.example.org"))) {
            assertThat(send(host.apis.management(), "GET /models", "Host: " + name))
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void anyNameIsAnsweredWhereTheOperatorSaysSo() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of("allowed_hosts", "*"))) {
            assertThat(send(host.apis.management(), "GET /models", "Host: evil.example"))
                    .startsWith("HTTP/1.1 200 ");
            assertThat(send(
                            host.apis.management(),
                            "GET /models",
                            "Host: evil.example\r\nOrigin: http://other.example"))
                    .startsWith("HTTP/1.1 403 ");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Origin: https://evil.example",
                "Origin: null",
                "Origin: http://localhost",
                "Origin: http://localhost:1",
                "Origin: http://127.0.0.1:PORT.evil.example",
                "Origin: https://",
                "Origin: %",
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors",
            })
    void aPageFromElsewhereCannotCall(String headers) {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("noop.mar")) {
            ListenAddress address = host.apis.management();
            String all = "Host: 127.0.0.1:" + address.port() + "\r\n"
                    + headers.replace("PORT", Integer.toString(address.port()));

            assertThat(send(address, "DELETE /models/noop", all))
                    .startsWith("HTTP/1.1 403 ")
                    .contains("cors_allowed_origin");
            assertThat(send(address, "OPTIONS /models/noop", all + "\r\nAccess-Control-Request-Method: DELETE"))
                    .startsWith("HTTP/1.1 403 ");
            assertThat(send(host.apis.inference(), "POST /predictions/noop", all))
                    .startsWith("HTTP/1.1 403 ");
            assertThat(host.serving.state().models()).containsOnlyKeys("noop");
        }
    }

    @Test
    void thisHostsOwnPagesAndThoseOfTheAllowedOriginCall() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of("cors_allowed_origin", "https://app.example"))) {
            ListenAddress address = host.apis.management();
            String own = "Host: 127.0.0.1:" + address.port() + "\r\n";

            for (String headers : new String[] {
                "Origin: http://127.0.0.1:" + address.port(),
                "Origin: https://app.example\r\nSec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-origin",
                "Sec-Fetch-Site: none",
                "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate"
            }) {
                assertThat(send(address, "GET /models", own + headers))
                        .as(headers)
                        .startsWith("HTTP/1.1 200 ");
            }
            assertThat(send(address, "GET /models", own + "Origin: https://app.example.evil.example"))
                    .startsWith("HTTP/1.1 403 ");
        }
        try (HostUnderTest host = new HostUnderTest(directory, Map.of("cors_allowed_origin", "*"))) {
            assertThat(send(host.apis.management(), "GET /models", "Host: localhost\r\nOrigin: https://any.example"))
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void withTokensAndForMetricsNothingIsAskedOfNames() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of())) {
            assertThat(send(host.apis.metricsAddress(), "GET /metrics", "Host: metrics.example.org"))
                    .startsWith("HTTP/1.1 200 ");
        }
        try (HostUnderTest host = new HostUnderTest(directory, Map.of("disable_token_authorization", "false"))) {
            assertThat(send(host.apis.management(), "GET /models", "Host: models.example.org"))
                    .startsWith("HTTP/1.1 401 ");
        }
    }

    private static String send(ListenAddress address, String request, String headers) {
        return HostUnderTest.raw(address, request + " HTTP/1.1\r\n" + headers + "\r\nConnection: close\r\n\r\n");
    }
}
