package dev.holdfast.host.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.holdfast.host.archive.ArchiveException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fetching from a server whose certificate is for {@code models.example} and that every name leads to. */
class TlsFetchIT {

    private static final char[] PASSWORD = "password".toCharArray();

    @TempDir
    static Path shared;

    @TempDir
    Path store;

    private static final AtomicInteger REQUESTS = new AtomicInteger();
    private static HttpsServer server;
    private static SSLContext context;

    @BeforeAll
    static void start() throws Exception {
        context = context(keys());
        byte[] noop = Files.readAllBytes(Zips.noop().write(shared.resolve("noop.mar")));
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/noop.mar", exchange -> {
            REQUESTS.incrementAndGet();
            exchange.sendResponseHeaders(200, noop.length);
            exchange.getResponseBody().write(noop);
            exchange.close();
        });
        server.start();
    }

    @AfterAll
    static void stop() {
        server.stop(0);
    }

    @BeforeEach
    void forgetRequests() {
        REQUESTS.set(0);
    }

    @Test
    void aServerThatProvesItsNameIsTrusted() {
        try (DirectoryModelStore models = models(() -> context.getSocketFactory());
                Archive archive = models.open(url("models.example"))) {
            assertThat(archive.manifest().modelName()).isEqualTo("noop");
            assertThat(REQUESTS).hasValue(1);
        }
    }

    @Test
    void aServerWithTheCertificateOfAnotherNameIsNot() {
        try (DirectoryModelStore models = models(() -> context.getSocketFactory())) {
            refuses(models, "other.example");
        }
    }

    @Test
    void aServerWithACertificateThatNobodySignedIsNot() {
        try (DirectoryModelStore models = models(() -> (SSLSocketFactory) SSLSocketFactory.getDefault())) {
            refuses(models, "models.example");
        }
    }

    private void refuses(DirectoryModelStore models, String host) {
        ArchiveException refused = catchThrowableOfType(ArchiveException.class, () -> models.open(url(host)));

        assertThat(refused.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(REQUESTS).hasValue(0);
        assertThat(store).isEmptyDirectory();
    }

    private static String url(String host) {
        return "https://" + host + ":" + server.getAddress().getPort() + "/noop.mar";
    }

    private DirectoryModelStore models(Supplier<SSLSocketFactory> tls) {
        return new DirectoryModelStore(
                store,
                shared.resolve("work"),
                UrlPolicy.of("https://.*", true),
                ArchiveLimits.defaults(),
                host -> new InetAddress[] {InetAddress.getLoopbackAddress()},
                tls,
                Clock.systemUTC());
    }

    /** A key that the JDK's own tool makes, for there is no public way to make a certificate in a program. */
    private static KeyStore keys() throws IOException, InterruptedException, java.security.GeneralSecurityException {
        Path file = shared.resolve("keys.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "models",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=models.example",
                        "-ext",
                        "SAN=dns:models.example",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .redirectOutput(shared.resolve("keytool.log").toFile())
                .start();
        assertThat(keytool.waitFor()).as("the status of keytool").isZero();
        return KeyStore.getInstance(file.toFile(), PASSWORD);
    }

    private static SSLContext context(KeyStore keys) throws java.security.GeneralSecurityException {
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, PASSWORD);
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(keys);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
        return tls;
    }
}
