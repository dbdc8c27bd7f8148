package dev.holdfast.host.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.holdfast.host.archive.ArchiveException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UrlFetchTest {

    /** For what is to succeed, or to fail by another rule, on a machine however busy. */
    private static final ArchiveLimits LIMITS = limits(Duration.ofMinutes(1));

    private static final ArchiveLimits SHORT = limits(Duration.ofSeconds(1));

    @TempDir
    Path directory;

    private final AtomicInteger requests = new AtomicInteger();
    private final CountDownLatch end = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private Path store;
    private HttpServer server;
    private String url;
    private DirectoryModelStore models;

    @BeforeEach
    void start() throws IOException {
        store = Files.createDirectory(directory.resolve("store"));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.start();
        url = "http://127.0.0.1:" + server.getAddress().getPort();
        models = models(UrlPolicy.of("http://127\\.0\\.0\\.1:.*, http://\\[::1\\]:.*", true));
    }

    @AfterEach
    void stop() throws IOException {
        end.countDown();
        server.stop(0);
        threads.shutdownNow();
        models.close();
        try (Stream<Path> files = Files.list(store)) {
            assertThat(files).noneMatch(file -> file.toString().endsWith(".part"));
        }
    }

    @Test
    void anAllowedArchiveLandsInTheStoreAndIsForgottenLikeThat() throws IOException {
        serve("/models/noop.mar", noop());

        Archive archive = models.open(url + "/models/noop.mar?token=secret");

        assertThat(archive.fileName()).isEqualTo("noop.mar");
        assertThat(models.list()).containsExactly("noop.mar");
        archive.close();
        // What was fetched is known after a restart too.
        models(UrlPolicy.storeOnly()).forget("noop.mar");
        try (Stream<Path> files = Files.list(store)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void ofManyFetchesOfOneUrlOneWins() throws Exception {
        serve("/noop.mar", noop());
        CountDownLatch start = new CountDownLatch(1);
        List<Future<Reason>> answers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            answers.add(threads.submit(() -> {
                await(start);
                try {
                    models.open(url + "/noop.mar").close();
                    return null;
                } catch (ArchiveException e) {
                    return e.reason();
                }
            }));
        }

        start.countDown();

        List<Reason> reasons = new ArrayList<>();
        for (Future<Reason> answer : answers) {
            reasons.add(answer.get());
        }
        assertThat(reasons).containsOnlyOnce((Reason) null).containsOnly(null, Reason.ALREADY_EXISTS);
        assertThat(models.open("noop.mar").manifest().modelName()).isEqualTo("noop");
        models.forget("noop.mar");
        assertThat(store).isEmptyDirectory();
    }

    @Test
    void anAnswerInChunksIsRead() throws IOException {
        server.createContext("/noop.mar", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                for (byte b : noop()) {
                    out.write(b);
                    out.flush();
                }
            }
        });

        assertThat(models.open(url + "/noop.mar").manifest().modelName()).isEqualTo("noop");
    }

    @Test
    void aFileOfTheOperatorsIsNeitherReplacedNorForgotten() throws IOException {
        serve("/noop.mar", noop());
        Files.writeString(store.resolve("noop.mar"), "the operator's");

        ArchiveException refused = refusal(url + "/noop.mar");
        models.forget("noop.mar");
        models.forget("absent.mar");

        assertThat(refused.reason()).isEqualTo(Reason.ALREADY_EXISTS);
        assertThat(refused).hasMessage("Model file already exists noop.mar");
        assertThat(requests).hasValue(0);
        assertThat(store.resolve("noop.mar")).hasContent("the operator's");
    }

    @Test
    void aFetchedFileThatTheOperatorReplacedIsHisOwn() throws IOException {
        serve("/noop.mar", noop());
        models.open(url + "/noop.mar").close();
        Files.writeString(store.resolve("noop.mar"), "the operator's");

        models.forget("noop.mar");

        assertThat(store.resolve("noop.mar")).hasContent("the operator's");
    }

    @Test
    void aDamagedArchiveIsNotLeftInTheStore() throws IOException {
        serve("/noop.mar", "no zip".getBytes(StandardCharsets.UTF_8));

        assertThat(refusal(url + "/noop.mar").reason()).isEqualTo(Reason.INVALID);

        try (Stream<Path> files = Files.list(store)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void aFetchedFileThatWasCutShortGivesWayToAnotherFetch() throws IOException {
        serve("/noop.mar", noop());
        models.open(url + "/noop.mar").close();
        Files.write(store.resolve("noop.mar"), Arrays.copyOf(noop(), 40));
        assertThat(refusal("noop.mar").reason()).isEqualTo(Reason.INVALID);

        assertThat(models.setAside("noop.mar")).isTrue();

        models.open(url + "/noop.mar").close();
        assertThat(store.resolve(".noop.mar.damaged")).hasSize(40);
        assertThat(models.list()).containsExactly("noop.mar");
    }

    @Test
    void aFetchedModelThatAPowerCutEmptiedIsRefusedAsDamaged() throws IOException {
        serve("/m.onnx", new byte[] {8, 7});
        models.open(url + "/m.onnx").close();
        Files.write(store.resolve("m.onnx"), new byte[0]);

        assertThat(refusal("m.onnx").reason()).isEqualTo(Reason.INVALID);

        assertThat(models.setAside("m.onnx")).isTrue();
    }

    @Test
    void whatIsStillWhatWasFetchedAndWhatNeverWasFetchedIsNotSetAside() throws IOException {
        serve("/noop.mar", noop());
        models.open(url + "/noop.mar").close();
        Files.writeString(store.resolve("own.mar"), "the operator's");

        assertThat(models.setAside("noop.mar")).isFalse();
        assertThat(models.setAside("own.mar")).isFalse();
        assertThat(models.setAside("absent.mar")).isFalse();

        assertThat(models.list()).containsExactly("noop.mar", "own.mar");
    }

    @Test
    void aFileIsOnTheDiskBeforeItHasItsNameAndItsNameBeforeTheFetchEnds() throws IOException {
        List<String> forced = new ArrayList<>();
        Path target = store.resolve("noop.mar");
        Path mark = store.resolve(".noop.mar.fetched");
        FetchedFiles fetched = new FetchedFiles(store, new Digests(), path -> {
            String what = path.equals(store) ? "directory" : Files.size(path) == 64 ? "mark" : "archive";
            forced.add(what + (Files.exists(mark) ? ", marked" : "") + (Files.exists(target) ? ", named" : ""));
        });
        Path part = Files.write(fetched.part(), noop());

        fetched.place(part, "noop.mar");
        Files.delete(part);

        assertThat(forced).containsExactly("archive", "mark", "directory, marked", "directory, marked, named");
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void aRedirectIsNotFollowed(int status) throws IOException {
        serve("/other.mar", noop());
        server.createContext("/noop.mar", exchange -> {
            exchange.getResponseHeaders().add("Location", url + "/other.mar");
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });

        ArchiveException refused = refusal(url + "/noop.mar");

        assertThat(refused.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(refused)
                .hasMessage("Failed to download archive from: " + url + "/noop.mar: the server redirects (" + status
                        + "), which is not followed");
        assertThat(requests).hasValue(0);
    }

    @Test
    void anAnswerOtherThan200IsAFailure() {
        ArchiveException refused = refusal(url + "/absent.mar?signature=canary");

        assertThat(refused.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(refused).hasMessageContaining("the server answers 404").hasMessageNotContaining("canary");
    }

    @Test
    void anEndlessBodyStopsAtTheCap() {
        server.createContext("/endless.mar", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            forever(exchange, new byte[8192], 0);
        });

        assertThat(refusal(url + "/endless.mar").reason()).isEqualTo(Reason.TOO_BIG);
    }

    @Test
    void aHugeContentLengthIsRefusedBeforeItsBody() {
        server.createContext("/huge.mar", exchange -> {
            exchange.sendResponseHeaders(200, 1L << 50);
            exchange.getResponseBody().flush();
            await(end);
        });

        assertThat(refusal(url + "/huge.mar").reason()).isEqualTo(Reason.TOO_BIG);
    }

    @Test
    void aSlowBodyMeetsTheDeadlineThoughEachByteIsInTime() {
        server.createContext("/slow.mar", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            forever(exchange, new byte[1], 50);
        });

        ArchiveException refused =
                refusal(models(UrlPolicy.of("http://.*", true), InetAddress::getAllByName, SHORT), url + "/slow.mar");

        assertThat(refused.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(refused).hasMessageContaining("it took longer than 1000 ms");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "SSH-2.0-OpenSSH\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\n: x\r\n\r\n"
            })
    void anAnswerThatIsNoHttpIsAFailure(String answer) throws IOException {
        assertThat(refusalOf(answer).reason()).isEqualTo(Reason.UNREACHABLE);
    }

    @Test
    void anEndlessHeadIsAFailure() throws IOException {
        assertThat(refusalOf("HTTP/1.1 200 OK\r\nX: " + "x".repeat(100_000))).hasMessageContaining("too long");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:%d/noop.mar",
                "http://2130706433:%d/noop.mar",
                "http://0177.0.0.1:%d/noop.mar",
                "http://0x7f000001:%d/noop.mar",
                "http://0x7f.0.0.1:%d/noop.mar",
                "http://127.1:%d/noop.mar",
                "http://127.0.0.01:%d/noop.mar",
                "http://0:%d/noop.mar",
                "http://[::1]:%d/noop.mar",
                "http://[::]:%d/noop.mar",
                "http://[::ffff:127.0.0.1]:%d/noop.mar",
                "http://[::ffff:7f00:1]:%d/noop.mar",
                "http://[::127.0.0.1]:%d/noop.mar",
                "http://[64:ff9b::7f00:1]:%d/noop.mar",
                "http://[fe80::1]:%d/noop.mar",
                "http://[fd00::1]:%d/noop.mar",
                "http://10.0.0.1:%d/noop.mar",
                "http://169.254.169.254:%d/noop.mar",
                "http://localhost:%d/noop.mar",
                "http://named.example:%d/noop.mar"
            })
    void anAddressThatIsNotPublicIsRefusedBeforeAConnection(String pattern) throws IOException {
        serve("/noop.mar", noop());
        DirectoryModelStore strict = models(
                UrlPolicy.of("http://.*", false),
                host -> host.equals("named.example")
                        ? new InetAddress[] {InetAddress.getByName("93.184.216.34"), InetAddress.getByName("10.1.2.3")}
                        : InetAddress.getAllByName(host));

        ArchiveException refused = catchThrowableOfType(
                ArchiveException.class,
                () -> strict.open(
                        String.format(Locale.ROOT, pattern, server.getAddress().getPort())));

        assertThat(refused.reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(requests).hasValue(0);
    }

    @Test
    void aNameIsLookedUpOnceAndTheCheckedAddressIsTheOneConnectedTo() throws IOException {
        serve("/noop.mar", noop());
        AtomicInteger lookUps = new AtomicInteger();
        DirectoryModelStore rebound = models(UrlPolicy.of("http://.*", true), host -> {
            // The second look-up would lead to nobody.
            String address = lookUps.getAndIncrement() == 0 ? "127.0.0.1" : "192.0.2.1";
            return new InetAddress[] {InetAddress.getByName(address)};
        });

        rebound.open("http://no-such-name.invalid:" + server.getAddress().getPort() + "/noop.mar")
                .close();

        assertThat(lookUps).hasValue(1);
    }

    @Test
    void anAddressThatDoesNotAnswerGivesWayToTheNext() throws IOException {
        serve("/noop.mar", noop());
        InetAddress nobody = InetAddress.getByName("127.77.77.77");
        DirectoryModelStore two = models(
                UrlPolicy.of("http://.*", true), host -> new InetAddress[] {nobody, InetAddress.getLoopbackAddress()});

        two.open("http://two.example:" + server.getAddress().getPort() + "/noop.mar")
                .close();

        assertThat(requests).hasValue(1);
    }

    @Test
    void aLookUpThatHangsMeetsTheDeadline() {
        DirectoryModelStore hanging = models(
                UrlPolicy.of("http://.*", true),
                host -> {
                    await(end);
                    return new InetAddress[0];
                },
                SHORT);

        ArchiveException refused = refusal(hanging, "http://slow.example/noop.mar");

        assertThat(refused.reason()).isEqualTo(Reason.UNREACHABLE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://example.com/noop.mar",
                "http://user:canary@127.0.0.1:1/noop.mar",
                "http://127.0.0.1:1/../noop.mar",
                "http://127.0.0.1:1/a/%2e%2e/noop.mar",
                "http://127.0.0.1:1/noop.mar#canary",
                "http://127.0.0.1:1/noop.txt",
                "http://127.0.0.1:1/",
                "http://127.0.0.1:1",
                "http://127.0.0.1:1/.noop.mar",
                "http://127.0.0.1:1/a%2fb%00.mar",
                "http://127.0.0.1:1/%E4.mar",
                "http:///noop.mar",
                "http:noop.mar",
                "http://127.0.0.1:1/a b.mar",
                "http://127.0.0.1:1/a.mar\r\nX: y",
                "gopher://127.0.0.1:1/noop.mar"
            })
    void aUrlThatTheOperatorDidNotAllowIsRefused(String refusedUrl) {
        ArchiveException refused = refusal(refusedUrl);

        assertThat(refused.reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(refused).hasMessageNotContaining("canary").hasMessageNotContaining("\n");
    }

    @Test
    void withoutAWordFromTheOperatorNoUrlIsAllowed() {
        ArchiveException refused = catchThrowableOfType(
                ArchiveException.class, () -> models(UrlPolicy.of("", false)).open("https://example.com/noop.mar"));

        assertThat(refused).hasMessage("Given URL https://example.com/noop.mar does not match any allowed URL(s)");
    }

    @Test
    void aServerWithoutTlsIsNotSpokenToByHttps() {
        // The server takes the greeting for the beginning of a line, and waits for its end.
        DirectoryModelStore secure = models(UrlPolicy.of("https://.*", true), InetAddress::getAllByName, SHORT);

        ArchiveException refused = catchThrowableOfType(
                ArchiveException.class, () -> secure.open(url.replace("http:", "https:") + "/noop.mar"));

        assertThat(refused.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(requests).hasValue(0);
    }

    @Test
    void aCutOffFetchOfADeadHostIsRemovedAndAYoungOneIsNot() throws IOException {
        Path old = Files.createFile(store.resolve(".fetch-00000000-0000-0000-0000-000000000001.part"));
        Path young = Files.createFile(store.resolve(".fetch-00000000-0000-0000-0000-000000000002.part"));
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(3600)));

        models.clean();

        assertThat(old).doesNotExist();
        assertThat(young).exists();
        Files.delete(young);
    }

    private DirectoryModelStore models(UrlPolicy policy) {
        return models(policy, InetAddress::getAllByName);
    }

    private DirectoryModelStore models(UrlPolicy policy, HttpDownload.Resolver resolver) {
        return models(policy, resolver, LIMITS);
    }

    private static ArchiveLimits limits(Duration downloadTime) {
        return new ArchiveLimits(1 << 20, 100, 50, 64 << 10, downloadTime);
    }

    private DirectoryModelStore models(UrlPolicy policy, HttpDownload.Resolver resolver, ArchiveLimits limits) {
        return new DirectoryModelStore(
                store,
                directory.resolve("work"),
                policy,
                limits,
                resolver,
                () -> (SSLSocketFactory) SSLSocketFactory.getDefault(),
                Clock.systemUTC());
    }

    private ArchiveException refusal(String location) {
        return refusal(models, location);
    }

    private static ArchiveException refusal(DirectoryModelStore models, String location) {
        ArchiveException refused = catchThrowableOfType(ArchiveException.class, () -> models.open(location));
        assertThat(refused).as("the refusal of %s", location).isNotNull();
        return refused;
    }

    /** What becomes of a server that sends these bytes and closes. */
    private ArchiveException refusalOf(String answer) throws IOException {
        try (ServerSocket raw = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            threads.execute(() -> {
                try (Socket socket = raw.accept()) {
                    InputStream in = socket.getInputStream();
                    in.read(new byte[4096]);
                    socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
                } catch (IOException e) {
                    // The other side may hang up first.
                }
            });
            return refusal("http://127.0.0.1:" + raw.getLocalPort() + "/noop.mar");
        }
    }

    private void serve(String path, byte[] body) {
        server.createContext(path, exchange -> {
            requests.incrementAndGet();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
    }

    private void forever(HttpExchange exchange, byte[] piece, long pause) {
        try (OutputStream out = exchange.getResponseBody()) {
            while (!end.await(pause, TimeUnit.MILLISECONDS)) {
                out.write(piece);
                out.flush();
            }
        } catch (IOException | InterruptedException e) {
            // The client hung up, as it should.
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private byte[] noop() throws IOException {
        Path file = Files.createTempFile(directory, "noop", ".mar");
        return Files.readAllBytes(Zips.noop().write(file));
    }
}
