package dev.holdfast.host.tls;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.TlsConfig;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Makes certificates that are signed by themselves, with the JDK's keytool: the JDK has no interface for that. One is kept from
 * start to start, so that its fingerprint stays, until it has less than {@link #LEAST_DAYS} days to go.
 */
final class SelfSigned {

    private static final int DAYS = 397;
    private static final int LEAST_DAYS = 30;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*");

    /** The file's mode protects the key; keytool and key stores want a password all the same. */
    private static final String PASSWORD = "changeit";

    private SelfSigned() {}

    /** What a keystore that was made here is read with. */
    static TlsConfig config(Path keystore, Optional<Path> clientCaFile) {
        return new TlsConfig(
                Optional.of(keystore), PASSWORD, "PKCS12", Optional.empty(), Optional.empty(), clientCaFile);
    }

    /**
     * The keys of a keystore, which is made where it is missing, unreadable or about to run out.
     *
     * @param names the names and addresses that callers use for the host
     * @throws ConfigException if it cannot be made
     */
    static ServerKeys keys(Path keystore, Collection<String> names, Clock clock) {
        KeyFiles files = new KeyFiles(config(keystore, Optional.empty()), Optional.empty());
        try {
            ServerKeys kept = files.read();
            if (kept.notAfter().minus(Duration.ofDays(LEAST_DAYS)).isAfter(clock.instant())) {
                return kept;
            }
        } catch (KeyFileException e) {
            // The first start with TLS has none; and one that cannot be read is of no use to anybody.
        }
        try {
            make(keystore, names);
            return files.read();
        } catch (IOException | KeyFileException e) {
            throw new ConfigException(
                    "A self-signed certificate could not be made: " + OneLine.of(e)
                            + "; set certificate_file and private_key_file, or keystore",
                    e);
        }
    }

    private static void make(Path keystore, Collection<String> names) throws IOException {
        OwnFiles.createParent(keystore);
        Path made = keystore.resolveSibling(keystore.getFileName() + ".new");
        Files.deleteIfExists(made);
        List<String> alternatives = new ArrayList<>(List.of("dns:localhost", "ip:127.0.0.1", "ip:::1"));
        names.stream()
                .map(name -> (ADDRESS.matcher(name).matches() ? "ip:" : "dns:") + name)
                .filter(name -> !alternatives.contains(name) && !name.contains(","))
                .forEach(alternatives::add);
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "host",
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-validity",
                        Integer.toString(DAYS),
                        "-dname",
                        "CN=Holdfast",
                        "-ext",
                        "san=" + String.join(",", alternatives),
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        made.toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .start();
        keytool.getOutputStream().close();
        String said = new String(keytool.getInputStream().readNBytes(4096), StandardCharsets.UTF_8);
        try {
            if (!keytool.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || keytool.exitValue() != 0) {
                keytool.destroyForcibly();
                throw new IOException("keytool failed: " + OneLine.of(said));
            }
        } catch (InterruptedException e) {
            keytool.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        OwnFiles.makePrivate(made);
        Files.move(made, keystore, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
