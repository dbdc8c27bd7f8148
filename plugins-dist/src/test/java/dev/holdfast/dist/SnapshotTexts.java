package dev.holdfast.dist;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/** What is in the text of a snapshot, read without any of the host's code. */
final class SnapshotTexts {

    private static final String CHECKSUM = "#sha256=";

    private SnapshotTexts() {}

    /** The models of a text; empty where the text is not what its last line says. */
    static Optional<Set<String>> models(String text) {
        return isSound(text) ? Optional.of(modelsOf(text)) : Optional.empty();
    }

    private static Set<String> modelsOf(String text) {
        try {
            Properties properties = new Properties();
            properties.load(new StringReader(text));
            Set<String> models = new TreeSet<>();
            new ObjectMapper()
                    .readTree(properties.getProperty("model_snapshot"))
                    .required("models")
                    .fieldNames()
                    .forEachRemaining(models::add);
            return models;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isSound(String text) {
        int last = text.lastIndexOf("\n" + CHECKSUM) + 1;
        if (last == 0) {
            return false;
        }
        String digest =
                text.substring(last + CHECKSUM.length()).lines().findFirst().orElse("");
        return digest.equals(sha256(text.substring(0, last)));
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }

    /** The same bytes, some in the middle of them changed. */
    static byte[] damaged(byte[] bytes) {
        byte[] damaged = bytes.clone();
        for (int i = bytes.length / 2; i < Math.min(bytes.length, bytes.length / 2 + 8); i++) {
            damaged[i] ^= 0x04;
        }
        return damaged;
    }
}
