package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SerializerConfigTest {

    private static final Duration OTHERWISE = Duration.ofSeconds(99);

    private final Path logs = Path.of("logs");

    @TempDir
    private Path directory;

    @Test
    void whatIsNotSetHasAStandard() {
        SerializerConfig config = SerializerConfig.builder("store", logs).build();

        assertThat(config.group()).isEqualTo("default");
        assertThat(config.host()).isEqualTo("localhost");
        assertThat(config.logLocation()).isEqualTo(logs);
        assertThat(config.get("key")).isEmpty();
        assertThat(config).hasToString("the configuration of serializer store for group default");
    }

    @Test
    void theGroupAndTheHostFollowTheirRules() {
        SerializerConfig config = SerializerConfig.builder("store", logs)
                .group("fleet-1")
                .host("h".repeat(255))
                .build();
        assertThat(config.group()).isEqualTo("fleet-1");
        assertThat(config.host()).hasSize(255);

        assertThatIllegalArgumentException()
                .isThrownBy(SerializerConfig.builder("store", logs).group("a/b")::build)
                .withMessage("Group 'a/b' must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}");
        assertThatIllegalArgumentException()
                .isThrownBy(SerializerConfig.builder("store", logs).host("")::build)
                .withMessage("Host '' must match [A-Za-z0-9][A-Za-z0-9._-]{0,254}");
    }

    @Test
    void aLaterChangeOfTheOperatorsMapChangesNothing() {
        Map<String, String> values = new HashMap<>(Map.of("key", "before"));
        SerializerConfig config =
                SerializerConfig.builder("store", logs).values(values).build();

        values.put("key", "after");

        assertThat(config.get("key")).hasValue("before");
    }

    // Strings and keys

    @Test
    void aValueIsStrippedAndABlankOneIsNotSet() {
        SerializerConfig config = config("padded", " x y\t", "blank", " \t ");

        assertThat(config.get("padded")).hasValue("x y");
        assertThat(config.get("blank")).isEmpty();
        assertThat(config.get("blank", "standard")).isEqualTo("standard");
        assertThat(config.get("padded", "standard")).isEqualTo("x y");
        assertThat(config.getInt("blank", 7, 1, 9)).isEqualTo(7);
        assertThat(config.getBoolean("blank", true)).isTrue();
        assertThat(config.getDuration("blank", OTHERWISE)).isEqualTo(OTHERWISE);
    }

    @Test
    void knownKeysPassWhetherTheyAreSetOrNot() {
        config("url", "u").requireKnown("url", "user");
        config().requireKnown();
    }

    @Test
    void anUnknownKeyIsRefusedWithTheKnownOnesInOrder() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("url", "u", "ulr", "v").requireKnown("user", "url", "timeout"))
                .withMessage("snapshot.store.ulr is not a known key; the keys of store are timeout, url, user");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("url", "u").requireKnown())
                .withMessage("snapshot.store.url is not a known key; the keys of store are none");
    }

    @Test
    void ofManyUnknownKeysAlwaysTheSameIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("z", "1", "b", "2", "m", "3").requireKnown("a"))
                .withMessageStartingWith("snapshot.store.b is not");
    }

    // Numbers

    @ParameterizedTest
    @CsvSource({"1, 1", "9, 9", "+5, 5", "' 7 ', 7"})
    void aNumberWithinItsBoundsIsTaken(String value, int number) {
        assertThat(config("key", value).getInt("key", 3, 1, 9)).isEqualTo(number);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "10", "-1", "x", "1.5", "0x1", "99999999999"})
    void anotherNumberIsRefusedWithItsBounds(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("key", value).getInt("key", 3, 1, 9))
                .withMessage("snapshot.store.key '%s' must be a whole number from 1 to 9", value);
    }

    @Test
    void aLongValueIsCutAndKeptOnOneLineInItsMessage() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("key", "line\n" + "x".repeat(500)).getInt("key", 3, 1, 9))
                .withMessage("snapshot.store.key 'line?%s…' must be a whole number from 1 to 9", "x".repeat(75));
    }

    // Switches

    @ParameterizedTest
    @CsvSource({"true, true", "TRUE, true", "false, false", "False, false"})
    void aSwitchIsTrueOrFalse(String value, boolean expected) {
        assertThat(config("key", value).getBoolean("key", !expected)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "1", "on", "truee"})
    void anotherSwitchIsRefused(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("key", value).getBoolean("key", true))
                .withMessage("snapshot.store.key '%s' must be true or false", value);
    }

    // Times

    @ParameterizedTest
    @CsvSource({
        "0, PT0S",
        "30, PT30S",
        "999999999, PT999999999S",
        "30s, PT30S",
        "250ms, PT0.25S",
        "5m, PT5M",
        "2H, PT2H",
        "7d, P7D",
        "999999999d, P999999999D"
    })
    void aTimeHasAUnitOrIsInSeconds(String value, Duration expected) {
        assertThat(config("key", value).getDuration("key", OTHERWISE)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "-5s", "1.5s", "5 m", "m", "10w", "1m30s", "PT5M", "9999999999", "9999999999999ms"})
    void anotherTimeIsRefusedWithExamples(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("key", value).getDuration("key", OTHERWISE))
                .withMessage("snapshot.store.key '%s' must be a time like 30, 30s, 250ms, 5m, 2h or 7d", value);
    }

    // Secrets

    @Test
    void aSecretThatIsNowhereIsEmpty() {
        assertThat(config().secret("password")).isEmpty();
    }

    @Test
    void aSecretComesFromTheEnvironmentAsItStandsThere() {
        SerializerConfig config = SerializerConfig.builder("my-store", logs)
                .environment(Map.of("HOLDFAST_SNAPSHOT_MY__STORE_ACCESS_KEY", " s3cret "))
                .build();

        assertThat(config.secret("access-key")).hasValue(" s3cret ");
    }

    @Test
    void aSecretComesFromAFileWithoutTheNewlineAtItsEnd() throws Exception {
        Path file = password("rw-------");

        assertThat(config("password-file", file.toString()).secret("password")).hasValue("s3cret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "rw-r-----", "r--r--r--", "rw--w----", "rw-rw-rw-", "rwx--x--x"})
    void aFileOfOnesOwnThatOthersMayUseIsNoPlaceForASecret(String mode) throws Exception {
        Path file = password(mode);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("password-file", file.toString()).secret("password"))
                .withMessageStartingWith(
                        "snapshot.store.password-file '%s' must be readable for nobody but its owner, and its mode is %s;"
                                + " chmod 600 %s",
                        file, mode, file);
    }

    @Test
    void aLinkToASecretIsFollowedToTheFilesMode() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), password("r--------"));

        assertThat(config("password-file", link.toString()).secret("password")).hasValue("s3cret");
    }

    @Test
    void aFileOfAnotherUserMayBeReadableForAllAndNotWritable() throws Exception {
        Path file = password("r--r--r--");
        try {
            Files.setAttribute(file, "unix:uid", 65534);
        } catch (IOException e) {
            assumeTrue(false, "only root can give a file to another user: " + e);
        }

        assertThat(config("password-file", file.toString()).secret("password")).hasValue("s3cret");

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("password-file", file.toString()).secret("password"))
                .withMessageEndingWith("must not be written by everyone, and its mode is rw-rw-rw-; chmod o-w " + file);
    }

    private Path password(String mode) throws IOException {
        Path file = Files.writeString(directory.resolve("password"), "s3cret\n");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    @Test
    void theEnvironmentComesBeforeTheFile() {
        SerializerConfig config = SerializerConfig.builder("store", logs)
                .values(Map.of("password-file", directory.resolve("absent").toString()))
                .environment(Map.of("HOLDFAST_SNAPSHOT_STORE_PASSWORD", "from the environment"))
                .build();

        assertThat(config.secret("password")).hasValue("from the environment");
    }

    @Test
    void aFileThatCannotBeReadIsNamed() {
        Path absent = directory.resolve("absent");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("password-file", absent.toString()).secret("password"))
                .withMessageStartingWith("snapshot.store.password-file '%s' cannot be read: ", absent)
                .withCauseInstanceOf(NoSuchFileException.class);
    }

    @Test
    void aSecretInAPropertyIsRefusedWithTheWaysOutAndWithoutTheSecret() {
        SerializerConfig config = SerializerConfig.builder("store", logs)
                .values(Map.of("password", "s3cret"))
                .environment(Map.of("HOLDFAST_SNAPSHOT_STORE_PASSWORD", "other"))
                .build();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> config.secret("password"))
                .withMessage("snapshot.store.password must not stand in a configuration file, which is kept in"
                        + " snapshots; set HOLDFAST_SNAPSHOT_STORE_PASSWORD, or snapshot.store.password-file to a"
                        + " file that holds it");
    }

    @Test
    void noSecretIsShownByToString() {
        SerializerConfig config = SerializerConfig.builder("store", logs)
                .values(Map.of("user", "u-value"))
                .environment(Map.of("HOLDFAST_SNAPSHOT_STORE_PASSWORD", "s3cret"))
                .build();

        assertThat(config.toString()).doesNotContain("s3cret", "u-value");
    }

    // Codecs

    @Test
    void aCodecIsFoundByItsName() {
        Codec gz = new NamedCodec("gz");
        SerializerConfig config = SerializerConfig.builder("store", logs)
                .codecs(List.of(gz, new NamedCodec("none")))
                .build();

        assertThat(config.codec("gz")).isSameAs(gz);
    }

    @Test
    void anUnknownCodecIsRefusedWithThoseThereAre() {
        SerializerConfig config = SerializerConfig.builder("store", logs)
                .codecs(List.of(new NamedCodec("zst"), new NamedCodec("gz"), new NamedCodec("none")))
                .build();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> config.codec("lz4\n"))
                .withMessage("Codec 'lz4?' is not one of gz, none, zst");
    }

    @Test
    void noneAndGzAreAlwaysThere() {
        assertThat(config().codec("none")).isEqualTo(Codec.none());
        assertThat(config().codec("gz")).isEqualTo(Codec.gz());
    }

    @Test
    void aLevelFollowsTheCodecsName() {
        assertThat(config().codec("gz:9")).isEqualTo(Codec.gz().atLevel(9));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config().codec("gz:most"))
                .withMessage("Level 'most' of a codec must be a whole number");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config().codec("gz:12"))
                .withMessage("Codec gz has the levels 1 to 9, not 12");
    }

    private SerializerConfig config(String... keysAndValues) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return SerializerConfig.builder("store", logs).values(values).build();
    }

    private record NamedCodec(String name) implements Codec {

        @Override
        public OutputStream compress(OutputStream sink) {
            return sink;
        }

        @Override
        public InputStream decompress(InputStream source) {
            return source;
        }
    }

    @ParameterizedTest
    @CsvSource({"250ms, PT0.25S", "1, PT1S", "60m, PT1H", "1d, PT24H"})
    void aTimeWithinBoundsIsTaken(String value, Duration expected) {
        assertThat(config("key", value).getDuration("key", OTHERWISE, Duration.ofMillis(250), Duration.ofDays(1)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "0, PT0.25S, P1D, a time from 250ms to 1d",
        "249ms, PT0.25S, PT1H, a time from 250ms to 1h",
        "91, PT0S, PT1M30S, a time from 0s to 90s",
        "2h, PT1M, PT90M, a time from 1m to 90m"
    })
    void aTimeOutOfBoundsIsRefusedWithThem(String value, Duration least, Duration most, String rule) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("key", value).getDuration("key", OTHERWISE, least, most))
                .withMessageEndingWith(".key '" + value + "' must be " + rule);
    }

    @Test
    void aKeyThatMustBeSetIsNamedWithWhatItIs() {
        assertThat(config("key", " there ").require("key", "a place")).isEqualTo("there");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config("key", " ").require("key", "a place"))
                .withMessageMatching("snapshot\\.\\S+\\.key is not set; set it to a place");
    }

    @Test
    void aCopyHasOneKeyMoreAndAllElse() {
        SerializerConfig config = config("key", "value");

        SerializerConfig more = config.with("other", "1");

        assertThat(more.get("key")).hasValue("value");
        assertThat(more.get("other")).hasValue("1");
        assertThat(more.with("key", "2").get("key")).hasValue("2");
        assertThat(config.get("other")).isEmpty();
        assertThat(more.group()).isEqualTo(config.group());
        assertThat(more.host()).isEqualTo(config.host());
        assertThat(more.logLocation()).isEqualTo(config.logLocation());
        assertThat(more.codec("gz").name()).isEqualTo("gz");
    }

    @Test
    void noTwoSecretsHaveOneVariable() {
        Set<String> variables = new HashSet<>();
        List<String> names = List.of("a", "a-b", "a--b", "a-b-c", "a-", "b", "b-c", "b--c", "c");
        for (String serializer : names) {
            for (String key : List.of("a", "a-b", "b", "b-c", "b--c", "c", "c-")) {
                variables.add(SerializerConfig.secretVariable(serializer, key));
            }
        }

        assertThat(variables).hasSize(names.size() * 7);
        assertThat(SerializerConfig.secretVariable("jdbc", "password")).isEqualTo("HOLDFAST_SNAPSHOT_JDBC_PASSWORD");
    }

    @Test
    void aSecretInTheConfigurationIsToldAsThatWhicheverIsAskedFirst() {
        SerializerConfig config = SerializerConfig.builder("store", Path.of("logs"))
                .values(Map.of("password", "s3cret"))
                .build();

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> config.requireKnown("url", "password-file"))
                .withMessageContaining("snapshot.store.password must not stand in a configuration file")
                .withMessageNotContaining("s3cret");
    }
}
