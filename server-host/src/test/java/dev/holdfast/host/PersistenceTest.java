package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.plugins.FixtureJar;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testsupport.LogLines;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Which snapshots a host removes, by its own keys and by those of its serializer. */
class PersistenceTest {

    private static final Clock NOW = Clock.fixed(Instant.parse("2026-11-21T09:30:00Z"), ZoneOffset.UTC);

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private final List<Long> trimmed = new ArrayList<>();

    private static HostConfig config(Map<String, String> keys) {
        return ConfigLayers.of(Map.of()).commandLine(keys).toConfig();
    }

    private SnapshotSerializer fs() {
        return new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs).build());
    }

    private void save(int count) {
        try (SnapshotSerializer fs = fs()) {
            for (int i = 1; i <= count; i++) {
                fs.save(SnapshotText.write(
                        SnapshotHeader.builder()
                                .name("s" + i)
                                .kind(SnapshotKind.SNAPSHOT)
                                .createdOn(NOW.instant().minus(Duration.ofDays(100 - i)))
                                .group("default")
                                .revision(i)
                                .host("h"),
                        Map.of(),
                        ServingState.EMPTY));
            }
        }
    }

    private List<String> names() {
        try (SnapshotSerializer fs = fs()) {
            return fs.list(ListRequest.firstPage(100)).headers().stream()
                    .map(SnapshotHeader::name)
                    .toList();
        }
    }

    private void housekeeping(Map<String, String> keys) {
        try (Persistence persistence = new Persistence(config(keys), logs);
                LearnedStorage learned = persistence.learned(() -> true)) {
            persistence.housekeeping(learned, Set::of, trimmed::add, NOW).run();
        }
    }

    @Test
    void whatTheOperatorAsksForHoldsFromTheFirstRoundOn() {
        save(5);

        housekeeping(Map.of("snapshot_keep", "2"));

        assertThat(names()).containsExactly("s5", "s4");
        assertThat(trimmed).containsExactly(3L);
        assertThat(logs.resolve("spool/fs/retention-default")).doesNotExist();
    }

    @Test
    void byDefaultAFileBesideTheSpoolNotesThatItWasTold() {
        save(5);

        housekeeping(Map.of());

        assertThat(names()).hasSize(5);
        assertThat(logs.resolve("spool/fs/retention-default")).exists();
    }

    @Test
    void theSerializersOwnKeysAreTheHostsAndTheLargerRuleWins() {
        save(5);

        // The serializer knows no such key, and would refuse it if it came there.
        housekeeping(Map.of("snapshot_keep", "2", "snapshot.fs.keep", "3"));

        assertThat(names()).containsExactly("s5", "s4", "s3");
        assertThat(log.info())
                .contains(
                        "The host removes old snapshots in place of serializer fs and takes snapshot.fs.keep=3 into its"
                                + " own rule: what stays is the newest 3, and what was saved under a name");
    }

    @Test
    void aValueOfTheSerializersThatIsWrongIsRefused() {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> new Persistence(config(Map.of("snapshot.fs.keep", "some")), logs).close())
                .withMessageContaining("snapshot.fs.keep");
    }

    // The choice of the store

    @Test
    void aNameThatTwoPluginsBringStopsTheStartWhetherItWasSaidOrNot(@TempDir Path plugins) {
        Path first = FixtureJar.plugin("two").write(plugins.resolve("a.jar"));
        Path second = FixtureJar.plugin("two").write(plugins.resolve("b.jar"));

        for (Map<String, String> said : List.of(Map.<String, String>of(), Map.of("snapshot_store", "two"))) {
            Map<String, String> keys = new TreeMap<>(said);
            keys.put("plugins_path", plugins.toString());

            assertThatExceptionOfType(ConfigException.class)
                    .isThrownBy(() -> new Persistence(config(keys), logs))
                    .withMessage("Snapshot serializer two is brought by " + first + " and " + second
                            + "; none of them is used, remove all but one");
        }
    }

    @Test
    void aDropInNamedFsIsNotTakenForFilesOfTheLogLocation(@TempDir Path plugins) {
        Map<String, String> keys = Map.of("plugins_path", plugins.toString());
        try (Persistence builtIn = new Persistence(config(keys), logs)) {
            assertThat(builtIn.storeIsHere()).isTrue();
        }
        FixtureJar.plugin("fs").write(plugins.resolve("elsewhere.jar"));

        try (Persistence dropIn = new Persistence(config(keys), logs)) {
            assertThat(dropIn.storeIsHere()).isFalse();
        }
    }
}
