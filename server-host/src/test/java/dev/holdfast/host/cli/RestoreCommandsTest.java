package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.holdfast.host.Host;
import dev.holdfast.host.HostsInTests;
import dev.holdfast.host.TestArchives;
import dev.holdfast.host.keeper.StoreStatus;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code holdfast snapshots plan}, {@code restore} and {@code undo} as an operator types them, on a host that runs. */
class RestoreCommandsTest {

    /** Where the store was away, it is soon seen that it is back. */
    private static final Map<String, String> LOOKS_OFTEN = Map.of("snapshot_look", "1");

    @TempDir
    private Path directory;

    private Typed typed;
    private Host host;
    private HostApi api;

    @BeforeEach
    void aHostServesTwoModels() throws Exception {
        directory = directory.toRealPath();
        Path store = directory.resolve("store");
        TestArchives.noop(store, "a.mar", "a", "1.0");
        TestArchives.noop(store, "b.mar", "b", "1.0");
        TestArchives.noop(store, "c.mar", "c", "1.0");
        Path logs = Files.createDirectories(directory.resolve("logs"));
        typed = new Typed(directory);
        host = HostsInTests.start(store, logs, LOOKS_OFTEN);
        RunningHost note = RunningHost.of(host, logs, Clock.systemUTC());
        new RunFiles(directory.resolve("run")).write(note);
        api = new HostApi(note);
        api.manage("POST", "/models?url=a.mar&initial_workers=1");
        api.manage("POST", "/models?url=b.mar&initial_workers=1");
        api.manage("POST", "/snapshots?name=good");
        api.manage("PUT", "/models/b?min_worker=2&max_worker=2&synchronous=true");
        api.manage("POST", "/models?url=c.mar&initial_workers=1");
    }

    @AfterEach
    void stop() {
        host.close();
    }

    private List<String> models() {
        List<String> names = new ArrayList<>();
        api.manage("GET", "/models")
                .path("models")
                .forEach(model -> names.add(model.path("modelName").asText()));
        return names;
    }

    private JsonNode json(String... line) {
        List<String> all = new ArrayList<>(List.of(line));
        all.add("--json");
        assertThat(typed.run(all.toArray(String[]::new)))
                .as("%s", typed.errLines())
                .isZero();
        return CommandJson.parse(typed.out());
    }

    @Test
    void aPlanIsWhatTheRestoreThenDoesAndARestoreIsAChangeLikeAnyOther() {
        JsonNode plan = json("snapshots", "plan", "good");
        assertThat(plan.required("actions").toString())
                .isEqualTo("[\"scale b 1.0 from 2..2 to 1..1 workers\",\"unload c 1.0\"]");
        assertThat(models()).containsExactly("a", "b", "c");
        long revision = host.storeStatus().revision();

        JsonNode done = json("snapshots", "restore", "good", "--yes");

        assertThat(done.required("actions")).isEqualTo(plan.required("actions"));
        assertThat(done.required("restored").textValue()).isEqualTo("good");
        assertThat(done.required("before").textValue()).isEqualTo("before-restore-" + revision);
        assertThat(models()).containsExactly("a", "b");
        assertThat(host.storeStatus().revision()).isEqualTo(revision + 2);
        assertThat(host.storeStatus().lastSnapshot())
                .hasValue(done.required("snapshot").textValue());
        assertThat(typed.run("snapshots", "diff", "good", "latest")).isZero();
        assertThat(typed.out()).startsWith("The two hold the same");
    }

    @Test
    void whatIsServedAlreadyNeedsNoStepAndLeavesNothing() {
        long revision = host.storeStatus().revision();

        assertThat(typed.run("snapshots", "plan", "latest")).isZero();
        assertThat(typed.out()).contains("is served already: nothing to do");
        assertThat(typed.run("snapshots", "restore", "latest", "--yes")).isZero();

        assertThat(typed.out()).startsWith("Nothing to do: what snapshot");
        assertThat(host.storeStatus().revision()).isEqualTo(revision);
    }

    @Test
    void anUndoGoesBackToBeforeTheLastChangeOrRestoreAndASecondOneTakesItBack() {
        assertThat(typed.run("snapshots", "undo", "--yes"))
                .as("%s", typed.errLines())
                .isZero();
        assertThat(typed.out()).contains("unload c 1.0", "what was served before is saved as \"before-restore-");
        assertThat(models()).containsExactly("a", "b");

        assertThat(typed.run("snapshots", "undo", "--yes")).isZero();
        assertThat(models()).containsExactly("a", "b", "c");

        assertThat(typed.run("snapshots", "restore", "good", "--yes")).isZero();
        assertThat(typed.run("snapshots", "undo", "--yes")).isZero();
        assertThat(models()).containsExactly("a", "b", "c");
    }

    @Test
    void aTimeMeansTheLastSnapshotThatWasThereThen() {
        Instant saved = Instant.parse(api.manage("GET", "/snapshots?kind=save")
                .at("/snapshots/0/createdOn")
                .asText());

        assertThat(json("snapshots", "plan", "--at", saved.toString())
                        .required("snapshot")
                        .textValue())
                .isEqualTo("good");
        assertThat(json("snapshots", "plan", "--at", "0s ago")
                        .required("snapshot")
                        .textValue())
                .isEqualTo(host.storeStatus().lastSnapshot().orElseThrow());
        assertThat(typed.run("snapshots", "restore", "--at", "2d ago", "--yes")).isEqualTo(ExitCodes.NOTHING_FOUND);
        assertThat(typed.errLines().get(1)).startsWith("No snapshot was taken at ");
        assertThat(typed.run("snapshots", "restore", "--at", "yesterday", "--yes"))
                .isEqualTo(2);
        assertThat(typed.errLines().get(0)).contains("--at 'yesterday' must be a time like");
    }

    @Test
    void aRestoreAsksAndOnlyAYesIsOne() {
        List<String> questions = new ArrayList<>();
        typed.answering("n");
        assertThat(typed.run("snapshots", "restore", "good")).isEqualTo(1);
        questions.addAll(typed.errLines());
        assertThat(typed.out()).contains("2 steps:", "  unload c 1.0");
        assertThat(questions.toString()).contains("Restore it? [y/N]").contains("Nothing was restored");
        assertThat(models()).hasSize(3);

        typed.answering("yes");
        assertThat(typed.run("snapshots", "restore", "good")).isZero();
        assertThat(models()).hasSize(2);
    }

    @Test
    void whereNobodyCanBeAskedYesHasToBeSaid() {
        for (String[] line : new String[][] {{"restore", "good"}, {"undo"}}) {
            List<String> all = new ArrayList<>(List.of("snapshots"));
            all.addAll(List.of(line));
            assertThat(typed.run(all.toArray(String[]::new))).isEqualTo(2);
            assertThat(typed.errLines().get(0)).contains("say --yes");
        }
        typed.answering("yes");
        assertThat(typed.run("snapshots", "restore", "good", "--json")).isEqualTo(2);
        assertThat(models()).hasSize(3);
    }

    @Test
    void aWrongNameIsAnsweredWithTheNearest() {
        assertThat(typed.run("snapshots", "restore", "goood", "--yes")).isEqualTo(ExitCodes.NOTHING_FOUND);
        assertThat(String.join("\n", typed.errLines())).contains("good");
        assertThat(typed.run("snapshots", "plan")).isEqualTo(2);
        assertThat(typed.run("snapshots", "plan", "good", "--at", "1h")).isEqualTo(2);
        assertThat(typed.run("snapshots", "restore", "good", "--yes", "--store", "fs"))
                .isEqualTo(2);
    }

    @Test
    void aSnapshotWhoseArchiveIsGoneChangesNothing() throws Exception {
        api.manage("DELETE", "/models/a");
        Files.delete(directory.resolve("store/a.mar"));
        long revision = host.storeStatus().revision();

        assertThat(typed.run("snapshots", "restore", "good", "--yes")).isEqualTo(1);

        assertThat(String.join("\n", typed.errLines()))
                .contains("Nothing was changed, because a model version cannot be loaded: a 1.0: ", "a.mar");
        assertThat(models()).containsExactly("b", "c");
        assertThat(host.storeStatus().revision()).isEqualTo(revision + 1);
        assertThat(host.storeStatus().lastSnapshot()).hasValue("before-restore-" + revision);
    }

    @Test
    void whatAModelHasLearnedComesBackToo() {
        TestArchives.forest(directory.resolve("store"));
        api.manage("POST", "/models?url=forest-1.0&initial_workers=1");
        api.manage("POST", "/snapshots?name=fresh");
        train(100);
        api.manage("POST", "/snapshots?name=monday");
        train(50);

        assertThat(json("snapshots", "plan", "monday").required("actions").toString())
                .isEqualTo("[\"replace forest 1.0 by forest-1.0 with 1 workers, for what it has learned\"]");
        for (String name : List.of("monday", "fresh", "monday")) {
            assertThat(typed.run("snapshots", "restore", name, "--yes"))
                    .as("%s", typed.errLines())
                    .isZero();
            assertThat(typed.run("snapshots", "diff", name, "latest")).isZero();
            assertThat(typed.out()).startsWith("The two hold the same");
        }
        assertThat(typed.run("snapshots", "undo", "--yes")).isZero();
        assertThat(typed.run("snapshots", "diff", "fresh", "latest")).isZero();
        assertThat(typed.out()).startsWith("The two hold the same");
    }

    private void train(int rows) {
        ArrayNode body = CommandJson.object().putArray("rows");
        for (int i = 0; i < rows; i++) {
            body.addArray().add(i % 7);
        }
        api.infer("/models/forest/train", body);
    }

    @Test
    void anExportFindsTheArchivesWhereTheSnapshotSaysThatTheyWere() {
        assertThat(typed.run("snapshots", "export", "good", "good.hfb", "--archives"))
                .as("%s", typed.errLines())
                .isZero();
        assertThat(typed.out()).contains("Exported good: 0 chunks, 2 files of archives");
    }

    private double metric(String series) throws Exception {
        String body = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(host.metricsAddress() + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        return body.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(series + " is not in " + body));
    }

    @Test
    void restoresAndTheirFailuresAreInTheMetricsAndSoIsTheMemoryOfAModel() throws Exception {
        String count = "holdfast_restore_seconds_count{outcome=\"%s\",when=\"%s\"}";
        assertThat(metric(count.formatted("failed", "running"))).isZero();
        TestArchives.forest(directory.resolve("store"));
        api.manage("POST", "/models?url=forest-1.0&initial_workers=1");
        train(100);
        api.manage("POST", "/snapshots?name=taught");

        typed.run("snapshots", "restore", "good", "--yes");
        typed.run("snapshots", "undo", "--yes");
        api.manage("DELETE", "/models/a");
        Files.delete(directory.resolve("store/a.mar"));
        assertThat(typed.run("snapshots", "restore", "good", "--yes")).isEqualTo(1);

        assertThat(metric(count.formatted("ok", "running"))).isEqualTo(2);
        assertThat(metric(count.formatted("failed", "running"))).isEqualTo(1);
        assertThat(metric("holdfast_model_memory_bytes{model_name=\"forest\",model_version=\"1.0\",part=\"learned\"}"))
                .isPositive();
        host.close();
        host = HostsInTests.start(directory.resolve("store"), directory.resolve("logs"), LOOKS_OFTEN);
        assertThat(metric(count.formatted("ok", "start"))).isEqualTo(1);
        assertThat(metric(count.formatted("ok", "running"))).isZero();
    }

    @Test
    void aDamagedSnapshotIsNotRestored() throws Exception {
        Path file = directory.resolve("logs/config/good");
        Files.writeString(file, Files.readString(file).replace("\"minWorkers\":1", "\"minWorkers\":9"));

        assertThat(typed.run("snapshots", "restore", "good", "--yes")).isEqualTo(1);

        assertThat(String.join("\n", typed.errLines())).contains("good").contains("SHA-256");
        assertThat(models()).hasSize(3);
    }

    @Test
    void withoutAHostItIsSaidHowToStartWithASnapshot() {
        Path elsewhere = directory.resolve("elsewhere");
        assertThat(typed.run("snapshots", "restore", "good", "--yes", "--log-location", elsewhere.toString()))
                .isEqualTo(1);
        assertThat(typed.errLines().get(0)).contains("holdfast --start --snapshot NAME");
        assertThat(Optional.of(elsewhere).filter(Files::exists)).isEmpty();
    }

    private Path storeGoes() throws Exception {
        Path away = directory.resolve("away");
        Files.move(directory.resolve("logs/config"), away);
        return away;
    }

    private void storeComesBack(Path away) throws Exception {
        Path place = directory.resolve("logs/config");
        Files.move(away, place);
        await().until(() -> host.storeStatus().mode() == StoreStatus.Mode.ATTACHED);
    }

    @Test
    void whileTheStoreIsAwayWhatTheJournalHasIsRestoredAndWhatItLacksChangesNothing() throws Exception {
        String first = host.storeStatus().lastSnapshot().orElseThrow();
        String oldest = CommandJson.parse(api.manageForText("GET", "/snapshots?kind=startup"))
                .at("/snapshots/0/name")
                .asText();
        Path away = storeGoes();

        assertThat(typed.run("snapshots", "restore", oldest, "--yes")).isEqualTo(1);
        assertThat(String.join("\n", typed.errLines())).contains("is gone");
        assertThat(models()).containsExactly("a", "b", "c");
        assertThat(typed.run("snapshots", "restore", "good", "--yes"))
                .as("the journal has a copy of it: %s", typed.errLines())
                .isZero();
        assertThat(models()).containsExactly("a", "b");
        assertThat(host.storeStatus().mode()).isEqualTo(StoreStatus.Mode.SPOOLING);

        storeComesBack(away);
        assertThat(typed.run("snapshots", "restore", first, "--yes")).isZero();
        assertThat(models()).containsExactly("a", "b", "c");
        assertThat(typed.run("snapshots", "verify", "--all")).isZero();
    }

    @Test
    void whatCannotBeSeenBecauseTheStoreIsAwayIsNotCalledNothing() throws Exception {
        Path away = storeGoes();
        api.manage("DELETE", "/models/c");
        assertThat(host.storeStatus().mode()).isEqualTo(StoreStatus.Mode.SPOOLING);

        assertThat(typed.run("snapshots", "undo", "--yes")).isEqualTo(1);
        assertThat(typed.errLines()).last().asString().contains("is in store fs, which does not answer");
        assertThat(typed.run("snapshots", "plan", "--at", "1d ago")).isEqualTo(1);
        assertThat(typed.errLines()).last().asString().contains("of those that are seen", "SPOOLING");
        assertThat(typed.run("snapshots", "prune", "--keep", "1", "--yes")).isEqualTo(1);
        assertThat(typed.errLines()).last().asString().startsWith("Nothing is removed. ");
        assertThat(typed.run("snapshots", "list")).isZero();
        assertThat(typed.errLines()).last().asString().contains("only what waits in its journal is seen");

        storeComesBack(away);
        assertThat(typed.run("snapshots", "undo", "--yes")).isZero();
        assertThat(models()).containsExactly("a", "b", "c");
    }

    @Test
    void aHostThatIsDetachedRestoresNothing() throws Exception {
        host.close();
        Path away = storeGoes();
        host = HostsInTests.start(directory.resolve("store"), directory.resolve("logs"), LOOKS_OFTEN);
        RunningHost note = RunningHost.of(host, directory.resolve("logs"), Clock.systemUTC());
        new RunFiles(directory.resolve("run")).write(note);
        api = new HostApi(note);
        assertThat(host.storeStatus().mode()).isEqualTo(StoreStatus.Mode.DETACHED);

        for (String[] line : new String[][] {{"restore", "good"}, {"restore", "no-such"}, {"undo"}}) {
            List<String> all = new ArrayList<>(List.of("snapshots"));
            all.addAll(List.of(line));
            all.add("--yes");
            assertThat(typed.run(all.toArray(String[]::new))).isEqualTo(ExitCodes.REFUSED);
            assertThat(typed.errLines()).last().asString().contains("detached from its store fs", "attach --take");
        }

        assertThat(models()).containsExactly("a", "b", "c");
        storeComesBack(away);
    }

    @Test
    void aTagGoesAlsoWhereItIsTheLastSnapshotOfAll() {
        assertThat(typed.run("snapshots", "tag", "good", "--keep")).isZero();
        assertThat(typed.run("snapshots", "tag", "good", "--no-keep"))
                .as("%s", typed.errLines())
                .isZero();

        assertThat(typed.out()).startsWith("Snapshot good is not kept any longer");
        assertThat(typed.run("snapshots", "show", "keep-good")).isEqualTo(ExitCodes.NOTHING_FOUND);
        assertThat(typed.run("snapshots", "plan", "latest")).isZero();
        assertThat(typed.out()).contains("nothing to do");
        assertThat(host.storeStatus().mode()).isEqualTo(StoreStatus.Mode.ATTACHED);
    }

    @Test
    void latestIsANameForTagAndDeleteToo() {
        String last = host.storeStatus().lastSnapshot().orElseThrow();
        assertThat(typed.run("snapshots", "delete", "latest")).isEqualTo(ExitCodes.REFUSED);
        assertThat(typed.errLines()).last().asString().contains(last, "it is the last one");

        assertThat(typed.run("snapshots", "tag", "latest", "--keep")).isZero();

        assertThat(typed.out()).startsWith("Snapshot " + last + " is kept");
        assertThat(typed.run("snapshots", "delete", "latest"))
                .as("the tag is the last one now, and would go")
                .isEqualTo(ExitCodes.REFUSED);
        assertThat(typed.run("snapshots", "delete", last)).isEqualTo(ExitCodes.REFUSED);
    }

    @Test
    void aCopyGoesToAnotherDirectoryWhileTheHostRunsAndNotIntoItsOwn() throws Exception {
        String backup = "fs:#directory=" + directory + "/backup";
        String[] copy = {"snapshots", "copy", "--from", "fs", "--to", backup, "--all"};
        Path logs = directory.resolve("logs");
        try (FileChannel channel =
                FileChannel.open(logs.resolve(LockFile.NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertThat(LockFile.take(channel, logs, Duration.ofSeconds(30))).isPresent();
            LockFile.sign(channel, ProcessIdentity.current());

            assertThat(typed.run(copy)).as("%s", typed.errLines()).isZero();
            assertThat(typed.out()).startsWith("Copied ");
            assertThat(typed.run("snapshots", "copy", "--from", backup, "--to", "fs", "--all"))
                    .isEqualTo(ExitCodes.REFUSED);
            assertThat(typed.errLines()).last().asString().contains("has store fs open");

            api.manage("POST", "/snapshots?name=later");
            assertThat(typed.run(copy)).as("%s", typed.errLines()).isZero();
            assertThat(typed.out()).startsWith("Copied 1 snapshot of ");
        }
    }

    @Test
    void anotherStoreOfTheSameNameThanTheHostsIsNotLookedAtInItsPlace() throws Exception {
        Path place = Files.createDirectories(directory.resolve("other-logs"));
        String elsewhere = directory.resolve("elsewhere").toString();
        try (Host other =
                HostsInTests.start(directory.resolve("store"), place, Map.of("snapshot.fs.directory", elsewhere))) {
            new RunFiles(directory.resolve("run")).write(RunningHost.of(other, place, Clock.systemUTC()));
            for (String command : List.of("verify --all", "export latest x.hfb")) {
                List<String> line = new ArrayList<>(List.of("snapshots"));
                line.addAll(List.of(command.split(" ", -1)));
                line.addAll(List.of("--log-location", place.toString()));

                assertThat(typed.run(line.toArray(String[]::new)))
                        .as("%s", typed.out())
                        .isEqualTo(1);
                assertThat(typed.errLines())
                        .last()
                        .asString()
                        .contains(other.storeStatus().lastSnapshot().orElseThrow(), "another one", "--config FILE");

                line.addAll(List.of("-D", "snapshot.fs.directory=" + elsewhere));
                assertThat(typed.run(line.toArray(String[]::new)))
                        .as("%s", typed.errLines())
                        .isZero();
            }
        }
    }
}
