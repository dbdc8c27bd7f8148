package dev.holdfast.host.tls;

import dev.holdfast.host.common.Sha256;
import java.security.KeyStore;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Optional;

/**
 * What a listener with TLS needs, as it was read at one moment. Safe for several threads.
 *
 * @param keyStore has the certificate and its key as its only entry
 * @param password opens that entry; it protects nothing, for the key store lies in memory alone
 * @param certificate the host's own
 * @param callers the certificates that callers' must come from; empty if callers need none
 */
public record ServerKeys(KeyStore keyStore, String password, X509Certificate certificate, Optional<KeyStore> callers) {

    /** SHA-256 of the certificate in DER, 64 hexadecimal digits: as {@code openssl x509 -fingerprint} has it, but for colons. */
    public String fingerprint() {
        return fingerprint(certificate);
    }

    static String fingerprint(X509Certificate certificate) {
        try {
            return Sha256.of(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("A certificate that was read cannot be written", e);
        }
    }

    /** Until when the certificate is good. */
    public Instant notAfter() {
        return certificate.getNotAfter().toInstant();
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "certificate of " + certificate.getSubjectX500Principal() + ", SHA-256 " + fingerprint();
    }
}
