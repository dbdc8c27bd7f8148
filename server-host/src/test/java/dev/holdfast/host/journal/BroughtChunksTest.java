package dev.holdfast.host.journal;

import static dev.holdfast.host.journal.ChunkRig.reference;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.state.InMemoryChunks;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.testsupport.LogLines;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a host had put into the store, and only its own disk refers to, when another host of the group collected. */
class BroughtChunksTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private ChunkRig rig;

    @BeforeEach
    void open() {
        rig = new ChunkRig(logs);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private void bring(Set<StateReference> needed, Set<StateReference> safe) {
        rig.chunks.bring(needed, safe, rig.states.reader());
    }

    @Test
    void whatWasCollectedMeanwhileIsBroughtAgain() {
        StoredState first = rig.stored(1, 1, StoredState.NONE);
        rig.attached = false;
        StoredState second = rig.stored(1, 2, first);
        rig.storeChunks.chunks.clear();

        bring(Set.of(reference(second)), Set.of());

        rig.requireRestorableFromTheStoreAlone(reference(second));
    }

    @Test
    void whatIsThereStillIsYoungAgain() {
        StoredState first = rig.stored(1, 1, StoredState.NONE);
        Instant longAgo = Instant.EPOCH;
        rig.storeChunks.chunks.replaceAll((id, chunk) -> new InMemoryChunks.Chunk(chunk.content(), longAgo));

        bring(Set.of(reference(first)), Set.of());

        assertThat(rig.storeChunks.chunks.values())
                .allMatch(chunk -> chunk.put().isAfter(longAgo));
    }

    @Test
    void whatTheStoresLastSnapshotRefersToIsLeftAlone() {
        StoredState first = rig.stored(1, 1, StoredState.NONE);
        Map<String, InMemoryChunks.Chunk> before = new HashMap<>(rig.storeChunks.chunks);
        StoredState second = rig.stored(1, 2, first);

        bring(Set.of(reference(first), reference(second)), Set.of(reference(first)));

        assertThat(rig.storeChunks.chunks).containsAllEntriesOf(before);
        rig.requireRestorableFromTheStoreAlone(reference(second));
    }

    @Test
    void whatWaitedIsNotBroughtTwice() {
        rig.attached = false;
        StoredState state = rig.stored(1, 1, StoredState.NONE);

        bring(Set.of(reference(state)), Set.of());

        assertThat(rig.storeChunks.puts).hasValue(1);
        rig.requireRestorableFromTheStoreAlone(reference(state));
    }

    @Test
    void whatIsNowhereIsSaidAndTheRestIsBrought() {
        rig.copies = false;
        rig.restart();
        StoredState lost = rig.stored(1, 1, StoredState.NONE);
        rig.storeChunks.chunks.remove(rig.storeChunks.chunks.keySet().stream()
                .filter(id -> !id.equals(reference(lost).root().id()))
                .findFirst()
                .orElseThrow());
        rig.attached = false;
        StoredState other = rig.stored(2, 2, StoredState.NONE);

        bring(Set.of(reference(lost), reference(other)), Set.of());

        rig.requireRestorableFromTheStoreAlone(reference(other));
        assertThat(log.errors())
                .anyMatch(line ->
                        line.contains("neither in the store nor on this host") || line.contains("cannot be restored"));
    }
}
