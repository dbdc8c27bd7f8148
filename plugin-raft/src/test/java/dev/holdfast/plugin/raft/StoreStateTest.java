package dev.holdfast.plugin.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.ratis.server.protocol.TermIndex;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What entries of the log do to the state, on each peer alike. */
class StoreStateTest {

    private static final long HOUR = 3_600_000;

    @TempDir
    private Path directory;

    private StoreState state(String peer) {
        return new StoreState(new ContentFiles(directory.resolve(peer).resolve("contents")));
    }

    private static byte[] staged(long now, String saveId, int part) {
        return Wire.request(Wire.STAGE, out -> {
            out.writeLong(now);
            out.writeUTF(saveId);
            out.writeInt(part);
            Wire.writeBytes(out, new byte[] {1, 2, 3});
        });
    }

    private static byte[] saved(long now, String name, long revision, int parts) {
        return Wire.request(Wire.SAVE, out -> {
            out.writeLong(now);
            out.writeUTF("g");
            out.writeInt(1);
            out.writeUTF(name);
            out.writeLong(revision);
            out.writeUTF("save-" + name);
            out.writeUTF("");
            out.writeUTF("header of " + name);
            out.writeInt(parts);
            Wire.writeBytes(out, new byte[] {9});
        });
    }

    @Test
    void twoPeersAreTheSameAfterTheSameEntriesAndAfterTheirStateFiles() throws IOException {
        List<byte[]> entries = List.of(
                staged(0, "save-large", 0),
                saved(1, "small", 1, 0),
                saved(2, "large", 2, 1),
                saved(3, "late", 2, 0),
                staged(4, "save-never", 0));
        StoreState one = state("one");
        StoreState two = state("two");
        for (int index = 0; index < entries.size(); index++) {
            assertThat(one.apply(index, entries.get(index))).isEqualTo(two.apply(index, entries.get(index)));
        }

        byte[] written = Wire.message(one::writeTo);
        assertThat(written).isEqualTo(Wire.message(two::writeTo));

        Path file = StateFile.write(directory, TermIndex.valueOf(3, 4), one);
        StoreState read = state("one");
        assertThat(StateFile.read(file, read)).isEqualTo(TermIndex.valueOf(3, 4));
        assertThat(Wire.message(read::writeTo)).isEqualTo(written);
        assertThat(read.allFiles()).hasSize(4).isEqualTo(one.allFiles());
    }

    @Test
    void partsThatNoSaveCameForAreDroppedAfterAnHourByTheTimeOfTheEntries() throws IOException {
        StoreState state = state("one");
        state.apply(1, staged(0, "save-large", 0));
        state.apply(2, saved(HOUR, "small", 1, 0));
        assertThat(state.allFiles()).hasSize(2);

        state.apply(3, saved(HOUR + 1, "other", 2, 0));

        assertThat(state.allFiles()).hasSize(2);
        assertThat(state.apply(4, saved(HOUR + 2, "large", 3, 1))).containsExactly(Wire.PARTS_MISSING);
        assertThat(state.apply(5, staged(HOUR + 3, "save-large", 0))).containsExactly(Wire.DONE);
        assertThat(state.apply(6, saved(HOUR + 4, "large", 3, 1))).containsExactly(Wire.DONE);
    }

    @Test
    void anEntryOfANewerVersionIsNotPassedOver() {
        StoreState state = state("one");
        byte[] newerVersion = saved(0, "small", 1, 0);
        newerVersion[0] = Wire.VERSION + 1;
        byte[] newerChange = saved(0, "small", 1, 0);
        newerChange[1] = 17;

        for (byte[] entry : List.of(newerVersion, newerChange)) {
            assertThatThrownBy(() -> state.apply(7, entry))
                    .isInstanceOf(StoreState.TooNewException.class)
                    .hasMessageContainingAll("Entry 7", "newer version of Holdfast", "update this host");
        }
        assertThat(state.allFiles()).isEmpty();
    }

    @Test
    void aQuestionThatIsNotKnownIsAnsweredSo() throws IOException {
        byte[] question = Wire.request((byte) 99, out -> out.writeUTF("g"));

        assertThat(state("one").query(question)).containsExactly(Wire.NOT_UNDERSTOOD);
    }

    @Test
    void aMessageThatEndsTooEarlyOrSaysTooMuchIsRefused() {
        DataInputStream tooLong = Wire.open(Wire.message(out -> {
            out.writeInt(1000);
            out.write(1);
        }));

        assertThatThrownBy(() -> Wire.readBytes(tooLong)).hasMessageContainingAll("1000", "1 do");
        assertThatThrownBy(() -> Wire.readCount(Wire.open(Wire.message(out -> out.writeInt(-1)))))
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> ContentFile.readFrom(Wire.open(Wire.message(out -> {
                    out.writeUTF("../../etc/passwd");
                    out.writeInt(1);
                    out.writeUTF("0");
                }))))
                .hasMessageContaining("is no name of a content file");
    }
}
