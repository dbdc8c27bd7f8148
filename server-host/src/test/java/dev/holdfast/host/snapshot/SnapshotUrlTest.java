package dev.holdfast.host.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.config.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotUrlTest {

    private static final Set<String> HERE = Set.of("fs", "jdbc");

    private static SnapshotUrl parse(String value) {
        return SnapshotUrl.parse(value, HERE, "").orElseThrow();
    }

    @Test
    void whatStandsBeforeTheNumberSignIsTheUrlAndWhatStandsBehindItAreKeys() {
        SnapshotUrl url = parse("jdbc:postgresql://db.example.org:5432/models?sslmode=require"
                + "#table=veles&name=20261121093000123-save.cfg&group=blue&password-file=/run/secret");

        assertThat(url.serializer()).isEqualTo("jdbc");
        assertThat(url.keys())
                .isEqualTo(Map.of(
                        "url",
                        "jdbc:postgresql://db.example.org:5432/models?sslmode=require",
                        "table",
                        "veles",
                        "password-file",
                        "/run/secret"));
        assertThat(url.name()).isEqualTo("20261121093000123-save.cfg");
        assertThat(url.group()).contains("blue");
        assertThat(url).hasToString("jdbc:postgresql://db.example.org:5432/models?***#name=20261121093000123-save.cfg");
    }

    @Test
    void withoutAUrlTheOperatorsOwnHolds() {
        SnapshotUrl url = parse("JDBC:#name=latest");

        assertThat(url.serializer()).isEqualTo("jdbc");
        assertThat(url.keys()).isEmpty();
        assertThat(url.group()).isEmpty();
        assertThat(url.name()).isEqualTo(SnapshotUrl.LATEST);
    }

    @Test
    void valuesArePercentEncodedAndAPlusIsAPlus() {
        SnapshotUrl url = parse("fs:#directory=/a%20b+c/%26d=e%23&name=x");

        assertThat(url.keys()).isEqualTo(Map.of("directory", "/a b+c/&d=e#"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "latest",
                "20261121093000123-save.cfg",
                "logs/config/x.cfg",
                "C:\\snapshots\\x.cfg",
                "C:/snapshots/x#1.cfg",
                "before:upgrade",
                "./fs:#name=x",
                "/fs:#name=x",
                "#name=x",
                ":#name=x",
                "fs",
            })
    void namesAndPathsAreNoUrls(String value) {
        assertThat(SnapshotUrl.parse(value, HERE, "")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "jdbc:postgresql://h/d | it names no snapshot; write #name=NAME behind it, or #name=latest for the last",
                "jdbc:postgresql://h/d#table=x | it names no snapshot",
                "fs:#name= | it names no snapshot",
                "s3://bucket/x | there is no serializer s3 here, there are: fs, jdbc; install its plugin",
                "s3:bucket#name=x | there is no serializer s3 here",
                "fs:#name=x&directory | behind the # must stand KEY=VALUE&KEY=VALUE, and a key must match",
                "fs:#name=x&Directory=y | unlike 'Directory'",
                "fs:#name=x&name=y | the key name stands there twice",
                "fs:#name=x&directory=%zz | the value of directory has a % without two hexadecimal digits",
                "jdbc:sqlite:/a#url=jdbc:sqlite:/b&name=x | the key url stands behind the #"
            })
    void whatIsWrongIsSaidWithItsCure(String value, String message) {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> parse(value))
                .withMessageStartingWith("--snapshot ")
                .withMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://anna:CANARY@db/models#name=x",
                "jdbc:postgresql://db/models?user=anna&password=CANARY#name=x",
                "jdbc:h2:mem:x;PASSWORD=CANARY#name=x",
                "jdbc:sqlserver://db;databaseName=m;accessTokenSecret=CANARY#name=x",
                "jdbc:postgresql://db/models#name=x&password=CANARY",
                "jdbc:postgresql://anna:CANARY@db/models",
                "s3://anna:CANARY@bucket/models",
                "mongo:mongodb://anna:CANARY/x@bucket/models#name=x",
                "jdbc:postgresql://an/na:CANARY@db/models",
            })
    void aSecretIsRefusedAndNeverShown(String value) {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> parse(value))
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("CANARY"));
    }

    @Test
    void theCureForASecretNamesTheVariableAndTheFile() {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> parse("jdbc:postgresql://anna:CANARY@db/models#name=x"))
                .withMessage("--snapshot jdbc:postgresql://***@db/models: it has a secret in it, and every user of the"
                        + " machine sees a command line; leave it out, and set HOLDFAST_SNAPSHOT_JDBC_PASSWORD in the"
                        + " environment, or snapshot.jdbc.password-file to a file that holds it");
    }

    @Test
    void aSerializersMessageShowsNoMoreOfTheUrlThanOurs() {
        SnapshotUrl url = parse("jdbc:postgresql://db/models?options=CANARY#name=x");

        ConfigException unreadable =
                url.unreadable(new IllegalStateException("no way to jdbc:postgresql://db/models?options=CANARY today"));

        assertThat(unreadable)
                .hasMessage("--snapshot jdbc:postgresql://db/models?***#name=x cannot be read: no way to"
                        + " jdbc:postgresql://db/models?*** today");
    }

    @Test
    void aFileOfSuchANameIsAFile(@TempDir Path directory) throws Exception {
        Path file = Files.createFile(directory.resolve("s3:x#name=y"));

        assertThat(SnapshotUrl.parse(file.toString(), HERE, "")).isEmpty();
    }

    @Test
    void whereTheSerializerIsNotHereTheRejectedPluginsAreNamed() {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() ->
                        SnapshotUrl.parse("redis://db#name=x", HERE, "; not loaded: plugins/redis.jar: it is broken"))
                .withMessageContaining("there is no serializer redis here, there are: ")
                .withMessageContaining("; not loaded: plugins/redis.jar: it is broken; install its plugin");
    }
}
