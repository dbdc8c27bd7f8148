package dev.holdfast.host.tls;

import dev.holdfast.host.text.OneLine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file in PEM (RFC 7468): blocks of base64 between lines that say what they hold. What stands between the blocks is passed
 * over, as openssl writes explanations there.
 */
record PemFile(Path file, List<Block> blocks) {

    private static final Logger log = LoggerFactory.getLogger(PemFile.class);
    private static final int LONGEST = 1 << 20;
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s:,.-]*?)-----END \\1-----");

    /** Those of private keys that the JDK reads. */
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private static final String AS_PKCS8 = "; write it anew with openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW";

    /** @param content not changed after it was read */
    @SuppressWarnings("ArrayRecordComponent") // Of this room alone.
    record Block(String label, byte[] content) {}

    /** @throws KeyFileException if it cannot be read, or is no such file */
    static PemFile read(String key, Path file) throws KeyFileException {
        String text;
        try {
            if (Files.size(file) > LONGEST) {
                throw new KeyFileException(
                        key, file, "is larger than " + LONGEST + " bytes, and so is no certificate or key");
            }
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw KeyFileException.unreadable(key, file, e);
        }
        List<Block> blocks = new ArrayList<>();
        Matcher found = BLOCK.matcher(text);
        while (found.find()) {
            try {
                blocks.add(new Block(found.group(1), Base64.getMimeDecoder().decode(found.group(2))));
            } catch (IllegalArgumentException e) {
                throw new KeyFileException(key, file, "has a damaged block " + found.group(1));
            }
        }
        if (blocks.isEmpty()) {
            throw new KeyFileException(key, file, "is not in PEM: it has no line -----BEGIN …----- with its end");
        }
        return new PemFile(file, blocks);
    }

    /** All certificates, in their order. */
    List<X509Certificate> certificates(String key) throws KeyFileException {
        List<X509Certificate> all = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Block block : blocks) {
                if (block.label().endsWith("CERTIFICATE")) {
                    all.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.content())));
                }
            }
        } catch (CertificateException e) {
            throw new KeyFileException(key, file, "has a damaged certificate: " + OneLine.of(e));
        }
        if (all.isEmpty()) {
            throw new KeyFileException(key, file, "has no certificate, but " + labels());
        }
        return all;
    }

    /** The private key. */
    PrivateKey privateKey(String key) throws KeyFileException {
        for (Block block : blocks) {
            if (block.label().equals("PRIVATE KEY")) {
                return decoded(key, new PKCS8EncodedKeySpec(block.content()));
            }
        }
        String labels = labels();
        if (labels.contains("ENCRYPTED")) {
            throw new KeyFileException(key, file, "has a key that a password locks" + AS_PKCS8);
        }
        if (labels.contains("PRIVATE KEY")) {
            throw new KeyFileException(key, file, "has a key in another form than PKCS #8, " + labels + AS_PKCS8);
        }
        throw new KeyFileException(key, file, "has no private key, but " + labels);
    }

    private PrivateKey decoded(String key, PKCS8EncodedKeySpec encoded) throws KeyFileException {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (InvalidKeySpecException e) {
                // It is of another algorithm, or of none, which is said below.
                log.trace("{} is no key of {}", file, algorithm, e);
            } catch (GeneralSecurityException e) {
                throw new KeyFileException(key, file, "has a key that cannot be read here: " + OneLine.of(e));
            }
        }
        throw new KeyFileException(key, file, "has a damaged key, or one of none of the kinds " + ALGORITHMS);
    }

    private String labels() {
        return String.join(", ", blocks.stream().map(Block::label).distinct().toList());
    }
}
