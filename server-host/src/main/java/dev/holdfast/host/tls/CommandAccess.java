package dev.holdfast.host.tls;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * How the commands of this machine's user call a host with TLS: they know it by the digest of its certificate, whoever signed
 * that, and where callers need a certificate they have one of their own.
 *
 * <pre>
 *   tls/certificate.sha256   the digest of the certificate that the host uses
 *   tls/command.p12          a certificate that the host lets in; only where client_ca_file is set
 *   tls/self-signed.p12      the host's own; only where no certificate is set
 * </pre>
 *
 * <p>Both lie in the log location, readable for the host's user alone.
 */
public final class CommandAccess {

    private static final String DIGEST = "certificate.sha256";
    private static final String COMMAND = "command.p12";

    private final Path directory;

    CommandAccess(Path logLocation) {
        this.directory = directory(logLocation);
    }

    static Path directory(Path logLocation) {
        return logLocation.resolve("tls");
    }

    /** Makes the certificate of the commands, unless it is there. */
    X509Certificate makeCertificate(Clock clock) {
        return SelfSigned.keys(directory.resolve(COMMAND), List.of(), clock).certificate();
    }

    /** Tells commands which certificate is in use. */
    void tell(ServerKeys keys) throws IOException {
        Path file = directory.resolve(DIGEST);
        OwnFiles.createParent(file);
        OwnFiles.write(file, keys.fingerprint() + "\n");
    }

    /**
     * What calls the host of a log location.
     *
     * @throws IOException if what it left there cannot be read
     */
    public static SSLContext context(Path logLocation) throws IOException {
        Path directory = directory(logLocation);
        Path command = directory.resolve(COMMAND);
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    Files.exists(command) ? keyManagers(command) : null,
                    new TrustManager[] {new OneCertificate(directory.resolve(DIGEST))},
                    null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("TLS cannot be used here: " + e, e);
        }
    }

    private static KeyManager[] keyManagers(Path command) throws IOException, GeneralSecurityException {
        ServerKeys keys;
        try {
            keys = new KeyFiles(SelfSigned.config(command, Optional.empty()), Optional.empty()).read();
        } catch (KeyFileException e) {
            throw new IOException(e.getMessage(), e);
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys.keyStore(), keys.password().toCharArray());
        return factory.getKeyManagers();
    }

    /** Trusts the very certificate that the host says it uses, read at each connection: it may have been renewed. */
    private static final class OneCertificate extends X509ExtendedTrustManager {

        private final Path digest;

        OneCertificate(Path digest) {
            this.digest = digest;
        }

        private void require(X509Certificate[] chain) throws CertificateException {
            String wanted;
            try {
                wanted = Files.readString(digest).strip();
            } catch (IOException e) {
                throw new CertificateException(digest + ", by which the host is known, cannot be read: " + e, e);
            }
            String shown = ServerKeys.fingerprint(chain[0]);
            if (!shown.equals(wanted)) {
                throw new CertificateException(
                        "The certificate with the SHA-256 " + shown + " is not the one of " + digest);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            require(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            require(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            require(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("commands have no callers");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
