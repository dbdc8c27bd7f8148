package dev.holdfast.host.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the certificate and the private key of addresses with TLS are, and who may call them.
 *
 * @param keystore the file with both; empty where they are in PEM, or nothing is set
 * @param keystorePass opens the file, and the key in it
 * @param keystoreType such as {@code PKCS12}
 * @param certificateFile in PEM, the host's own certificate first, then those that lead to an authority
 * @param privateKeyFile in PEM, PKCS #8; present if, and only if, {@code certificateFile} is
 * @param clientCaFile the authorities, in PEM, that callers' certificates must come from; empty if callers need none
 */
public record TlsConfig(
        Optional<Path> keystore,
        String keystorePass,
        String keystoreType,
        Optional<Path> certificateFile,
        Optional<Path> privateKeyFile,
        Optional<Path> clientCaFile) {

    /** Whether the operator set a certificate. */
    public boolean hasCertificate() {
        return keystore.isPresent() || certificateFile.isPresent();
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "TlsConfig[keystore=" + keystore + ", certificateFile=" + certificateFile + ", clientCaFile="
                + clientCaFile + "]";
    }
}
