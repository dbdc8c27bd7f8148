package dev.holdfast.host.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class BundleTest {

    private static final List<Codec> CODECS = List.of(Codec.none(), Codec.gz());

    private final Peer here = new Peer();
    private final Peer there = new Peer();

    private byte[] bundle(Peer.Saved saved) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BundleWriter.write(saved.snapshot(), here.chunksOf(saved), here.chunkStore(), CODECS, List.of(), bytes);
        return bytes.toByteArray();
    }

    private Snapshot read(byte[] bundle) throws IOException {
        Snapshot checked = BundleReader.check(new ByteArrayInputStream(bundle), BundleReader.Files.NONE)
                .snapshot();
        Snapshot stored = BundleReader.store(
                        new ByteArrayInputStream(bundle), there.chunkStore(), CODECS, BundleReader.Files.NONE)
                .snapshot();
        assertThat(stored).isEqualTo(checked);
        return stored;
    }

    @Test
    void aBundleHoldsAllThatASnapshotNeeds() throws IOException {
        Peer.Saved saved = here.save(1, 5_000_000, 1);

        Snapshot snapshot = read(bundle(saved));

        assertThat(snapshot.header()).isEqualTo(saved.snapshot().header());
        assertThat(snapshot.toBytes()).isEqualTo(saved.snapshot().toBytes());
        assertThat(Arrays.equals(there.state(saved), saved.state())).isTrue();
    }

    @Test
    void aSnapshotWithoutStatesMakesABundleToo() throws IOException {
        Peer.Saved saved = here.save(1, 10, 1);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BundleWriter.write(saved.snapshot(), Set.of(), here.chunkStore(), CODECS, List.of(), bytes);

        assertThat(read(bytes.toByteArray()).header())
                .isEqualTo(saved.snapshot().header());
    }

    @Test
    void theSameSnapshotMakesTheSameBytes() throws IOException {
        Peer.Saved saved = here.save(1, 1_000_000, 1);

        assertThat(Arrays.equals(bundle(saved), bundle(saved))).isTrue();
    }

    @Test
    void whatFollowsABundleIsNotRead() throws IOException {
        Peer.Saved saved = here.save(1, 10, 1);
        byte[] bundle = bundle(saved);
        byte[] followed = Arrays.copyOf(bundle, bundle.length + 3);
        ByteArrayInputStream stream = new ByteArrayInputStream(followed);

        BundleReader.store(stream, there.chunkStore(), CODECS, BundleReader.Files.NONE);

        assertThat(stream.available()).isEqualTo(3);
    }

    @Test
    void aBundleThatEndsTooEarlyIsRefusedWhereverItEnds() throws IOException {
        byte[] bundle = bundle(here.save(1, 3000, 1));

        for (int length = 0; length < bundle.length; length++) {
            byte[] cut = Arrays.copyOf(bundle, length);
            assertThatExceptionOfType(DamagedBundleException.class)
                    .as("cut at %s", length)
                    .isThrownBy(() -> read(cut));
        }
    }

    @Test
    void damageIsNoticedAtEveryByte() throws IOException {
        byte[] bundle = bundle(here.save(1, 3000, 1));

        for (int at = 0; at < bundle.length; at++) {
            byte[] damaged = bundle.clone();
            damaged[at] ^= 1;
            assertThatExceptionOfType(DamagedBundleException.class)
                    .as("damage at %s", at)
                    .isThrownBy(() -> read(damaged));
        }
    }

    @Test
    void aSnapshotWhoseChunksAreNotThereCannotBeExported() {
        Peer.Saved saved = here.save(1, 1_000_000, 1);
        Set<String> chunks = new TreeSet<>(here.chunksOf(saved));
        here.forget(saved);

        assertThatExceptionOfType(StateDamagedException.class)
                .isThrownBy(() -> BundleWriter.write(
                        saved.snapshot(), chunks, here.chunkStore(), CODECS, List.of(), new ByteArrayOutputStream()))
                .withMessageContainingAll(
                        saved.snapshot().header().name(), chunks.iterator().next());
    }
}
