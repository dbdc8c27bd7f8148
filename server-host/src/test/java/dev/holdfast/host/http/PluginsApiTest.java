package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plugins of a running host, over its management API. */
class PluginsApiTest {

    @TempDir
    Path directory;

    @Test
    void thePluginsAreListedAsTheCommandListsThem() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of())) {
            var answer = host.management("GET", "/plugins");

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
            assertThat(answer.body()).isEqualTo("""
                    {
                      "plugins": [
                        {
                          "name": "acme-store",
                          "serializers": [],
                          "version": "1.2",
                          "path": "/srv/plugins/acme-store.jar",
                          "state": "rejected",
                          "reason": "it is broken"
                        }
                      ]
                    }
                    """);
        }
    }

    @Test
    void theCallNeedsTheManagementToken() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of("disable_token_authorization", "false"))) {
            assertThat(host.management("GET", "/plugins").statusCode()).isEqualTo(401);
        }
    }
}
