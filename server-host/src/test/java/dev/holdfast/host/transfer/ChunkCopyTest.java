package dev.holdfast.host.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.sdk.Codec;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChunkCopyTest {

    private final Peer here = new Peer();
    private final Peer there = new Peer();

    private int copy(Peer.Saved saved) {
        List<Codec> codecs = List.of(Codec.none(), Codec.gz());
        try (StateStore store = new StateStore(here.chunkStore(), Codec.none(), codecs, 1)) {
            return new ChunkCopy(here.chunkStore(), store.reader(), there.chunkStore(), codecs).copy(saved.reference());
        }
    }

    @Test
    void aStateIsWholeInTheOtherStore() {
        for (int bytes : List.of(0, 1, 3000, 5_000_000)) {
            Peer.Saved saved = here.save(1, bytes, bytes);

            assertThat(copy(saved)).isPositive();
            assertThat(Arrays.equals(there.state(saved), saved.state())).isTrue();
            there.verify(saved);
        }
    }

    @Test
    void whatIsThereAlreadyIsPutAgainForItMayBeAboutToBeCollected() {
        Peer.Saved saved = here.save(1, 5_000_000, 1);
        int all = copy(saved);

        assertThat(copy(saved)).isEqualTo(all);
        assertThat(there.puts()).isEqualTo(2 * all);
    }

    @Test
    void aStateOfWhichChunksAreMissingIsRefusedByTheirIds() {
        Peer.Saved saved = here.save(1, 5_000_000, 1);
        here.forget(saved);

        assertThatExceptionOfType(StateDamagedException.class)
                .isThrownBy(() -> copy(saved))
                .withMessageContaining("missing");
    }

    @Test
    void damageIsNotCopied() {
        Peer.Saved saved = here.save(1, 5_000_000, 1);
        here.damageAllBut(saved, 3);

        assertThatExceptionOfType(StateDamagedException.class)
                .isThrownBy(() -> copy(saved))
                .withMessageContaining("missing or damaged");
        assertThatExceptionOfType(StateDamagedException.class).isThrownBy(() -> there.verify(saved));
        assertThat(there.hasOnlyWholeChunks()).isTrue();
    }
}
