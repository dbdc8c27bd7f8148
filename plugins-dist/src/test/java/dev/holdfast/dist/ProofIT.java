package dev.holdfast.dist;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.EnumSource.Mode.EXCLUDE;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that has lost its newest state while the host was down, of which the host's own disk has proof. */
class ProofIT {

    /** In SQLite's write-ahead log, a page and its header. */
    private static final long FRAME = 4096 + 24;

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    private Fleet fleet;
    private Member a;

    private void aHostKilledWithThreeModels(Store store) throws Exception {
        fleet = FLEETS.over(store);
        a = fleet.member("A");
        a.start();
        a.register("first");
        a.register("second");
        a.register("third");
        a.kill();
    }

    private void assertThatItServesAllThreeAndSaysThatTheStoreHasLess() throws Exception {
        // The copies that know better are there at the next start, too.
        for (int i = 0; i < 2; i++) {
            a.start();
            assertThat(a.models()).containsExactly("first", "second", "third");
            assertThat(a.mode()).isEqualTo("DETACHED");
            assertThat(a.status().required("notices")).isNotEmpty();
            assertThat(a.host()
                            .log()
                            .lines()
                            .filter(line -> line.contains("[WARN") || line.contains("[ERROR"))
                            .filter(line -> line.contains("Detached from store")))
                    .hasSizeGreaterThan(i);
            if (i == 0) {
                a.kill();
            }
        }
        a.take("local");
        assertThat(a.mode()).isEqualTo("ATTACHED");
        assertThat(fleet.group().newestModels()).contains(Set.of("first", "second", "third"));
    }

    @ParameterizedTest
    @EnumSource(mode = EXCLUDE, names = "FS")
    void aStoreWithoutItsNewestSnapshotIsNotTakenForTheNewestState(Store store) throws Exception {
        aHostKilledWithThreeModels(store);

        fleet.group().removeNewest();

        assertThat(fleet.group()
                        .newestText()
                        .map(text -> SnapshotTexts.models(text).orElseThrow()))
                .as("what a store that is rolled back has")
                .satisfiesAnyOf(
                        newest -> assertThat(newest).contains(Set.of("first", "second")),
                        // ddb: without its head, the newest is found by the index alone.
                        newest -> assertThat(newest).isEmpty());
        assertThatItServesAllThreeAndSaysThatTheStoreHasLess();
    }

    @Test
    void aStoreThatIsEmptyAgainIsNotTakenForTheNewestState() throws Exception {
        aHostKilledWithThreeModels(Store.POSTGRESQL);
        while (fleet.group().count() > 0) {
            fleet.group().removeNewest();
        }

        assertThatItServesAllThreeAndSaysThatTheStoreHasLess();
    }

    /** SQLite drops a transaction whose frames in the log are not whole. */
    @Test
    void aWriteAheadLogWithOneFlippedBitIsNotTakenForTheNewestState() throws Exception {
        aHostKilledWithThreeModels(Store.SQLITE);
        Path log = fleet.directory().resolve("mount/shared.db-wal");

        try (FileChannel file = FileChannel.open(log, READ, WRITE)) {
            ByteBuffer octet = ByteBuffer.allocate(1);
            long position = file.size() - FRAME / 2;
            file.read(octet, position);
            octet.put(0, (byte) (octet.get(0) ^ 1)).flip();
            file.write(octet, position);
        }

        assertThatItServesAllThreeAndSaysThatTheStoreHasLess();
    }
}
