package dev.holdfast.host.tls;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.common.UnsafePlaceException;
import dev.holdfast.host.config.TlsConfig;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of {@link TlsConfig}, or the keystore that {@link SelfSigned} made.
 *
 * @param command a certificate that is let in whatever the authorities say; empty for none
 */
record KeyFiles(TlsConfig config, Optional<X509Certificate> command) {

    private static final Logger log = LoggerFactory.getLogger(KeyFiles.class);
    private static final String ENTRY = "host";
    private static final String IN_MEMORY = "in memory alone";

    /** Differs once a file was changed or replaced; a file that is not there is a state too. */
    List<Object> state() {
        List<Object> state = new ArrayList<>();
        Stream.of(config.keystore(), config.certificateFile(), config.privateKeyFile(), config.clientCaFile())
                .flatMap(Optional::stream)
                .forEach(file -> {
                    try {
                        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
                        state.add(List.of(found.lastModifiedTime(), found.size(), String.valueOf(found.fileKey())));
                    } catch (IOException e) {
                        state.add(OneLine.of(e));
                    }
                });
        return state;
    }

    /** @throws KeyFileException if a file cannot be used, or the key is not that of the certificate */
    ServerKeys read() throws KeyFileException {
        try {
            return config.keystore().isPresent()
                    ? fromKeystore(config.keystore().get())
                    : fromPem();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("The JDK cannot hold a certificate: " + e, e);
        }
    }

    private ServerKeys fromPem() throws KeyFileException, GeneralSecurityException, IOException {
        Path certificateFile = config.certificateFile().orElseThrow();
        Path keyFile = config.privateKeyFile().orElseThrow();
        requireSecret("private_key_file", keyFile);
        List<X509Certificate> chain =
                PemFile.read("certificate_file", certificateFile).certificates("certificate_file");
        PrivateKey key = PemFile.read("private_key_file", keyFile).privateKey("private_key_file");
        requirePair("private_key_file", keyFile, key, chain.get(0));
        return keys(key, chain);
    }

    private ServerKeys fromKeystore(Path file) throws KeyFileException, GeneralSecurityException, IOException {
        char[] password = config.keystorePass().toCharArray();
        requireSecret("keystore", file);
        KeyStore store = store(file, password);
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                Key key;
                try {
                    key = store.getKey(alias, password);
                } catch (UnrecoverableKeyException e) {
                    throw new KeyFileException(
                            "keystore",
                            file,
                            "has a key that keystore_pass does not open; the password of the key must be that of the file");
                }
                if (key instanceof PrivateKey mine && store.getCertificateChain(alias) != null) {
                    List<X509Certificate> chain = new ArrayList<>();
                    for (Certificate one : store.getCertificateChain(alias)) {
                        chain.add((X509Certificate) one);
                    }
                    requirePair("keystore", file, mine, chain.get(0));
                    return keys(mine, chain);
                }
            }
        }
        throw new KeyFileException("keystore", file, "has no private key with a certificate");
    }

    private KeyStore store(Path file, char[] password) throws KeyFileException {
        KeyStore store;
        try {
            store = KeyStore.getInstance(config.keystoreType());
        } catch (KeyStoreException e) {
            throw new KeyFileException(
                    "keystore",
                    file,
                    "is of the keystore_type '" + OneLine.name(config.keystoreType())
                            + "', which is none; set PKCS12 or JKS");
        }
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, password);
            return store;
        } catch (IOException e) {
            if (e.getCause() instanceof UnrecoverableKeyException) {
                throw new KeyFileException("keystore", file, "is not opened by keystore_pass");
            }
            if (!Files.isReadable(file)) {
                throw KeyFileException.unreadable("keystore", file, e);
            }
            throw new KeyFileException(
                    "keystore", file, "is no keystore of the type " + config.keystoreType() + ": " + OneLine.of(e));
        } catch (GeneralSecurityException e) {
            throw new KeyFileException("keystore", file, "cannot be read: " + OneLine.of(e));
        }
    }

    private ServerKeys keys(PrivateKey key, List<X509Certificate> chain)
            throws KeyFileException, GeneralSecurityException, IOException {
        KeyStore store = empty();
        store.setKeyEntry(ENTRY, key, IN_MEMORY.toCharArray(), chain.toArray(X509Certificate[]::new));
        return new ServerKeys(store, IN_MEMORY, chain.get(0), callers());
    }

    private Optional<KeyStore> callers() throws KeyFileException, GeneralSecurityException, IOException {
        if (config.clientCaFile().isEmpty()) {
            return Optional.empty();
        }
        KeyStore store = empty();
        int number = 0;
        for (X509Certificate authority :
                PemFile.read("client_ca_file", config.clientCaFile().get()).certificates("client_ca_file")) {
            store.setCertificateEntry("authority" + number++, authority);
        }
        if (command.isPresent()) {
            store.setCertificateEntry("command", command.get());
        }
        return Optional.of(store);
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static void requireSecret(String name, Path file) throws KeyFileException {
        try {
            OwnFiles.requireSecret(file).ifPresent(warning -> log.warn("{} {}", name, warning));
        } catch (UnsafePlaceException e) {
            throw new KeyFileException(name + " " + e.getMessage());
        } catch (IOException e) {
            throw KeyFileException.unreadable(name, file, e);
        }
    }

    /** By a signature, for callers would notice otherwise, each by itself. */
    private static void requirePair(String name, Path file, PrivateKey key, X509Certificate certificate)
            throws KeyFileException {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        boolean pair;
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(new byte[32]);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(new byte[32]);
            pair = signature.verify(signed);
        } catch (GeneralSecurityException e) {
            pair = false;
        }
        if (!pair) {
            throw new KeyFileException(
                    name,
                    file,
                    "has a key that is not the one of the certificate of " + certificate.getSubjectX500Principal());
        }
    }
}
