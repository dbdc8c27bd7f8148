package dev.holdfast.host.grpc;

import dev.holdfast.host.tls.LiveKeys;
import dev.holdfast.host.tls.ServerKeys;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** TLS 1.2 and 1.3 with the keys that are in use; connections from before a change go on with the keys that they began with. */
final class TlsOfCalls {

    private static final Logger log = LoggerFactory.getLogger(TlsOfCalls.class);

    private final AdvancedTlsX509KeyManager own = new AdvancedTlsX509KeyManager();
    private final AdvancedTlsX509TrustManager callers;

    private TlsOfCalls() throws GeneralSecurityException {
        // A caller is no host: its certificate has no name to compare.
        this.callers = AdvancedTlsX509TrustManager.newBuilder()
                .setVerification(Verification.CERTIFICATE_ONLY_VERIFICATION)
                .build();
    }

    static SslContext context(LiveKeys keys) throws IOException {
        try {
            TlsOfCalls tls = new TlsOfCalls();
            ServerKeys now = keys.now();
            tls.use(now);
            keys.onChange(renewed -> {
                try {
                    tls.use(renewed);
                } catch (IOException | GeneralSecurityException e) {
                    log.error("The certificate that was renewed cannot be used by gRPC: {}", e.toString(), e);
                }
            });
            SslContextBuilder builder = SslContextBuilder.forServer(tls.own)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .clientAuth(now.callers().isPresent() ? ClientAuth.REQUIRE : ClientAuth.NONE);
            if (now.callers().isPresent()) {
                builder.trustManager(tls.callers);
            }
            return GrpcSslContexts.configure(builder, SslProvider.JDK).build();
        } catch (GeneralSecurityException e) {
            throw new IOException("TLS cannot be used for gRPC: " + e, e);
        }
    }

    private void use(ServerKeys keys) throws IOException, GeneralSecurityException {
        KeyStore store = keys.keyStore();
        String entry = store.aliases().nextElement();
        own.updateIdentityCredentials(certificates(List.of(store.getCertificateChain(entry))), (PrivateKey)
                store.getKey(entry, keys.password().toCharArray()));
        if (keys.callers().isPresent()) {
            KeyStore authorities = keys.callers().get();
            List<Certificate> all = new ArrayList<>();
            for (String authority : Collections.list(authorities.aliases())) {
                all.add(authorities.getCertificate(authority));
            }
            callers.updateTrustCredentials(certificates(all));
        }
    }

    private static X509Certificate[] certificates(List<Certificate> all) {
        return all.stream().map(X509Certificate.class::cast).toArray(X509Certificate[]::new);
    }
}
