package dev.holdfast.host.operate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.holdfast.host.operate.HistoryCopy.Report;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryCopyTest {

    @TempDir
    private Path directory;

    private TestGroup here;
    private TestGroup there;

    @BeforeEach
    void open() {
        here = TestGroup.in(directory.resolve("here"));
        there = TestGroup.in(directory.resolve("there"), "blue");
    }

    @AfterEach
    void close() {
        here.close();
        there.close();
    }

    private HistoryCopy copy() {
        return new HistoryCopy(here.group, there.group, false, false, count -> {});
    }

    private void saveLearning(int from, int to) {
        for (int i = from; i <= to; i++) {
            here.save("s" + i, here.learned("fraud", 600_000, i / 2));
        }
    }

    private SnapshotHeader header(String name) {
        return SnapshotText.wholeHeader(there.group.get(name));
    }

    @Test
    void allOfAHistoryFollowsAnewAndIsWhole() {
        saveLearning(1, 5);

        Report report = copy().everything();

        assertThat(report.copied()).isEqualTo(5);
        assertThat(report.chunks()).isEqualTo(here.chunkFiles().size());
        assertThat(report.first()).isEqualTo(1);
        assertThat(report.last()).isEqualTo(5);
        assertThat(there.names()).containsExactly("s5", "s4", "s3", "s2", "s1");
        Optional<String> before = Optional.empty();
        for (int i = 1; i <= 5; i++) {
            SnapshotHeader source = SnapshotText.wholeHeader(here.group.get("s" + i));
            SnapshotHeader copy = header("s" + i);
            assertThat(copy.group()).isEqualTo("blue");
            assertThat(copy.follows()).isEqualTo(before);
            assertThat(copy.origin()).hasValue(source.saveId());
            assertThat(copy.history()).hasValue(header("s1").saveId());
            assertThat(copy.createdOn()).isEqualTo(source.createdOn());
            assertThat(copy.state()).isEqualTo(source.state());
            before = Optional.of(copy.saveId());
        }
        assertThat(SnapshotCheck.ofAll(there.group).problems()).isEmpty();
    }

    @Test
    void aSecondCopyTakesOnlyWhatIsNew() {
        saveLearning(1, 3);
        copy().everything();
        saveLearning(4, 6);

        Report report = copy().everything();

        assertThat(report.copied()).isEqualTo(3);
        assertThat(report.first()).isEqualTo(4);
        assertThat(report.chunks()).isLessThan(here.chunkFiles().size());
        assertThat(copy().everything().copied()).isZero();
        assertThat(SnapshotCheck.ofAll(there.group).problems()).isEmpty();
        assertThat(there.names()).hasSize(6);
    }

    @Test
    void aCopyThatBrokeOffGoesOnWhereItWas() throws IOException {
        saveLearning(1, 6);
        // Snapshot s4 cannot be read: the copy ends there.
        Path fourth = here.directory.resolve("s4");
        byte[] whole = Files.readAllBytes(fourth);
        TestGroup.damage(fourth);
        assertThatIllegalStateException()
                .isThrownBy(() -> copy().everything())
                .withMessageContainingAll("s4", "--skip-damaged");
        assertThat(there.names()).containsExactly("s3", "s2", "s1");
        Files.write(fourth, whole);

        assertThat(copy().everything().copied()).isEqualTo(3);

        assertThat(there.names()).containsExactly("s6", "s5", "s4", "s3", "s2", "s1");
        assertThat(SnapshotCheck.ofAll(there.group).problems()).isEmpty();
    }

    @Test
    void damagedOnesAreLeftOutWhereThatIsMeant() throws IOException {
        saveLearning(1, 3);
        TestGroup.damage(here.directory.resolve("s2"));

        Report report = new HistoryCopy(here.group, there.group, true, false, count -> {}).everything();

        assertThat(report.damaged()).singleElement().asString().startsWith("s2: ");
        assertThat(there.names()).containsExactly("s3", "s1");
    }

    @Test
    void aMissingChunkEndsTheCopyBeforeTheSnapshotThatNeedsIt() throws IOException {
        here.save("plain", States.of("m"));
        here.save("learned", here.learned("fraud", 600_000, 1));
        Files.delete(here.chunkFiles().get(0));

        assertThatIllegalStateException().isThrownBy(() -> copy().everything()).withMessageContaining("learned");
        assertThat(there.names()).containsExactly("plain");
    }

    @Test
    void theNewestAloneOrThoseSinceATimeAreCopied() {
        here.saveDaily(5);

        assertThat(copy().newest().copied()).isEqualTo(1);
        assertThat(there.names()).containsExactly("day-0");
        try (TestGroup other = TestGroup.in(directory.resolve("other"))) {
            Report report = new HistoryCopy(here.group, other.group, false, false, count -> {})
                    .since(TestGroup.NOW.minusSeconds(2 * 86_400));
            assertThat(report.copied()).isEqualTo(3);
            assertThat(other.names()).containsExactly("day-0", "day-1", "day-2");
        }
        assertThatExceptionOfType(SnapshotNotFoundException.class)
                .isThrownBy(() -> copy().since(TestGroup.NOW.plusSeconds(1)));
    }

    @Test
    void anotherHistoryIsNotCoveredUnlessThatIsMeant() {
        here.saveDaily(2);
        there.save("theirs", States.of("other"));

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> copy().everything())
                .withMessageContainingAll("theirs", "--as-newest");
        assertThat(there.names()).containsExactly("theirs");

        new HistoryCopy(here.group, there.group, false, true, count -> {}).everything();
        assertThat(there.names()).containsExactly("day-0", "day-1", "theirs");
    }

    @Test
    void whereAHostHasGoneOnFromTheCopiesThereIsNothingToDo() {
        here.saveDaily(2);
        copy().everything();
        there.save("by-a-host", SnapshotKind.STARTUP, TestGroup.NOW, States.of("m0"));

        assertThat(copy().everything().copied()).isZero();
        assertThat(there.names()).containsExactly("by-a-host", "day-0", "day-1");
    }

    @Test
    void copiesOfCopiesKeepTheFirstSaveIdAndAreKnownAgain() {
        here.saveDaily(3);
        copy().everything();
        try (TestGroup third = TestGroup.in(directory.resolve("third"))) {
            new HistoryCopy(there.group, third.group, false, false, count -> {}).everything();

            List<Snapshot> copies = third.names().stream().map(third.group::get).toList();
            assertThat(copies)
                    .extracting(copy -> SnapshotText.wholeHeader(copy).origin().orElseThrow())
                    .containsExactlyElementsOf(here.names().stream()
                            .map(name -> here.group.get(name).header().saveId())
                            .toList());
            assertThat(new HistoryCopy(here.group, third.group, false, false, count -> {})
                            .everything()
                            .copied())
                    .isZero();
        }
    }

    @Test
    void aSnapshotOfTorchServeKeepsItsText() throws IOException {
        String text =
                "inference_address=http://127.0.0.1:8080\nmodel_snapshot={\"name\":\"x\",\"modelCount\":0,\"models\":{}}\n";
        Files.createDirectories(here.directory);
        Files.writeString(here.directory.resolve("20261121093000123-startup.cfg"), text);

        assertThat(copy().everything().copied()).isEqualTo(1);

        assertThat(there.group.last().orElseThrow().text()).isEqualTo(text);
        assertThat(copy().everything().copied()).isZero();
    }
}
