package dev.holdfast.host.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigLayersTest {

    @TempDir
    Path directory;

    @Test
    void strongerLayersHideWeakerOnes() {
        ConfigLayers layers =
                ConfigLayers.of(Map.of("TS_JOB_QUEUE_SIZE", "6")).defaultFile(Map.of("job_queue_size", "2"));
        assertThat(ConfigLayers.of(Map.of()).toConfig().models().jobQueueSize()).isEqualTo(100);
        assertThat(layers.toConfig().models().jobQueueSize()).isEqualTo(2);
        layers = layers.snapshot(Map.of("job_queue_size", "3"));
        assertThat(layers.toConfig().models().jobQueueSize()).isEqualTo(3);
        layers = layers.givenFile(Map.of("job_queue_size", "4"));
        assertThat(layers.toConfig().models().jobQueueSize()).isEqualTo(4);
        layers = layers.commandLine(Map.of("job_queue_size", "5"));
        assertThat(layers.toConfig().models().jobQueueSize()).isEqualTo(5);
        layers = layers.givenFile(Map.of("job_queue_size", "4", "enable_envvars_config", "true"));
        assertThat(layers.toConfig().models().jobQueueSize()).isEqualTo(6);
    }

    @Test
    void environmentCountsOnlyWhereItIsSwitchedOnAndNeverByASnapshot() {
        Map<String, String> environment =
                Map.of("TS_JOB_QUEUE_SIZE", "6", "HOLDFAST_JOB_QUEUE_SIZE", "7", "TS_OPEN_INFERENCE_PROTOCOL", "oip");
        ConfigLayers layers = ConfigLayers.of(environment);

        assertThat(layers.snapshot(Map.of("enable_envvars_config", "true"))
                        .toConfig()
                        .models()
                        .jobQueueSize())
                .isEqualTo(100);
        HostConfig on =
                layers.defaultFile(Map.of("enable_envvars_config", "true")).toConfig();
        assertThat(on.models().jobQueueSize())
                .as("our own name is the stronger one")
                .isEqualTo(7);
        assertThat(on.http().openInferenceProtocol()).isTrue();
        assertThat(on.toSnapshot()).as("values of the environment are not kept").doesNotContainKey("job_queue_size");
    }

    @Test
    void theManualNamesEveryKeyThatASnapshotDoesNotKeep() throws IOException {
        String manual = Files.readString(Path.of("..", "docs", "operators-manual.md"));
        int begin = manual.indexOf("it does not keep\n");
        String list = manual.substring(begin, manual.indexOf("\n\n", manual.indexOf("\n- ", begin)));

        List<String> named = Pattern.compile("`([a-z0-9_]+)`")
                .matcher(list)
                .results()
                .map(match -> match.group(1))
                .toList();

        assertThat(named)
                .containsExactlyInAnyOrderElementsOf(Stream.of(ConfigKey.values())
                        // A snapshot has one of its own.
                        .filter(key -> key != ConfigKey.MODEL_SNAPSHOT)
                        .map(ConfigKey::key)
                        .filter(key -> !ConfigKey.isKept(key))
                        .toList());
    }

    @Test
    void allowedUrlsOfTheEnvironmentNeedASwitchOfTheirOwn() {
        ConfigLayers layers = ConfigLayers.of(Map.of("TS_ALLOWED_URLS", "https://x/.*"));
        Map<String, String> on = Map.of("enable_envvars_config", "true");

        assertThat(layers.givenFile(on).toConfig().models().allowedUrls()).isEmpty();
        assertThat(layers.givenFile(Map.of("enable_envvars_config", "true", "use_env_allowed_urls", "true"))
                        .toConfig()
                        .models()
                        .allowedUrls())
                .containsExactly("https://x/.*");
    }

    @Test
    void placeholdersAreResolvedForUseAndKeptAsTheyAre() {
        HostConfig config = ConfigLayers.of(Map.of("DIR", "/models$1\\x"))
                .givenFile(Map.of("model_store", "$$DIR$$/store"))
                .toConfig();

        assertThat(config.models().modelStore()).contains(Path.of("/models$1\\x/store"));
        assertThat(config.toSnapshot()).containsEntry("model_store", "$$DIR$$/store");
        assertThatThrownBy(() -> ConfigLayers.of(Map.of())
                        .givenFile(Map.of("model_store", "$$NOT_SET$$"))
                        .toConfig())
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "model_store of the --ts-config file names the environment variable NOT_SET, which is not set");
    }

    @Test
    void placeholdersOfASnapshotAreLookedUpOnlyWhereTheOperatorWroteThemToo() {
        Map<String, String> environment = Map.of("SECRET", "s3cret", "DIR", "/models");
        Map<String, String> stored = Map.of(
                "cors_allowed_origin",
                "$$SECRET$$",
                "model_store",
                "$$DIR$$",
                "job_queue_size",
                "7",
                "models",
                "$$X$$");
        ConfigLayers plain = ConfigLayers.of(environment);

        HostConfig config = plain.snapshot(stored).toConfig();
        assertThat(config.http().corsAllowedOrigin()).isEmpty();
        assertThat(config.models().modelStore()).isEmpty();
        assertThat(config.models().jobQueueSize()).isEqualTo(7);
        assertThat(config.toSnapshot()).doesNotContainKeys("cors_allowed_origin", "models");

        assertThat(plain.defaultFile(Map.of("model_store", "$$DIR$$", "cors_allowed_origin", "$$DIR$$"))
                        .snapshot(stored)
                        .toConfig())
                .satisfies(own -> {
                    assertThat(own.models().modelStore()).contains(Path.of("/models"));
                    assertThat(own.http().corsAllowedOrigin()).contains("/models");
                });
        assertThat(plain.givenFile(stored)
                        .snapshot(stored)
                        .commandLine(Map.of("models", ""))
                        .toConfig()
                        .models()
                        .modelStore())
                .contains(Path.of("/models"));
    }

    @Test
    void snapshotKeepsNoSecretNoSwitchAndNoFactOfTheMachine() {
        Map<String, String> all = new TreeMap<>();
        for (String secret : new String[] {
            "keystore_pass",
            "db.password",
            "aws_secret_access_key",
            "apiKey",
            "my_api_token",
            "token_of_mine",
            "x.key",
            "authorization",
            "credentials",
            "snapshot.jdbc.user",
            "HF_TOKEN",
            "db_pwd",
            "accessKeyId"
        }) {
            all.put(secret, "canary");
        }
        for (String opens : new String[] {
            "disable_token_authorization",
            "enable_model_api",
            "allow_private_urls",
            "use_env_allowed_urls",
            "enable_envvars_config",
            "snapshot_store_required"
        }) {
            all.put(opens, "true");
        }
        all.put("allowed_urls", "canary");
        all.put("plugins_path", "/canary");
        all.put("python", "canary");
        all.put("number_of_gpu", "canary");
        all.put("model_server_home", "canary");
        all.put("load_models", "m=https://user:canary@host/m.mar");
        all.put("metrics_config", "https://h/x?X-Amz-Signature=canary");
        all.put("unknown_thing", "canary");
        all.put("token_expiration_min", "30");
        all.put("job_queue_size", "9");

        Map<String, String> kept =
                ConfigLayers.of(Map.of()).givenFile(all).toConfig().toSnapshot();

        assertThat(kept).isEqualTo(Map.of("token_expiration_min", "30", "job_queue_size", "9"));
    }

    @Test
    void snapshotThatOpensTheHostIsNotHeard() {
        HostConfig config = ConfigLayers.of(Map.of())
                .snapshot(Map.of(
                        "disable_token_authorization",
                        "true",
                        "allowed_urls",
                        ".*",
                        "plugins_path",
                        "/evil",
                        "snapshot_group",
                        "other"))
                .toConfig();

        assertThat(config.http().tokenAuthorization()).isTrue();
        assertThat(config.models().allowedUrls()).isEmpty();
        assertThat(config.pluginsPath()).isEmpty();
        assertThat(config.snapshots().group()).isEqualTo("default");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "job_queue_size|0|a whole number from 1 to 10000000",
                "job_queue_size|ten|a whole number from 1 to 10000000",
                "default_workers_per_model|-1|a whole number from 0 to 1024",
                "max_request_size|99999999999|a whole number from 1 to 2147483631",
                "token_expiration_min|0|a number of minutes above 0, up to 5256000",
                "token_expiration_min|NaN|a number of minutes above 0, up to 5256000",
                "token_failure_status|403|401 or 400",
                "restore|lenient|strict or fallback",
                "enable_model_api|yes|true or false",
                "snapshot_group|a/b|of the form [A-Za-z0-9][A-Za-z0-9._-]{0,63}",
                "host_name|web 1|of the form [A-Za-z0-9][A-Za-z0-9._-]{0,254}",
                "host_name|../web|of the form [A-Za-z0-9][A-Za-z0-9._-]{0,254}",
                "snapshot_timeout|0|a whole number from 1 to 86400",
            })
    void badValueIsNamedWithItsRuleAndItsPlace(String key, String value, String rule) {
        assertThatThrownBy(() -> ConfigLayers.of(Map.of())
                        .commandLine(Map.of(key, value))
                        .toConfig())
                .isInstanceOf(ConfigException.class)
                .hasMessage(key + " of the command line '" + value + "' must be " + rule);
    }

    @Test
    void badValueOfASnapshotSaysThatItIsTheSnapshots() {
        assertThatThrownBy(() -> ConfigLayers.of(Map.of())
                        .snapshot(Map.of("inference_address", "tcp://0.0.0.0:8443"))
                        .toConfig())
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("inference_address of the restored snapshot 'tcp://0.0.0.0:8443' must have");
    }

    @Test
    void valueInAMessageIsBoundedAndOnOneLine() {
        assertThatThrownBy(() -> ConfigLayers.of(Map.of())
                        .givenFile(Map.of("job_queue_size", "1\n2026 INFO forged" + "x".repeat(500)))
                        .toConfig())
                .message()
                .doesNotContain("\n")
                .hasSizeLessThan(250);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "bad",
            value = {
                "http://127.0.0.1:8080, 127.0.0.1, 8080",
                "http://localhost, localhost, 80",
                "http://[::1]:0/, ::1, 0",
                "http://0.0.0.0:65535, 0.0.0.0, 65535",
                "http://h:65536, bad, 0",
                "https://h:x, bad, 0",
                "HTTPS://h:1, bad, 0",
                "unix:tmp/s, bad, 0",
                "http://u:p@h:1, bad, 0",
                "http://h:1/path, bad, 0",
                "http://h:1?x, bad, 0",
                "http:h, bad, 0",
                "h:1, bad, 0",
                "'', bad, 0",
            })
    void addressIsAHostAndAPort(String value, String host, int port) {
        if (host == null) {
            assertThatThrownBy(() -> ConfigLayers.of(Map.of())
                            .commandLine(Map.of("inference_address", value))
                            .toConfig())
                    .isInstanceOf(ConfigException.class)
                    .hasMessage("inference_address of the command line '" + value
                            + "' must have the form http://host:port, or https://host:port for TLS, with a port of 0 to 65535,"
                            + " or unix:/path for a Unix domain socket, with a path of at most 103 bytes");
            return;
        }
        ListenAddress address = ListenAddress.parse(value, 80, 443).orElseThrow();
        assertThat(address).isEqualTo(new ListenAddress(host, port));
        assertThat(ListenAddress.parse(address.toString(), 1, 2)).contains(address);
        assertThat(address.isLoopback()).isEqualTo(!host.equals("0.0.0.0"));
    }

    @Test
    void fileIsReadAsUtf8WithOrWithoutAMark() throws Exception {
        Path file = directory.resolve("config.properties");
        Files.writeString(file, "\uFEFFjob_queue_size=5\nmodel_store=größe\n");

        Map<String, String> properties = ConfigFile.parse("file", ConfigFile.read("file", file));

        assertThat(properties).isEqualTo(Map.of("job_queue_size", "5", "model_store", "größe"));
    }

    @Test
    void fileThatCannotBeReadIsNamed() throws Exception {
        Path latin = directory.resolve("latin");
        Files.write(latin, new byte[] {(byte) 0xe4, '=', '1'});

        assertThatThrownBy(() -> ConfigFile.read("--ts-config file", directory.resolve("gone")))
                .isInstanceOf(ConfigException.class)
                .hasMessage("--ts-config file not found: " + directory.resolve("gone"));
        assertThatThrownBy(() -> ConfigFile.read("--ts-config file", directory)).hasMessageContaining("is a directory");
        assertThatThrownBy(() -> ConfigFile.read("--ts-config file", latin)).hasMessageContaining("UTF-8");
        assertThatThrownBy(() -> ConfigFile.parse("--ts-config file", "a=\\u12"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("--ts-config file is no properties text");
    }

    @Test
    void pluginsPathAndPropertiesOfASerializer() {
        HostConfig config = ConfigLayers.of(Map.of())
                .givenFile(Map.of(
                        "plugins_path", "/a/*:/b, /c", "snapshot.ddb.region", "eu", "snapshot.fs.directory", "x"))
                .toConfig();

        assertThat(config.pluginsPath()).containsExactly(Path.of("/a"), Path.of("/b"), Path.of("/c"));
        assertThat(config.snapshots().serializerProperties("ddb")).isEqualTo(Map.of("region", "eu"));
    }

    @ParameterizedTest
    @CsvSource({
        "inference_address, https://h, https://h:443",
        "inference_address, http://h, http://h:80",
        "management_address, https://h, https://h:8444",
        "metrics_address, https://h, https://h:8445",
        "metrics_address, https://h:0, https://h:0"
    })
    void anAddressWithTlsHasThePortOfTorchServeByDefault(String key, String value, String expected) {
        HostConfig config =
                ConfigLayers.of(Map.of()).givenFile(Map.of(key, value)).toConfig();

        assertThat(List.of(
                        config.listen().inferenceAddress(),
                        config.listen().managementAddress(),
                        config.listen().metricsAddress()))
                .extracting(ListenAddress::toString)
                .contains(expected);
    }

    @Test
    void aHostComesBackOnItsUnixSocketAndOnThatOfNoOtherHost() {
        Map<String, String> snapshot = Map.of("inference_address", "unix:/tmp/s", "job_queue_size", "7");

        HostConfig own = ConfigLayers.of(Map.of()).restored(snapshot, true).toConfig();
        ConfigLayers others = ConfigLayers.of(Map.of()).restored(snapshot, false);

        assertThat(own.listen().inferenceAddress().toString()).isEqualTo("unix:/tmp/s");
        assertThat(others.toConfig().listen().inferenceAddress().toString()).isEqualTo("http://127.0.0.1:8080");
        assertThat(others.toConfig().models().jobQueueSize()).isEqualTo(7);
        assertThat(others.remarks())
                .singleElement()
                .asString()
                .startsWith("inference_address=unix:/tmp/s of the restored snapshot is left out: ");
    }

    @Test
    void aUnixSocketThatIsNoneCostsTheSnapshotThatKeyAlone() {
        HostConfig config = ConfigLayers.of(Map.of())
                .restored(Map.of("inference_address", "unix:relative", "job_queue_size", "7"), true)
                .toConfig();

        assertThat(config.listen().inferenceAddress().toString()).isEqualTo("http://127.0.0.1:8080");
        assertThat(config.models().jobQueueSize()).isEqualTo(7);
    }

    @Test
    void aSnapshotOfAnotherHostDoesNotTakeTlsAway() {
        HostConfig config = ConfigLayers.of(Map.of())
                .defaultFile(Map.of("inference_address", "https://127.0.0.1:8443"))
                .restored(Map.of("inference_address", "http://127.0.0.1:8080"), false)
                .toConfig();

        assertThat(config.listen().inferenceAddress().toString()).isEqualTo("https://127.0.0.1:8443");
    }

    @Test
    void filesOfACertificateAreSetInOneWayAndWholly() {
        assertThatThrownBy(() -> ConfigLayers.of(Map.of())
                        .givenFile(Map.of("certificate_file", "c.pem"))
                        .toConfig())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("certificate_file and private_key_file belong together");
        assertThatThrownBy(() -> ConfigLayers.of(Map.of())
                        .givenFile(
                                Map.of("certificate_file", "c.pem", "private_key_file", "k.pem", "keystore", "k.p12"))
                        .toConfig())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("set one of them");
    }

    @Test
    void thePasswordOfAKeystoreIsKeptNowhere() {
        HostConfig config = ConfigLayers.of(Map.of())
                .givenFile(Map.of("keystore", "k.p12", "keystore_pass", "canary", "client_ca_file", "ca.pem"))
                .toConfig();

        assertThat(config.toSnapshot()).isEmpty();
        assertThat(config.listen().tls().toString()).doesNotContain("canary");
        assertThat(ConfigKey.isSecret("keystore_pass")).isTrue();
    }

    @Test
    void keysOfTorchServeThatHaveNoEffectHereAreNamed() {
        HostConfig config = ConfigLayers.of(Map.of())
                .givenFile(Map.of("system_metrics_cmd", "ts/metrics/metric_collector.py", "job_queue_size", "7"))
                .toConfig();

        assertThat(config.keysWithoutEffect()).containsExactly("system_metrics_cmd");
        assertThat(config.unknownKeys()).isEmpty();
    }
}
