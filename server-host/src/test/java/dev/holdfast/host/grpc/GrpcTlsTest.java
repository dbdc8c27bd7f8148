package dev.holdfast.host.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Empty;
import dev.holdfast.protocol.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.holdfast.testsupport.ServerCertificate;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** gRPC with TLS, by the keys of HTTP. */
class GrpcTlsTest {

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

    private GrpcUnderTest host(Path certificate, Path key, String... more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "enable_grpc_ssl",
                "true",
                "certificate_file",
                certificate.toString(),
                "private_key_file",
                key.toString()));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return new GrpcUnderTest(directory, settings);
    }

    private static String ping(GrpcUnderTest host, ChannelCredentials credentials) {
        return InferenceAPIsServiceGrpc.newBlockingStub(host.open(Grpc.newChannelBuilder(
                                "localhost:"
                                        + host.apis.inference().orElseThrow().port(),
                                credentials)
                        .build()))
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .ping(Empty.getDefaultInstance())
                .getHealth();
    }

    private static ChannelCredentials trusting(ServerCertificate certificate) throws Exception {
        return TlsChannelCredentials.newBuilder()
                .trustManager(certificate.certificate().toFile())
                .build();
    }

    private static void refused(GrpcUnderTest host, ChannelCredentials credentials) {
        assertThatThrownBy(() -> ping(host, credentials))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    }

    @Test
    void aCallerThatTrustsTheCertificateIsAnsweredAndPlainTextIsNot() throws Exception {
        try (GrpcUnderTest host = host(one.certificate(), one.key())) {
            assertThat(ping(host, trusting(one))).contains("Healthy");
            refused(host, trusting(other));
            refused(host, InsecureChannelCredentials.create());
        }
    }

    @Test
    void whereCallersNeedACertificateOthersAreNotAnswered() throws Exception {
        try (GrpcUnderTest host = host(
                one.certificate(),
                one.key(),
                "client_ca_file",
                other.certificate().toString())) {
            assertThat(ping(host, own(other))).contains("Healthy");
            refused(host, trusting(one));
            refused(host, own(one));
        }
    }

    private static ChannelCredentials own(ServerCertificate certificate) throws Exception {
        return TlsChannelCredentials.newBuilder()
                .trustManager(one.certificate().toFile())
                .keyManager(
                        certificate.certificate().toFile(), certificate.key().toFile())
                .build();
    }

    @Test
    void aRenewedCertificateIsShownWithoutARestart() throws Exception {
        Path certificate = Files.copy(one.certificate(), directory.resolve("certificate.pem"));
        Path key = Files.copy(one.key(), directory.resolve("key.pem"), StandardCopyOption.COPY_ATTRIBUTES);
        try (GrpcUnderTest host = host(certificate, key)) {
            assertThat(ping(host, trusting(one))).contains("Healthy");

            Files.copy(other.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
            Files.copy(other.key(), key, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
            host.http.keys().orElseThrow().look();

            assertThat(ping(host, trusting(other))).contains("Healthy");
            refused(host, trusting(one));
        }
    }
}
