package dev.holdfast.plugin.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SerializerConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

    private static final String TWO = "a=127.0.0.1:7400,b=127.0.0.1:7401";

    private static Settings settings(String... keysAndValues) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Settings.of(
                SerializerConfig.builder("raft", Path.of("logs")).values(values).build());
    }

    @Test
    void aPeerIsOneOfTheListAndKeepsItsCopyBesideTheLogs() {
        Settings settings = settings("peers", TWO, "id", "b");

        assertThat(settings.self()).contains(new PeerAddress("b", "127.0.0.1", 7401));
        assertThat(settings.directory()).isEqualTo(Path.of("logs/raft").toAbsolutePath());
    }

    @Test
    void aClientNeedsNoId() {
        assertThat(settings("peers", TWO, "role", "client").self()).isEmpty();
    }

    @Test
    void aPeerListWithoutTheHostItselfIsRefused() {
        assertThatThrownBy(() -> settings("peers", TWO, "id", "c"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("snapshot.raft.id 'c' must be one of the peers a, b; add it with its address to"
                        + " snapshot.raft.peers");
    }

    @Test
    void aPeerWithoutAnIdIsToldWhatItMayBe() {
        assertThatThrownBy(() -> settings("peers", TWO))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("snapshot.raft.id is not set", "a, b", "role=client");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=127.0.0.1:1,a=127.0.0.1:2 | names peer 'a' twice",
                "a=127.0.0.1:1,b=127.0.0.1:1 | has the address 127.0.0.1:1 twice",
            })
    void twoPeersOfOneIdOrOneAddressAreRefused(String peers, String said) {
        assertThatThrownBy(() -> settings("peers", peers, "id", "a"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("snapshot.raft.peers", said);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "a=",
                "a=host",
                "a=host:",
                "a=host:0",
                "a=host:65536",
                "a=host:99999999999",
                "=host:1",
                "a b=host:1",
                "a=127.0.0.1:1,",
                ",",
                "a=127.0.0.1:1;b=127.0.0.1:2",
                "a=http://host:1",
                "ä=host:1"
            })
    void whatIsNoPeerIsRefusedWithTheForm(String peers) {
        assertThatThrownBy(() -> settings("peers", peers, "id", "a"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("snapshot.raft.peers", "must be id=host:port, such as a=10.0.0.1:7400");
    }

    @Test
    void withoutTlsOnlyThisMachineReachesPeersUnlessThatIsAsked() {
        String reachable = "a=192.0.2.1:7400,b=192.0.2.2:7400";

        assertThatThrownBy(() -> settings("peers", reachable, "id", "a"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("a=192.0.2.1:7400", "127.0.0.1", "tls-certificate", "without-tls=true");
        assertThat(settings("peers", reachable, "id", "a", "without-tls", "true")
                        .peers())
                .hasSize(2);
    }

    @Test
    void halfOfTlsIsRefused() {
        assertThatThrownBy(() -> settings("peers", TWO, "id", "a", "tls-certificate", "pom.xml"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("snapshot.raft.tls-key is not set", "tls-authority");
        assertThatThrownBy(() -> settings(
                        "peers",
                        TWO,
                        "id",
                        "a",
                        "tls-certificate",
                        "pom.xml",
                        "tls-key",
                        "no-such",
                        "tls-authority",
                        "pom.xml"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("snapshot.raft.tls-key 'no-such'", "that this host can read");
    }

    @Test
    void everyKeyIsDeclared() {
        assertThat(new RaftSnapshotSerializerFactory().keys()).isEqualTo(Settings.KEYS);
    }
}
