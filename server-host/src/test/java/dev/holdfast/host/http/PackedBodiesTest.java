package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PackedBodiesTest {

    private static final int MOST = 100_000;
    private static final String ROW = "{\"instances\":[[1,2,3]]}";

    @TempDir
    static Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private HostUnderTest host;

    @BeforeAll
    void start() {
        host = new HostUnderTest(directory, Map.of("max_request_size", String.valueOf(MOST)));
        host.with("sum.mar").with("echo.mar");
    }

    @AfterAll
    void stop() {
        host.close();
    }

    private static byte[] packed(String how, byte[] bytes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = switch (how) {
            case "gzip", "x-gzip", "GZIP" -> new GZIPOutputStream(packed);
            case "deflate" -> new DeflaterOutputStream(packed);
            default -> new DeflaterOutputStream(packed, new Deflater(1, true));
        }) {
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }

    private HttpResponse<byte[]> send(String path, HttpRequest.BodyPublisher body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(host.apis.inference() + path))
                .timeout(Duration.ofSeconds(60))
                .POST(body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    private static String text(HttpResponse<byte[]> answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({"gzip,gzip", "x-gzip,gzip", "GZIP,gzip", "deflate,deflate", "bare,deflate"})
    void bodiesAreUnpacked(String how, String named) throws Exception {
        byte[] body = packed(how, ROW.getBytes(StandardCharsets.UTF_8));
        String header = how.equals("bare") ? named : how;

        HttpResponse<byte[]> whole =
                send("/predictions/sum", BodyPublishers.ofByteArray(body), "Content-Encoding", header);
        HttpResponse<byte[]> chunked = send(
                "/predictions/sum",
                BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)),
                "Content-Encoding",
                header);

        assertThat(text(whole)).isEqualTo("[[6.0]]");
        assertThat(text(chunked)).isEqualTo(text(whole));
    }

    @Test
    void tensorsInBytesMayBePackedWithTheirJson() throws Exception {
        String json = "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"FP32\","
                + "\"parameters\":{\"binary_data_size\":12}}],\"parameters\":{\"binary_data_output\":true}}";
        ByteBuffer body = ByteBuffer.allocate(json.length() + 12).order(ByteOrder.LITTLE_ENDIAN);
        body.put(json.getBytes(StandardCharsets.UTF_8)).putFloat(1).putFloat(2).putFloat(3);

        HttpResponse<byte[]> answer = send(
                "/v2/models/sum/infer",
                BodyPublishers.ofByteArray(packed("gzip", body.array())),
                "Content-Encoding",
                "gzip",
                "Inference-Header-Content-Length",
                String.valueOf(json.length()));

        assertThat(answer.statusCode()).isEqualTo(200);
        int length = Integer.parseInt(
                answer.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
        assertThat(ByteBuffer.wrap(answer.body(), length, 4)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getFloat())
                .isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "deflate", "bare"})
    void aSmallBodyThatUnpacksToALargeOneIsRefused(String how) throws Exception {
        byte[] bomb = packed(how, new byte[50 * MOST]);
        assertThat(bomb.length).isLessThan(MOST);

        HttpResponse<byte[]> answer = send(
                "/predictions/echo",
                BodyPublishers.ofByteArray(bomb),
                "Content-Encoding",
                how.equals("bare") ? "deflate" : how);

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(text(answer)).contains("larger than max_request_size, 100000 bytes, when it is unpacked");
        assertThat(send(
                                "/predictions/echo",
                                BodyPublishers.ofByteArray(packed(how, new byte[MOST])),
                                "Content-Encoding",
                                how.equals("bare") ? "deflate" : how)
                        .body())
                .hasSize(MOST);
    }

    @Test
    void aBodyThatIsTooLargeAsItComesIsRefusedToo() throws Exception {
        byte[] random = new byte[2 * MOST];
        new java.util.Random(1).nextBytes(random);
        byte[] large = packed("gzip", random);

        assertThat(send(
                                "/predictions/echo",
                                BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large)),
                                "Content-Encoding",
                                "gzip")
                        .statusCode())
                .isEqualTo(413);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            gzip       | 400 | The body is not packed by gzip
            deflate    | 400 | The body is not packed by deflate
            br         | 415 | Content-Encoding 'br' are not supported; pack them by gzip or deflate
            gzip, gzip | 415 | are not supported
            """)
    void whatIsNotPackedAsItSaysIsRefused(String encoding, int status, String message) throws Exception {
        HttpResponse<byte[]> answer =
                send("/predictions/sum", BodyPublishers.ofString(ROW), "Content-Encoding", encoding);

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(text(answer)).contains(message);
    }

    @Test
    void aBodyThatIsCutOffIsRefused() throws Exception {
        byte[] body = packed("gzip", ROW.getBytes(StandardCharsets.UTF_8));

        HttpResponse<byte[]> answer = send(
                "/v2/models/sum/infer",
                BodyPublishers.ofByteArray(body, 0, body.length - 9),
                "Content-Encoding",
                "gzip");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(text(answer)).startsWith("{").contains("\"error\"", "or is cut off");
    }

    @Test
    void anUnpackedBodyIsWhatIdentityMeans() throws Exception {
        assertThat(text(send("/predictions/sum", BodyPublishers.ofString(ROW), "Content-Encoding", "identity")))
                .isEqualTo("[[6.0]]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            gzip                          | gzip
            gzip, deflate, br, zstd       | gzip
            deflate                       | deflate
            deflate, gzip;q=0.5           | deflate
            br, gzip;q=0                  | none
            br                            | none
            identity, gzip;q=0.5          | none
            """)
    void largeAnswersArePackedAsTheCallerAccepts(String accepted, String packed) throws Exception {
        byte[] large = "abcdefgh".repeat(10_000).getBytes(StandardCharsets.UTF_8);

        HttpResponse<byte[]> answer =
                send("/predictions/echo", BodyPublishers.ofByteArray(large), "Accept-Encoding", accepted);

        assertThat(answer.headers().firstValue("Content-Encoding").orElse("none"))
                .isEqualTo(packed);
        assertThat(answer.headers().firstValueAsLong("Content-Length").orElseThrow())
                .isEqualTo(answer.body().length);
        byte[] unpacked = switch (packed) {
            case "gzip" -> new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes();
            case "deflate" -> new InflaterInputStream(new ByteArrayInputStream(answer.body())).readAllBytes();
            default -> answer.body();
        };
        assertThat(unpacked).isEqualTo(large);
        if (!packed.equals("none")) {
            assertThat(answer.body().length).isLessThan(large.length / 10);
            assertThat(answer.headers().firstValue("Vary")).hasValue("Accept-Encoding");
        }
    }

    @Test
    void smallAnswersAndThoseThatNobodyWantsPackedAreSentAsTheyAre() throws Exception {
        HttpResponse<byte[]> small = send("/predictions/sum", BodyPublishers.ofString(ROW), "Accept-Encoding", "gzip");
        HttpResponse<byte[]> unasked = send("/predictions/echo", BodyPublishers.ofString("x".repeat(5000)));

        assertThat(small.headers().firstValue("Content-Encoding")).isEmpty();
        assertThat(text(small)).isEqualTo("[[6.0]]");
        assertThat(unasked.headers().firstValue("Content-Encoding")).isEmpty();
        assertThat(unasked.headers().firstValue("Vary")).isEmpty();
    }

    @Test
    void documentsAndMetricsArePackedToo() throws Exception {
        HttpResponse<byte[]> document = client.send(
                HttpRequest.newBuilder(URI.create(host.apis.management() + "/api-description"))
                        .header("Accept-Encoding", "gzip")
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());

        assertThat(document.headers().firstValue("Content-Encoding")).hasValue("gzip");
        assertThat(new String(
                        new GZIPInputStream(new ByteArrayInputStream(document.body())).readAllBytes(),
                        StandardCharsets.UTF_8))
                .contains("openapi");
    }
}
