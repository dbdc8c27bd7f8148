package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code holdfast snapshots} as an operator types it where no host runs, on the files of serializer fs. */
class SnapshotCommandsTest {

    @TempDir
    private Path directory;

    private Typed typed;
    private List<String> names;

    @BeforeEach
    void aHostHasSaved() throws IOException {
        directory = directory.toRealPath();
        typed = new Typed(directory);
        names = save(directory.resolve("logs"), 5);
    }

    private static List<String> save(Path logs, int count) {
        List<String> names = new ArrayList<>();
        try (SnapshotSerializer fs = new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs).group("default").build())) {
            for (int revision = 1; revision <= count; revision++) {
                var snapshot = States.snapshot(revision, "m" + revision, "always");
                fs.save(snapshot);
                names.add(snapshot.header().name());
            }
        }
        return names;
    }

    /** What every file below a directory holds. */
    private static Map<String, String> files(Path directory) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path file : tree.filter(Files::isRegularFile).toList()) {
                files.put(
                        directory.relativize(file).toString(),
                        Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
        return files;
    }

    private JsonNode json(String... line) {
        List<String> all = new ArrayList<>(List.of(line));
        all.add("--json");
        assertThat(typed.run(all.toArray(String[]::new)))
                .as("%s", typed.errLines())
                .isZero();
        assertThat(typed.errLines()).isEmpty();
        return CommandJson.parse(typed.out());
    }

    @Test
    void theListSaysWhereItComesFromAndHowManyThereAre() {
        assertThat(typed.run("snapshots", "list", "--limit", "2")).isZero();

        assertThat(typed.errLines())
                .containsExactly("From store fs, group default, log location " + directory.resolve("logs")
                        + "; no host runs there");
        assertThat(typed.out().lines().toList().get(1)).startsWith(names.get(4));
        assertThat(typed.out()).endsWith("These are the newest 2 of 5; --limit N shows more.\n");
        assertThat(typed.run("snapshots", "list", "--quiet")).isZero();
        assertThat(typed.errLines()).isEmpty();
        assertThat(typed.out()).doesNotContain("\u001b");
    }

    @Test
    void filtersChoose() {
        assertThat(json("snapshots", "list", "--since", "2026-11-21T08:03:00Z", "--until", "2026-11-21T08:05:00Z")
                        .required("snapshots"))
                .hasSize(2);
        assertThat(json("snapshots", "list", "--since", "2026-11-22").required("snapshots"))
                .isEmpty();
        assertThat(json("snapshots", "list", "--kind", "save").required("snapshots"))
                .isEmpty();
        assertThat(json("snapshots", "list", "--host", "other-host").required("snapshots"))
                .hasSize(5);
        assertThat(json("snapshots", "list", "--group", "blue").required("snapshots"))
                .isEmpty();
    }

    @Test
    void jsonOfAListHasTheFieldsThatAreDocumented() {
        JsonNode list = json("snapshots", "list", "--limit", "1");

        assertThat(list.fieldNames()).toIterable().containsExactly("from", "snapshots", "more");
        assertThat(list.required("more").booleanValue()).isTrue();
        assertThat(list.at("/from/store").textValue()).isEqualTo("fs");
        assertThat(list.at("/snapshots/0/revision").longValue()).isEqualTo(5);
        assertThat(list.at("/snapshots/0/kept").isBoolean()).isTrue();
    }

    @Test
    void oneIsShownAsWhatItHoldsOrAsItsText() {
        assertThat(typed.run("snapshots", "show", "latest")).isZero();
        assertThat(typed.out()).contains("revision  5", "m5, version 1.0 (default): m5.mar, workers 1 to 1");
        assertThat(typed.run("snapshots", "show", "--text", names.get(0))).isZero();
        assertThat(typed.out()).startsWith("#Holdfast snapshot format=1").contains("model_snapshot");
        assertThat(json("snapshots", "show", "latest").at("/header/name").textValue())
                .isEqualTo(names.get(4));
    }

    @Test
    void twoAreComparedLineByLine() {
        assertThat(typed.run("snapshots", "diff", names.get(0), "latest")).isZero();

        assertThat(typed.out()).isEqualTo("""
                Models
                - m1, version 1.0: archive m1.mar, workers 1 to 1
                + m5, version 1.0: archive m5.mar, workers 1 to 1
                2 differences of models, 0 of what they have learned, 0 of the configuration
                """);
        assertThat(json("snapshots", "diff", "latest", "latest")
                        .required("same")
                        .booleanValue())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "show nothing-like-it              | 3 | list",
                "show 20261121080100000-snapshot.cgf | 3 | the nearest: 20261121080100000-snapshot.cfg",
                "diff latest lates                 | 3 | the nearest: latest",
                "delete nothing-like-it            | 3 | nothing-like-it",
                "tag nothing-like-it --keep        | 3 | nothing-like-it",
                "tag nothing-like-it --no-keep     | 3 | nothing-like-it",
                "verify nothing-like-it            | 3 | nothing-like-it",
                "export nothing-like-it x.hfb      | 3 | nothing-like-it",
                "import not-there.hfb              | 3 | not-there.hfb",
                "show latest --group empty         | 3 | no snapshots",
                "copy --from fs --to fs --group empty | 3 | empty",
                "delete 20261121080500000-snapshot.cfg | 4 | the last one",
                "import logs/config/20261121080500000-snapshot.cfg | 1 | This is no bundle",
                "list --store nope                 | 1 | is not here; there are: fs",
                "list --store fs:#colour=blue      | 1 | colour",
                "list --store fs:#name=x           | 1 | names a snapshot where a store is meant",
                "list --group no/group             | 1 | no/group",
                "list --config not-there           | 1 | not-there",
                "export latest no/such/dir.hfb     | 1 | no/such",
                "export latest --archives x.hfb    | 1 | model_store",
                "list --limit 0                    | 2 | must be 1 or more",
                "list --kind nightly               | 2 | nightly",
                "list --since yesterday            | 2 | yesterday",
                "list -D =value                    | 2 | --set needs a key",
                "verify --all latest               | 2 | not both",
                "copy --from fs                    | 2 | --to",
                "copy --from fs --to fs --all --since 2026-01-01 | 2 | not both",
                "copy --from fs --to fs --store fs | 2 | --from and --to",
                "tag latest                        | 2 | --keep",
                "prune                             | 2 | --keep N",
                "prune --keep -1                   | 2 | must be 0 or more",
                "prune --keep-daily 3              | 2 | --keep N",
                "diff latest                       | 2 | NAME",
                "export latest - --json            | 2 | standard output",
                "status --json                     | 2 | takes no options",
                "accept x --store fs               | 2 | takes no options",
            })
    void aFailureIsOneLineAndAnExitCodeAndChangesNothing(String line, int exitCode, String said) throws IOException {
        Map<String, String> before = files(directory);

        List<String> all = new ArrayList<>(List.of("snapshots"));
        all.addAll(List.of(line.strip().split(" ")));
        all.add("--quiet");
        int code = typed.run(all.toArray(String[]::new));

        assertThat(typed.errLines())
                .as("exit code %s", code)
                .singleElement()
                .asString()
                .contains(said);
        assertThat(code).isEqualTo(exitCode);
        assertThat(typed.out()).isEmpty();
        assertThat(files(directory)).isEqualTo(before);
    }

    @Test
    void tagsAreSeenInTheListAndPruningSparesThem() {
        assertThat(typed.run("snapshots", "tag", names.get(0), "--keep")).isZero();
        assertThat(typed.out()).isEqualTo("Snapshot " + names.get(0) + " is kept\n");
        assertThat(typed.run("snapshots", "list")).isZero();
        assertThat(typed.out().lines().filter(line -> line.endsWith("kept")))
                .singleElement()
                .asString()
                .startsWith(names.get(0));

        assertThat(typed.run("snapshots", "prune", "--keep", "2")).isZero();
        assertThat(typed.out()).contains("Would remove 3 snapshots", "the same with --yes");
        assertThat(json("snapshots", "list").required("count").longValue()).isEqualTo(6);

        assertThat(typed.run("snapshots", "prune", "--keep", "2", "--yes")).isZero();
        assertThat(typed.out()).contains("Removed 3 of 3 snapshots");
        assertThat(typed.run("snapshots", "show", names.get(0))).isZero();
        assertThat(typed.run("snapshots", "show", names.get(1))).isEqualTo(3);
    }

    @Test
    void aFileGoesFromOneLogLocationToAnother() {
        assertThat(typed.run("snapshots", "export", "latest", "x.hfb")).isZero();
        assertThat(typed.run("snapshots", "import", "x.hfb", "--log-location", "new"))
                .isZero();
        assertThat(typed.out()).isEqualTo("Imported as revision 1 of group default: " + names.get(4) + ", 0 chunks\n");
        assertThat(typed.run("snapshots", "import", "x.hfb", "--log-location", "new"))
                .isZero();
        assertThat(typed.out()).contains("is there already, as revision 1");
        save(directory.resolve("third"), 1);
        assertThat(typed.run("snapshots", "import", "x.hfb", "--log-location", "third"))
                .isEqualTo(4);
    }

    @Test
    void aHistoryIsCopiedFromDirectoryToDirectory() {
        String[] line = {"snapshots", "copy", "--from", "fs", "--to", "fs:#directory=" + directory + "/copy", "--all"};
        assertThat(typed.run(line)).isZero();
        assertThat(typed.out()).contains("Copied 5 snapshots of 5", "revisions 1 to 5");
        assertThat(typed.run(line)).isZero();
        assertThat(typed.out()).contains("Nothing to copy: 5 snapshots");
        assertThat(json("snapshots", "list", "--store", "fs:#directory=" + directory + "/copy")
                        .required("count")
                        .longValue())
                .isEqualTo(5);
    }

    @Test
    void theGroupInTheUrlOfTheTargetIsTheOneThatIsCopiedTo() {
        String url = "fs:#directory=" + directory + "/copy&group=staging";

        assertThat(typed.run("snapshots", "copy", "--from", "fs", "--to", url, "--all"))
                .isZero();
        assertThat(typed.errLines()).contains("From store fs, group default, to store fs, group staging");

        assertThat(typed.run("snapshots", "copy", "--from", "fs", "--to", url, "--to-group", "other", "--all"))
                .isNotZero();
        assertThat(typed.errLines())
                .last()
                .asString()
                .contains("The URL of the store says group 'staging', and the option 'other'; say one of them");
    }

    @Test
    void whatIsWrongIsToldWithExitCode1() throws IOException {
        Path text = directory.resolve("logs/config").resolve(names.get(1));
        Files.writeString(text, Files.readString(text).replace("m2.mar", "m3.mar"));

        assertThat(typed.run("snapshots", "verify", "--all")).isEqualTo(1);
        assertThat(typed.out()).contains("WRONG  ", names.get(1), "5 snapshots", "1 problem");
        assertThat(typed.run("snapshots", "verify")).isZero();
    }

    @Test
    void nothingIsWrittenPastAHostThatHasTheLogLocation() throws IOException, InterruptedException {
        Path logs = directory.resolve("logs");
        try (FileChannel channel =
                FileChannel.open(logs.resolve(LockFile.NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            Optional<FileLock> lock = LockFile.take(channel, logs, Duration.ofSeconds(30));
            assertThat(lock).isPresent();
            LockFile.sign(channel, ProcessIdentity.current());
            for (String line : List.of(
                    "delete " + names.get(0),
                    "tag " + names.get(0) + " --keep",
                    "prune --keep 1 --yes",
                    "import x.hfb")) {
                Files.writeString(directory.resolve("x.hfb"), "");
                List<String> all = new ArrayList<>(List.of("snapshots"));
                all.addAll(List.of(line.split(" ")));
                all.addAll(List.of("--store", "fs"));

                assertThat(typed.run(all.toArray(String[]::new))).as(line).isEqualTo(4);
                assertThat(typed.errLines())
                        .last()
                        .asString()
                        .contains(
                                "nothing changed",
                                "pid " + ProcessHandle.current().pid(),
                                "--stop");
            }
            assertThat(json("snapshots", "list", "--store", "fs")
                            .required("count")
                            .longValue())
                    .as("reading is allowed")
                    .isEqualTo(5);
        }
    }

    @Test
    void whatWaitsOnTheHostsDiskIsToldAndADecisionThatWaitsForbidsRemoval() throws IOException {
        Path journal = Files.createDirectories(directory.resolve("logs/journal/fs/default/pending"));
        Files.writeString(journal.resolve("000001-20261121090000000-snapshot.cfg"), "x");
        assertThat(typed.run("snapshots", "list")).isZero();
        assertThat(typed.errLines()).last().asString().contains("not in the store yet: 1 snapshot;");

        Path pins = Files.createDirectories(directory.resolve("logs/journal/fs/default/pins"));
        Files.writeString(pins.resolve("base"), "x");
        Map<String, String> before = files(directory);
        assertThat(typed.run("snapshots", "delete", names.get(0))).isEqualTo(4);
        assertThat(typed.errLines()).last().asString().contains("a divergence", "holdfast snapshots status");
        assertThat(typed.run("snapshots", "prune", "--keep", "1", "--yes")).isEqualTo(4);
        assertThat(files(directory)).isEqualTo(before);
    }

    @Test
    void whereSeveralPluginsBringAStoreTheCommandSaysWithWhichOptionOneIsChosen() {
        Path plugins = directory.resolve("plugins");
        new MemoryPlugin().write(plugins.resolve("memory.jar"));
        new MemoryPlugin().with("\"memory\"", "\"other\"").write(plugins.resolve("other.jar"));

        assertThat(typed.run("snapshots", "list", "--plugins-path=" + plugins)).isEqualTo(1);

        assertThat(typed.errLines())
                .last()
                .isEqualTo("The plugins bring 2 snapshot serializers; choose one with --store: memory, other, or fs");
        assertThat(typed.run("snapshots", "list", "--plugins-path=" + plugins, "--store=fs"))
                .isZero();
    }
}
