package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.tls.CommandAccess;
import dev.holdfast.testsupport.ServerCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Listeners with TLS, and callers that trust their certificate. */
class TlsTest {

    private static final String PING = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private static ServerCertificate one;
    private static ServerCertificate other;

    @TempDir
    static Path shared;

    @TempDir
    private Path directory;

    @BeforeAll
    static void makeCertificates() throws Exception {
        one = ServerCertificate.make(Files.createDirectory(shared.resolve("one")), "localhost");
        other = ServerCertificate.make(Files.createDirectory(shared.resolve("other")), "localhost");
    }

    private HostUnderTest host(String... more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "inference_address",
                "https://127.0.0.1:0",
                "management_address",
                "https://127.0.0.1:0",
                "certificate_file",
                one.certificate().toString(),
                "private_key_file",
                one.key().toString()));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return new HostUnderTest(directory, settings).with("sum.mar");
    }

    /** What trusts some certificates, and shows its own where it has one. */
    private static SSLContext caller(ServerCertificate own, Path... trusted) throws Exception {
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        for (Path file : trusted) {
            try (InputStream in = Files.newInputStream(file)) {
                trust.setCertificateEntry(
                        file.toString(), CertificateFactory.getInstance("X.509").generateCertificate(in));
            }
        }
        TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
        trustManagers.init(trust);
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
        KeyStore keys = KeyStore.getInstance("PKCS12");
        char[] password = ServerCertificate.PASSWORD.toCharArray();
        if (own == null) {
            keys.load(null, null);
        } else {
            try (InputStream in = Files.newInputStream(own.keystore())) {
                keys.load(in, password);
            }
        }
        keyManagers.init(keys, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }

    private static SSLSocket open(SSLContext context, ListenAddress address) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(address.host(), address.port());
        socket.setSoTimeout(60_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }

    private static String upTo(Socket socket, String end) throws IOException {
        StringBuilder read = new StringBuilder();
        byte[] buffer = new byte[8192];
        while (read.indexOf(end) < 0) {
            int count = socket.getInputStream().read(buffer);
            assertThat(count).as(read.toString()).isPositive();
            read.append(new String(buffer, 0, count, StandardCharsets.US_ASCII));
        }
        return read.toString();
    }

    private static String prediction(String model) {
        return "POST /predictions/" + model + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n[1,2,3]";
    }

    @Test
    void aClientThatTrustsTheCertificateIsServedByItsName() throws Exception {
        try (HostUnderTest host = host()) {
            HttpClient client = HttpClient.newBuilder()
                    .sslContext(caller(null, one.certificate()))
                    .build();
            URI uri = URI.create("https://localhost:" + host.apis.inference().port() + "/predictions/sum");

            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(uri)
                            .POST(HttpRequest.BodyPublishers.ofString("[1,2,3]"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());

            assertThat(answer.body()).isEqualTo("[6.0]");
            HttpClient stranger =
                    HttpClient.newBuilder().sslContext(caller(null)).build();
            assertThatThrownBy(() ->
                            stranger.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString()))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void olderVersionsOfTlsAndPlainTextAreNotAnswered() throws Exception {
        try (HostUnderTest host = host();
                SSLSocket old = open(caller(null, one.certificate()), host.apis.inference());
                SSLSocket two = open(caller(null, one.certificate()), host.apis.inference());
                Socket plain = new Socket("127.0.0.1", host.apis.inference().port())) {
            two.setEnabledProtocols(new String[] {"TLSv1.2"});
            two.startHandshake();
            assertThat(two.getSession().getProtocol()).isEqualTo("TLSv1.2");

            old.setEnabledProtocols(new String[] {"TLSv1.1"});
            assertThatThrownBy(old::startHandshake).isInstanceOf(IOException.class);

            plain.setSoTimeout(60_000);
            send(plain, PING);
            assertThat(new String(plain.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .doesNotContain("HTTP/1.1 200", "Healthy");
        }
    }

    @Test
    void whoNeverAgreesOnTlsIsCutOffAndWhoOnlyWaitsAfterwardsIsNot() throws Exception {
        try (HostUnderTest host = host("request_head_timeout", "1");
                Socket silent = new Socket("127.0.0.1", host.apis.inference().port());
                SSLSocket ready = open(caller(null, one.certificate()), host.apis.inference())) {
            ready.startHandshake();
            silent.setSoTimeout(60_000);
            silent.getOutputStream().write(new byte[] {22, 3, 1});

            assertThatThrownBy(() -> {
                        if (silent.getInputStream().read() < 0) {
                            throw new IOException("closed");
                        }
                    })
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(SocketTimeoutException.class);
            send(ready, PING);
            assertThat(upTo(ready, "Healthy")).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void connectionsOfTlsAreCountedOnce() throws Exception {
        try (HostUnderTest host = host("max_connections", "2")) {
            SSLContext context = caller(null, one.certificate());
            try (SSLSocket first = open(context, host.apis.inference());
                    SSLSocket second = open(context, host.apis.inference())) {
                first.startHandshake();
                second.startHandshake();
                send(second, PING);
                assertThat(upTo(second, "Healthy")).startsWith("HTTP/1.1 200");
                assertThatThrownBy(() -> {
                            try (SSLSocket third = open(context, host.apis.inference())) {
                                third.startHandshake();
                                send(third, PING);
                                upTo(third, "Healthy");
                            }
                        })
                        .isInstanceOfAny(IOException.class, AssertionError.class);
            }
        }
    }

    @Test
    void aCallerThatHasGoneIsNoticedAndOneThatSendsMoreIsNotLost() throws Exception {
        try (HostUnderTest host = host().with("slow.mar");
                SSLSocket gone = open(caller(null, one.certificate()), host.apis.inference());
                SSLSocket stays = open(caller(null, one.certificate()), host.apis.inference())) {
            send(stays, prediction("slow"));
            host.models.slowBegan.await();
            send(gone, prediction("slow"));
            await().until(() -> waiting(host) == 1);
            send(stays, prediction("sum").replace("[1,2,3]", "[4,5,6]"));

            gone.close();

            await().atMost(Duration.ofSeconds(60)).until(() -> waiting(host) == 0);
            host.models.slow.countDown();
            assertThat(upTo(stays, "[15.0]")).containsSubsequence("HTTP/1.1 200", "[6.0]", "HTTP/1.1 200", "[15.0]");
        }
    }

    private static int waiting(HostUnderTest host) {
        return host.serving.describeAll("slow").stream()
                .mapToInt(VersionStatus::pendingRequests)
                .sum();
    }

    @Test
    void callersMustShowACertificateWhereAuthoritiesAreSet() throws Exception {
        try (HostUnderTest host = host("client_ca_file", other.certificate().toString())) {
            try (SSLSocket known = open(caller(other, one.certificate()), host.apis.inference())) {
                send(known, PING);
                assertThat(upTo(known, "Healthy")).startsWith("HTTP/1.1 200");
            }
            try (SSLSocket nobody = open(caller(null, one.certificate()), host.apis.inference())) {
                assertThatThrownBy(() -> {
                            send(nobody, PING);
                            upTo(nobody, "Healthy");
                        })
                        .isInstanceOf(IOException.class);
            }
            try (SSLSocket stranger = open(caller(one, one.certificate()), host.apis.inference())) {
                assertThatThrownBy(() -> {
                            send(stranger, PING);
                            upTo(stranger, "Healthy");
                        })
                        .isInstanceOf(IOException.class);
            }
            try (SSLSocket command = open(CommandAccess.context(directory), host.apis.management())) {
                send(command, "GET /models HTTP/1.1\r\nHost: localhost\r\n\r\n");
                assertThat(upTo(command, "sum.mar")).startsWith("HTTP/1.1 200");
            }
        }
    }

    @Test
    void aRenewedCertificateIsShownToNewConnectionsAndOldOnesGoOn() throws Exception {
        Path certificate = Files.copy(one.certificate(), directory.resolve("c.pem"));
        Path key = Files.copy(one.key(), directory.resolve("k.pem"), StandardCopyOption.COPY_ATTRIBUTES);
        SSLContext context = caller(null, one.certificate(), other.certificate());
        try (HostUnderTest host = host("certificate_file", certificate.toString(), "private_key_file", key.toString());
                SSLSocket before = open(context, host.apis.inference())) {
            send(before, PING);
            upTo(before, "Healthy");

            Files.copy(other.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
            Files.copy(other.key(), key, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
            host.apis.keys().orElseThrow().look();

            try (SSLSocket after = open(context, host.apis.inference())) {
                after.startHandshake();
                assertThat(shown(after)).isNotEqualTo(shown(before));
            }
            send(before, PING);
            assertThat(upTo(before, "Healthy")).startsWith("HTTP/1.1 200");
            try (SSLSocket command = open(CommandAccess.context(directory), host.apis.management())) {
                command.startHandshake();
            }
        }
    }

    private static Certificate shown(SSLSocket socket) throws SSLException {
        return socket.getSession().getPeerCertificates()[0];
    }
}
