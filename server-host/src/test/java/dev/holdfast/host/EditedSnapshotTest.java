package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.SaveDecision;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.plugin.fs.FsSnapshotFile;
import dev.holdfast.plugin.fs.FsSnapshotFormat;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Operators change snapshots by hand; what they meant is taken when they say so, and nothing else is. */
class EditedSnapshotTest {

    private static final String NAME = "20261121093000123-snapshot.cfg";

    @TempDir
    private Path directory;

    private Path file;
    private Snapshot before;

    @BeforeEach
    void aStoredSnapshot() {
        ServingState state = SnapshotText.parse(
                        "made",
                        "model_snapshot={\"name\":\"x\",\"modelCount\":1,\"models\":{\"m\":{\"1.0\":{\"defaultVersion\":true,"
                                + "\"marName\":\"m.mar\",\"minWorkers\":1,\"maxWorkers\":1}}}}")
                .state();
        before = SnapshotText.write(
                SnapshotHeader.builder()
                        .name(NAME)
                        .kind(SnapshotKind.SNAPSHOT)
                        .createdOn(Instant.parse("2026-11-21T09:30:00.123Z"))
                        .group("default")
                        .revision(7)
                        .host("h"),
                Map.of("job_queue_size", "100"),
                state);
        try (SnapshotSerializer fs = open()) {
            fs.save(before);
        }
        file = directory.resolve("config").resolve(NAME);
    }

    private SnapshotSerializer open() {
        return new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", directory).build());
    }

    private void edit(UnaryOperator<String> change) throws IOException {
        Files.writeString(file, change.apply(Files.readString(file)));
    }

    static Stream<Arguments> edits() {
        UnaryOperator<String> workers = text ->
                text.replace("\"maxWorkers\":1", "\"maxWorkers\":4").replace("\"minWorkers\":1", "\"minWorkers\":4");
        return Stream.of(
                arguments("a value", workers),
                arguments("an editor of Windows", then(workers, text -> "\ufeff" + text.replace("\n", "\r\n"))),
                arguments("without our last lines", then(workers, text -> text.substring(0, text.indexOf("#sha256=")))),
                arguments("without a line end", then(workers, text -> text.substring(0, text.indexOf("\n#sha256=")))),
                arguments("a line at the end", then(workers, text -> text + "\n# by ops\nmax_request_size=1000\n")),
                arguments(
                        "comments",
                        then(workers, text -> text.replace("\nmodel_snapshot=", "\n# four\nmodel_snapshot="))),
                arguments("a cut last line", then(workers, text -> text.substring(0, text.length() - 20))));
    }

    private static UnaryOperator<String> then(UnaryOperator<String> one, UnaryOperator<String> other) {
        return text -> other.apply(one.apply(text));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("edits")
    void whatWasEditedIsASnapshotAgainThatFollowsTheOneBefore(String how, UnaryOperator<String> change)
            throws IOException {
        edit(change);

        SnapshotHeader header = EditedSnapshot.accept(file).orElseThrow();

        assertThat(header.name()).as(how).isEqualTo(NAME);
        assertThat(header.revision()).isEqualTo(7);
        assertThat(header.follows()).hasValue(before.header().saveId());
        assertThat(header.history()).hasValue(before.header().saveId());
        assertThat(header.saveId()).isNotEqualTo(before.header().saveId());
        assertThat(header.state()).isPresent().isNotEqualTo(before.header().state());
        try (SnapshotSerializer fs = open()) {
            Snapshot last = fs.getLast().orElseThrow();
            assertThat(last.header()).isEqualTo(header);
            SnapshotText.Content content = SnapshotText.parse(NAME, last.text());
            assertThat(content.state().models().get("m").versions().get("1.0").maxWorkers())
                    .isEqualTo(4);
            assertThat(content.verified()).isTrue();
            assertThat(content.config())
                    .isEqualTo(
                            how.equals("a line at the end")
                                    ? Map.of("job_queue_size", "100", "max_request_size", "1000")
                                    : Map.of("job_queue_size", "100"));
        }
        assertThat(SnapshotText.parse("f", Files.readString(file)).verified())
                .as("a reader of the file alone")
                .isTrue();
        assertThat(EditedSnapshot.accept(file)).as("a second time").isEmpty();
        assertThat(file.getParent()).isDirectoryNotContaining("glob:**.tmp");
    }

    /** So it goes over to what was edited, and does not take the store for another one. */
    @Test
    void aHostThatKnowsTheOneBeforeIsLedToTheAccepted() throws IOException {
        HistoryPoint base = HistoryPoint.of(before);
        edit(change("\"maxWorkers\":1", "\"maxWorkers\":4"));
        EditedSnapshot.accept(file);
        try (SnapshotSerializer fs = open()) {
            Look look = Look.at(fs, Optional.of(base));

            assertThat(look.proven()).isTrue();
            assertThat(SaveDecision.of(look.head(), look.base(), base.state(), base.state(), look.proven()))
                    .isEqualTo(SaveDecision.BEHIND);
            fs.save(SnapshotText.write(
                    look.place()
                            .in(
                                    SnapshotHeader.builder()
                                            .name("later.cfg")
                                            .kind(SnapshotKind.SAVE)
                                            .createdOn(Instant.EPOCH)
                                            .group("default")
                                            .host("h"),
                                    "4ad3a7a6-ed15-4f38-b45f-4a3b2a4a5be1"),
                    Map.of(),
                    base.state()));

            assertThat(Look.at(fs, Optional.of(base)).proven())
                    .as("also where it is not the newest any more")
                    .isTrue();
        }
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                arguments(change("{\"name\"", "\"name\""), "model_snapshot is no JSON"),
                arguments(change("\"minWorkers\":1", "\"minWorkers\":\"many\""), "minWorkers"),
                arguments(
                        change("\"modelCount\":1", "\"modelCount\":0"),
                        "none would be served: write how many versions"),
                arguments(change("model_snapshot=", "model_snap="), "has no model_snapshot"),
                arguments(change("holdfast.header=", "header="), "has not Holdfast's two first lines"),
                arguments(change("#Holdfast snapshot format=1", "# mine"), "has not Holdfast's two first lines"),
                arguments(change("revision=7", "revision=x"), "has a holdfast.header that cannot be read"));
    }

    private static UnaryOperator<String> change(String from, String to) {
        return text -> text.replace(from, to);
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void whatCannotBeServedIsNamedAndTheFileLeftAsItIs(UnaryOperator<String> change, String said) throws IOException {
        edit(change);
        String edited = Files.readString(file);

        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> EditedSnapshot.accept(file))
                .withMessageContaining(said);
        assertThat(file).hasContent(edited);
    }

    @ParameterizedTest
    @ValueSource(strings = {"format=9", "format=2 body=zstd", "format=2.1", "format=999999999"})
    void aTextOfALaterFormatIsTooNewAndNotDamaged(String format) throws IOException {
        edit(change("format=1", format));
        String text = Files.readString(file);

        assertThatExceptionOfType(SnapshotFormatTooNewException.class)
                .isThrownBy(() -> SnapshotText.parse("x", text))
                .withMessageContaining("Start a newer Holdfast");

        assertThatExceptionOfType(SnapshotFormatTooNewException.class).isThrownBy(() -> EditedSnapshot.accept(file));
    }

    @Test
    void aSoundOneAndAForeignOneNeedNothing() throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Path foreign = Files.writeString(
                directory.resolve("theirs.cfg"), "model_snapshot={\"name\":\"x\",\"modelCount\":0,\"models\":{}}\n");

        assertThat(EditedSnapshot.accept(file)).isEmpty();
        assertThat(EditedSnapshot.accept(foreign)).isEmpty();

        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void whereItIsFoundOutTheWayForwardIsNamed() throws IOException {
        edit(change("\"maxWorkers\":1", "\"maxWorkers\":4"));

        String text = Files.readString(file);
        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> SnapshotText.parse("x", text))
                .withMessageContaining("does not match the SHA-256")
                .withMessageContaining("holdfast snapshots accept");
        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> FsSnapshotFormat.read(file))
                .withMessageContaining("If somebody changed it on purpose: holdfast snapshots accept " + file);
        edit(change("\"maxWorkers\":4", "\"maxWorkers\":40"));
        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> FsSnapshotFile.read(file))
                .withMessageContaining("holdfast snapshots accept " + file);
    }
}
