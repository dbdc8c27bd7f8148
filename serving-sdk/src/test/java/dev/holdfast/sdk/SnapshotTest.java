package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SnapshotTest {

    /** The example of FIPS 180-2, so that the digest is checked against something that is not this code. */
    private static final byte[] ABC = {'a', 'b', 'c'};

    private static final String SHA_256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @Test
    void aNewSnapshotCompletesItsHeader() {
        Snapshot snapshot = Snapshot.create(Headers.withoutText(), ABC);

        assertThat(snapshot.header().size()).isEqualTo(3);
        assertThat(snapshot.header().sha256()).isEqualTo(SHA_256_OF_ABC);
        assertThat(snapshot).hasToString(snapshot.header().toLine());
    }

    @Test
    void whatBelongsToItsHeaderIsRead() throws IOException {
        SnapshotHeader header = Snapshot.create(Headers.withoutText(), ABC).header();

        Snapshot snapshot = Snapshot.read(header, ABC);

        assertThat(snapshot.header()).isSameAs(header);
        assertThat(snapshot.toBytes()).isEqualTo(ABC);
        assertThat(snapshot.text()).isEqualTo("abc");
        assertThat(snapshot.openStream().readAllBytes()).isEqualTo(ABC);
    }

    @Test
    void anEmptyTextIsATextToo() {
        Snapshot empty = Snapshot.create(Headers.withoutText(), new byte[0]);

        assertThat(Snapshot.read(empty.header(), new byte[0])).isEqualTo(empty);
        assertThat(empty.text()).isEmpty();
    }

    @Test
    void aTextOfAnotherLengthIsDamage() {
        SnapshotHeader header = Snapshot.create(Headers.withoutText(), ABC).header();

        for (byte[] text : new byte[][] {{}, {'a', 'b'}, {'a', 'b', 'c', '\n'}}) {
            assertThatExceptionOfType(SnapshotCorruptException.class)
                    .isThrownBy(() -> Snapshot.read(header, text))
                    .withMessage(
                            "Snapshot 20261121093000123-startup.cfg is damaged: it has %s bytes where its header says 3",
                            text.length);
        }
    }

    @Test
    void aTextWithOneOtherBitIsDamage() {
        SnapshotHeader header = Snapshot.create(Headers.withoutText(), ABC).header();
        byte[] text = {'a', 'b', 'c' ^ 1};

        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> Snapshot.read(header, text))
                .withMessageMatching("Snapshot 20261121093000123-startup.cfg is damaged: its SHA-256 is [0-9a-f]{64}"
                        + " where its header says " + SHA_256_OF_ABC);
    }

    @Test
    void noArrayIsShared() {
        byte[] given = ABC.clone();
        Snapshot created = Snapshot.create(Headers.withoutText(), given);
        Snapshot read = Snapshot.read(created.header(), given);

        given[0] = 'x';
        created.toBytes()[1] = 'x';
        read.toBytes()[1] = 'x';

        assertThat(created.toBytes()).isEqualTo(ABC);
        assertThat(read.toBytes()).isEqualTo(ABC);
    }

    @Test
    void theTextIsUtf8() {
        byte[] text = "größer, 漢字, 🦀".getBytes(StandardCharsets.UTF_8);

        assertThat(Snapshot.create(Headers.withoutText(), text).text()).isEqualTo("größer, 漢字, 🦀");
    }

    @Test
    void snapshotsAreEqualByTheirHeaders() {
        Snapshot one = Snapshot.create(Headers.withoutText(), ABC);
        Snapshot same = Snapshot.read(one.header(), ABC);
        Snapshot otherText = Snapshot.create(Headers.withoutText(), new byte[] {1, 2, 3});
        Snapshot otherSave = Snapshot.create(Headers.withoutText().saveId("save-2"), ABC);

        assertThat(one).isEqualTo(same).hasSameHashCodeAs(same);
        assertThat(one).isNotEqualTo(otherText).isNotEqualTo(otherSave).isNotEqualTo(null);
    }

    @Test
    void aTextThatNoSnapshotCanHaveIsRefusedByItsHeader() {
        SnapshotHeader header =
                Snapshot.create(Headers.withoutText(), new byte[3]).header();
        Map<String, String> map = new HashMap<>(header.toMap());
        map.put("size", "67108865");

        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> Snapshot.requireBounded(SnapshotHeader.fromMap(map)))
                .withMessageContaining("67108865 bytes, more than the 67108864 that a snapshot may have");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Snapshot.create(Headers.withoutText(), new byte[Snapshot.MOST_BYTES + 1]));
    }

    @Test
    void whoTransfersTheTextCannotChangeIt() throws IOException {
        byte[] text = new byte[20_000];
        Arrays.fill(text, (byte) 'x');
        Snapshot snapshot = Snapshot.create(Headers.complete(), text);
        OutputStream hostile = new OutputStream() {
            @Override
            public void write(int one) {}

            @Override
            public void write(byte[] bytes, int from, int length) {
                Arrays.fill(bytes, (byte) 'y');
            }
        };

        try (InputStream in = snapshot.openStream()) {
            assertThat(in.read()).isEqualTo('x');
            assertThat(in.transferTo(hostile)).isEqualTo(19_999);
            assertThat(in.read()).isEqualTo(-1);
        }

        assertThat(snapshot.toBytes()).isEqualTo(text);
    }

    @Test
    void makingASnapshotLeavesTheBuilderAsItIs() {
        SnapshotHeader.Builder builder = Headers.complete().size(7).sha256("0".repeat(64));
        SnapshotHeader before = builder.build();

        assertThat(Snapshot.create(builder, new byte[3]).header().size()).isEqualTo(3);

        assertThat(builder.build()).isEqualTo(before);
    }

    @Test
    void exceptionsSayWhatTheyAreOfWithoutTheirMessages() {
        SnapshotHeader refused =
                Snapshot.create(Headers.complete(), new byte[1]).header();

        assertThat(SnapshotConflictException.ofRevision(refused, 9).lastRevision())
                .hasValue(9);
        assertThat(SnapshotConflictException.ofName(refused).takenName()).contains(refused.name());
        assertThat(new SnapshotConflictException("x").lastRevision()).isEmpty();
        assertThat(SnapshotNotFoundException.of("a", "b").name()).contains("a");
        assertThat(new SnapshotNotFoundException("x").name()).isEmpty();
    }
}
