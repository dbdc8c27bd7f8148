package dev.holdfast.host.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.TlsConfig;
import dev.holdfast.testsupport.ServerCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateParsingException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveKeysTest {

    private static ServerCertificate one;
    private static ServerCertificate other;

    @TempDir
    static Path shared;

    @TempDir
    private Path directory;

    private Path certificate;
    private Path key;

    @BeforeAll
    static void makeCertificates() throws Exception {
        one = ServerCertificate.make(Files.createDirectory(shared.resolve("one")), "one.example");
        other = ServerCertificate.make(Files.createDirectory(shared.resolve("other")), "other.example");
    }

    @BeforeEach
    void copyFiles() throws IOException {
        certificate = directory.resolve("server.crt");
        key = directory.resolve("server.key");
        replace(certificate, one.certificate());
        replace(key, one.key());
    }

    private static void replace(Path file, Path with) throws IOException {
        Files.deleteIfExists(file);
        Files.copy(with, file, StandardCopyOption.COPY_ATTRIBUTES);
    }

    private static TlsConfig pem(Path certificate, Path key) {
        return new TlsConfig(
                Optional.empty(), "", "PKCS12", Optional.of(certificate), Optional.of(key), Optional.empty());
    }

    private static TlsConfig keystore(Path file, String password, String type) {
        return new TlsConfig(Optional.of(file), password, type, Optional.empty(), Optional.empty(), Optional.empty());
    }

    private LiveKeys open(TlsConfig config) {
        return LiveKeys.open(config, directory.resolve("logs"), List.of("models.example"), Clock.systemUTC());
    }

    @Test
    void filesInPemAndAKeystoreGiveTheSameKeys() throws IOException {
        String fingerprint = open(pem(certificate, key)).now().fingerprint();

        assertThat(open(keystore(one.keystore(), ServerCertificate.PASSWORD, "PKCS12"))
                        .now()
                        .fingerprint())
                .isEqualTo(fingerprint)
                .isNotEqualTo(open(pem(other.certificate(), other.key())).now().fingerprint());
        Path together = Files.writeString(
                directory.resolve("together.pem"),
                "Bag Attributes: x\n" + Files.readString(key) + Files.readString(certificate));
        Files.setPosixFilePermissions(together, PosixFilePermissions.fromString("rw-------"));
        assertThat(open(pem(together, together)).now().fingerprint()).isEqualTo(fingerprint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "BEGIN PRIVATE KEY  | BEGIN RSA PRIVATE KEY       | in another form than PKCS #8",
                "BEGIN PRIVATE KEY  | BEGIN ENCRYPTED PRIVATE KEY | a password locks",
                "BEGIN PRIVATE KEY  | BEGIN CERTIFICATE REQUEST   | has no private key, but CERTIFICATE REQUEST",
                "BEGIN              | START                       | is not in PEM",
                "M                  | N                           | damaged key",
            })
    void aKeyThatCannotBeReadIsNamedWithTheReason(String text, String with, String said) throws IOException {
        String changed = Files.readString(key)
                .replaceFirst(text, with)
                .replaceFirst(text.replace("BEGIN", "END"), with.replace("BEGIN", "END"));
        Files.writeString(key, changed);

        assertThatThrownBy(() -> open(pem(certificate, key)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("private_key_file " + key)
                .hasMessageContaining(said);
    }

    @Test
    void filesThatDoNotFitAreNamedWithTheReason() throws IOException {
        refused(pem(certificate, other.key()), "private_key_file", "not the one of the certificate of CN=one.example");
        refused(pem(directory.resolve("none.pem"), key), "certificate_file", "is not there");
        refused(pem(key, key), "certificate_file", "has no certificate, but PRIVATE KEY");
        refused(pem(directory, key), "certificate_file", "");
        refused(keystore(one.keystore(), "wrong", "PKCS12"), "keystore", "is not opened by keystore_pass");
        refused(keystore(one.keystore(), "changeit", "PKCS99"), "keystore", "set PKCS12 or JKS");
        refused(keystore(key, "changeit", "PKCS12"), "keystore", "is no keystore of the type PKCS12");
        refused(keystore(directory.resolve("none.p12"), "changeit", "PKCS12"), "keystore", "is not there");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        refused(pem(certificate, key), "private_key_file", "can be read by everyone");
    }

    private void refused(TlsConfig config, String name, String said) {
        assertThatThrownBy(() -> open(config))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(name + " ")
                .hasMessageContaining(said);
    }

    @Test
    void aRenewedCertificateIsUsedAndABadPairLeavesTheOldOne() throws IOException {
        LiveKeys keys = open(pem(certificate, key));
        List<String> told = new ArrayList<>();
        keys.onChange(renewed -> told.add(renewed.fingerprint()));
        String before = keys.now().fingerprint();

        keys.look();
        replace(certificate, other.certificate());
        keys.look();

        assertThat(keys.now().fingerprint()).isEqualTo(before);
        assertThat(told).isEmpty();

        replace(key, other.key());
        keys.look();

        assertThat(keys.now().fingerprint()).isNotEqualTo(before);
        assertThat(told).containsExactly(keys.now().fingerprint());
        assertThat(directory.resolve("logs/tls/certificate.sha256")).content().isEqualTo(told.get(0) + "\n");
    }

    @Test
    void aFileThatIsGoneLeavesTheOldOneAndComesBack() throws IOException {
        LiveKeys keys = open(pem(certificate, key));
        String before = keys.now().fingerprint();
        Files.delete(key);

        keys.look();
        keys.look();
        assertThat(keys.now().fingerprint()).isEqualTo(before);

        replace(key, one.key());
        Files.setLastModifiedTime(key, FileTime.from(Instant.now().plusSeconds(5)));
        keys.look();
        assertThat(keys.now().fingerprint()).isEqualTo(before);
    }

    @Test
    void aCertificateThatIsMadeHereIsPrivateAndStaysUntilItIsAboutToRunOut() throws IOException {
        TlsConfig nothing = new TlsConfig(
                Optional.empty(), "changeit", "PKCS12", Optional.empty(), Optional.empty(), Optional.empty());
        LiveKeys first = open(nothing);
        Path made = directory.resolve("logs/tls/self-signed.p12");

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rw-------");
        assertThat(names(first)).contains("localhost", "127.0.0.1", "models.example");
        assertThat(open(nothing).now().fingerprint()).isEqualTo(first.now().fingerprint());
        Clock later = Clock.fixed(Instant.now().plus(Duration.ofDays(380)), ZoneOffset.UTC);
        assertThat(LiveKeys.open(nothing, directory.resolve("logs"), List.of(), later)
                        .now()
                        .fingerprint())
                .isNotEqualTo(first.now().fingerprint());
    }

    private static List<String> names(LiveKeys keys) {
        try {
            return keys.now().certificate().getSubjectAlternativeNames().stream()
                    .map(name -> String.valueOf(name.get(1)))
                    .toList();
        } catch (CertificateParsingException e) {
            throw new IllegalStateException(e);
        }
    }
}
