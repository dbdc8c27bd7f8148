package dev.holdfast.host.operate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tags, deletion and pruning in a store with no host, by real files. */
class StoreGroupTest {

    @TempDir
    private Path directory;

    private TestGroup test;

    @BeforeEach
    void open() {
        test = TestGroup.in(directory);
    }

    @AfterEach
    void close() {
        test.close();
    }

    private SnapshotHeader last() {
        return SnapshotText.wholeHeader(test.group.last().orElseThrow());
    }

    @Test
    void whatIsDeletedIsToldBeforeByASnapshotThatServesTheSame() {
        test.saveDaily(3);
        SnapshotHeader before = last();

        test.group.delete("day-2");

        assertThat(test.names()).hasSize(3).doesNotContain("day-2");
        assertThat(last().trimmed()).isEqualTo(1);
        assertThat(last().state()).isEqualTo(before.state());
        assertThat(last().follows()).hasValue(before.saveId());
        assertThat(last().host()).as("whose configuration it holds").isEqualTo(before.host());
    }

    @Test
    void theLastOneIsNotDeletedAndNothingHasChanged() {
        test.saveDaily(2);

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> test.group.delete("day-0"))
                .withMessageContaining("the last one of group default");
        assertThat(test.names()).containsExactly("day-0", "day-1");
    }

    @Test
    void whatIsNotThereIsNotDeletedAndNothingHasChanged() {
        test.saveDaily(2);

        assertThatExceptionOfType(SnapshotNotFoundException.class)
                .isThrownBy(() -> NamedSnapshots.helping("day-2", test.group, () -> {
                    test.group.delete("day-2");
                    return true;
                }))
                .withMessageContainingAll("day-2", "the nearest: day-0, day-1", "holdfast snapshots list");
        assertThat(test.names()).containsExactly("day-0", "day-1");
    }

    @Test
    void aDamagedOneIsDeleted() throws IOException {
        test.saveDaily(3);
        TestGroup.damage(directory.resolve("day-1"));

        test.group.delete("day-1");

        assertThat(test.names()).doesNotContain("day-1");
    }

    @Test
    void nothingIsDeletedWhileTheLastOneCannotBeRead() throws IOException {
        test.saveDaily(3);
        TestGroup.damage(directory.resolve("day-0"));

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> test.group.delete("day-2"))
                .withMessageContaining("an older one may be all that there is");
        assertThat(directory.resolve("day-2")).exists();
    }

    @Test
    void aTagKeepsASnapshotFromDeletionUntilItIsTakenOff() {
        test.saveDaily(3);
        SnapshotHeader before = last();

        test.group.keep("day-2");
        test.group.keep("day-2");

        assertThat(test.names()).containsExactly("keep-day-2", "day-0", "day-1", "day-2");
        assertThat(last().state()).isEqualTo(before.state());
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> test.group.delete("day-2"))
                .withMessageContaining("tag day-2 --no-keep");

        assertThat(test.group.release("day-2")).isTrue();
        assertThat(test.group.release("day-2")).isFalse();
        test.group.delete("day-2");
        assertThat(test.names()).doesNotContain("day-2", "keep-day-2");
        assertThat(last().state()).isEqualTo(before.state());
    }

    @Test
    void aNameThatLeavesNoRoomForATagIsRefused() {
        String name = "n".repeat(128);
        test.save(name, States.of("m"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> test.group.keep(name))
                .withMessageContaining("128");
    }

    @Test
    void pruningSaysFirstWhatItRemovesAndKeepsWhatIsTaggedOrNamed() {
        test.saveDaily(6);
        test.save("named", SnapshotKind.SAVE, TestGroup.NOW.minusSeconds(50), States.of("m"));
        test.save("newest", States.of("m"));
        test.group.keep("day-5");

        Pruning found = Pruning.find(test.group, 2, 0, 0, TestGroup.NOW);

        assertThat(found.remove())
                .extracting(SnapshotHeader::name)
                .containsExactly("day-0", "day-1", "day-2", "day-3", "day-4");
        assertThat(found.days()).isEqualTo("5 snapshots, of 2026-11-17 to 2026-11-21");
        assertThat(found.bytes()).isPositive();
        assertThat(test.names()).as("nothing was removed yet").hasSize(9);

        assertThat(found.removeFrom(test.group)).isEqualTo(5);

        assertThat(test.names()).hasSize(5).contains("named", "newest", "keep-day-5", "day-5");
        assertThat(last().trimmed()).as("one note for all of them").isEqualTo(6);
        assertThat(Pruning.find(test.group, 5, 0, 0, TestGroup.NOW).remove()).isEmpty();
    }

    @Test
    void agesAndDaysAreRulesToo() {
        test.saveDaily(6);

        assertThat(Pruning.find(test.group, 0, 3, 0, TestGroup.NOW).remove())
                .extracting(SnapshotHeader::name)
                .containsExactly("day-4", "day-5");
        assertThat(Pruning.find(test.group, 1, 0, 4, TestGroup.NOW).remove())
                .extracting(SnapshotHeader::name)
                .containsExactly("day-5");
        assertThatIllegalArgumentException().isThrownBy(() -> Pruning.find(test.group, 0, 0, 4, TestGroup.NOW));
    }
}
