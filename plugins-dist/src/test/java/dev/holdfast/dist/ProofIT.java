package dev.holdfast.dist;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that has lost its newest state while the host was down, of which the host's own disk has proof. */
class ProofIT {

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
        a.start();
        for (int i = 0; i < 2; i++) {
            assertThat(a.models()).containsExactly("first", "second", "third");
            assertThat(a.mode()).isEqualTo("DETACHED");
            assertThat(a.status().required("notices")).isNotEmpty();
            assertThat(a.host()
                            .log()
                            .lines()
                            .filter(line -> line.contains("[WARN") || line.contains("[ERROR"))
                            .filter(line -> line.contains("Detached from store")))
                    .isNotEmpty();
            // The copies that know better are there at the next start, too.
            a.killAndStart();
        }
        a.take("local");
        assertThat(a.mode()).isEqualTo("ATTACHED");
        assertThat(fleet.group().newestModels()).contains(Set.of("first", "second", "third"));
        a.killAndStart();
        assertThat(a.models()).containsExactly("first", "second", "third");
        assertThat(a.mode()).isEqualTo("ATTACHED");
    }

    @ParameterizedTest
    @EnumSource
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

    @ParameterizedTest
    @EnumSource
    void aStoreThatIsEmptyAgainIsNotTakenForTheNewestState(Store store) throws Exception {
        aHostKilledWithThreeModels(store);
        while (fleet.group().count() > 0) {
            fleet.group().removeNewest();
        }

        assertThatItServesAllThreeAndSaysThatTheStoreHasLess();
    }

    /** What happens to the write-ahead log of SQLite, which drops a transaction whose frames are not whole. */
    enum Loss {
        THE_LAST_FRAMES_ARE_CUT {
            @Override
            void of(FileChannel log) throws IOException {
                log.truncate(log.size() - 2 * FRAME);
            }
        },
        ONE_BIT_IS_FLIPPED {
            @Override
            void of(FileChannel log) throws IOException {
                ByteBuffer octet = ByteBuffer.allocate(1);
                long position = log.size() - FRAME / 2;
                log.read(octet, position);
                octet.put(0, (byte) (octet.get(0) ^ 1)).flip();
                log.write(octet, position);
            }
        };

        /** A page and its header. */
        private static final long FRAME = 4096 + 24;

        abstract void of(FileChannel log) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void aWriteAheadLogThatLostItsEndIsNotTakenForTheNewestState(Loss loss) throws Exception {
        aHostKilledWithThreeModels(Store.SQLITE);
        Path log = fleet.directory().resolve("mount/shared.db-wal");

        try (FileChannel file = FileChannel.open(log, READ, WRITE)) {
            loss.of(file);
        }

        assertThatItServesAllThreeAndSaysThatTheStoreHasLess();
    }
}
