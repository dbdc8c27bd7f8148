package dev.holdfast.plugin.raft;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.plugin.raft.FleetAdmin.Member;
import dev.holdfast.plugin.raft.FleetAdmin.Status;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Raft snapshot process: create and store, export, import, transfer; with peers that are killed and that come new. */
class SnapshotProcessIT {

    @TempDir
    private Path directory;

    private Fleet fleet;

    @AfterEach
    void stop() throws InterruptedException {
        fleet.close();
    }

    private void threeProcesses() {
        fleet = Fleet.startedApart(directory, 3);
    }

    private void threeInHere() {
        fleet = Fleet.started(directory, 3);
    }

    private static void save(SnapshotSerializer serializer, int from, int to) {
        for (int revision = from; revision <= to; revision++) {
            serializer.save(snapshot("default", revision));
        }
    }

    private static String id(int number) {
        return String.format(Locale.ROOT, "%064x", number);
    }

    /** Learned state of some megabytes, each a chunk of its own. */
    private static Map<String, byte[]> chunks(int megabytes, long seed) {
        Map<String, byte[]> chunks = new TreeMap<>();
        for (int i = 0; i < megabytes; i++) {
            chunks.put(id(i), TestSnapshots.noise(1 << 20, seed + i));
        }
        return chunks;
    }

    private static void put(SnapshotSerializer serializer, Map<String, byte[]> chunks) {
        serializer.chunks().orElseThrow().put(chunks);
    }

    private static void assertHolds(SnapshotSerializer serializer, int revisions, Map<String, byte[]> chunks) {
        assertThat(SnapshotPage.all(serializer, ListRequest.firstPage(100)).map(header -> header.revision()))
                .hasSize(revisions);
        for (int revision = 1; revision <= revisions; revision++) {
            Snapshot expected = snapshot("default", revision);
            assertThat(Arrays.equals(serializer.get(expected.header().name()).toBytes(), expected.toBytes()))
                    .as("text of revision %s", revision)
                    .isTrue();
        }
        Map<String, byte[]> found = serializer.chunks().orElseThrow().get(chunks.keySet());
        assertThat(found.keySet()).isEqualTo(chunks.keySet());
        chunks.forEach((id, content) -> assertThat(Arrays.equals(found.get(id), content))
                .as("chunk %s", id)
                .isTrue());
    }

    private static String leader(FleetAdmin admin) {
        return await().until(() -> admin.status().leader(), leader -> leader.isPresent())
                .orElseThrow();
    }

    private static Member member(FleetAdmin admin, String id) {
        return admin.status().members().stream()
                .filter(member -> member.peer().id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** A log's file ends where another peer begins to lead; only such a file can be removed. */
    private void cutTheLogs(FleetAdmin admin, SnapshotSerializer serializer, int revision, List<String> of) {
        String next =
                of.stream().filter(id -> !id.equals(leader(admin))).findFirst().orElseThrow();
        admin.transferLeader(next);
        save(serializer, revision, revision);
        for (String id : of) {
            await().until(() -> member(admin, id).behind() == 0);
            admin.takeSnapshot(id);
        }
    }

    private static void assertUpToDate(FleetAdmin admin, String id) {
        await().untilAsserted(() -> {
            Status status = admin.status();
            assertThat(status.leader()).isPresent();
            Member leader = status.members().stream()
                    .filter(member -> member.role().equals("leader"))
                    .findFirst()
                    .orElseThrow();
            Member member = member(admin, id);
            assertThat(member.inFleet()).isTrue();
            assertThat(member.applied()).isGreaterThanOrEqualTo(leader.applied());
        });
    }

    @Test
    void aFollowerWritesItsStateAndIsTheSameAfterAReopen() throws Exception {
        threeInHere();
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            save(client, 1, 20);
            String leader = leader(admin);
            String follower = fleet.ids().stream()
                    .filter(id -> !id.equals(leader))
                    .findFirst()
                    .orElseThrow();
            await().until(() -> member(admin, follower).behind() == 0);

            long upTo = admin.takeSnapshot(follower);

            assertThat(fleet.stateFiles(follower)).singleElement().asString().endsWith("_" + upTo);
            assertThat(fleet.stateFiles(leader)).isEmpty();
            save(client, 21, 22);
            fleet.stop(follower);
            fleet.start(follower);
            assertUpToDate(admin, follower);
            Member after = member(admin, follower);
            assertThat(after.snapshot()).isEqualTo(upTo);
            assertThat(after.lastIndex()).isEqualTo(member(admin, leader).lastIndex());
            assertHolds(client, 22, Map.of());
        }
    }

    @Test
    void theDirectoryIsBoundedHoweverMuchWasPut() throws Exception {
        fleet = new Fleet(directory, 1).with("snapshot-mebibytes", "4");
        fleet.start("a");
        try (SnapshotSerializer client = fleet.openClient()) {
            Map<String, byte[]> last = Map.of();
            for (int round = 0; round < 16; round++) {
                last = chunks(4, 1000L * round);
                put(client, last);
            }
            Map<String, byte[]> kept = last;

            // 64 MiB went in, of which 4 are there still; of the log one file of 8 MiB is in use.
            await().untilAsserted(() -> assertThat(fleet.bytes("a")).isLessThan(32L << 20));
            assertHolds(client, 0, kept);
        }
    }

    @Test
    void aNewPeerIsSentTheStateAndThenLeadsWithNothingElse() throws Exception {
        threeInHere();
        Map<String, byte[]> chunks = chunks(6, 1);
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            save(client, 1, 20);
            put(client, chunks);
            cutTheLogs(admin, client, 21, fleet.ids());
            String d = fleet.addPeer();
            fleet.with("join", "true").start(d);

            admin.add(fleet.address(d));

            assertUpToDate(admin, d);
            assertThat(fleet.stateFiles(d))
                    .as("the state that the leader has sent")
                    .hasSize(1);
            admin.transferLeader(d);
            await().until(() -> leader(admin).equals(d));
            assertHolds(client, 21, chunks);
            save(client, 22, 23);
            assertHolds(client, 23, chunks);
        }
    }

    @Test
    void aKilledPeerThatMissedTheCutLogIsSentTheStateAndTheRestOfTheLog() throws Exception {
        threeProcesses();
        Map<String, byte[]> chunks = chunks(4, 2);
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            save(client, 1, 10);
            if (leader(admin).equals("c")) {
                admin.transferLeader("a");
            }
            fleet.kill("c");
            save(client, 11, 20);
            put(client, chunks);
            cutTheLogs(admin, client, 21, List.of("a", "b"));
            save(client, 22, 25);

            fleet.startProcess("c");

            assertUpToDate(admin, "c");
            assertThat(fleet.stateFiles("c")).hasSize(1);
            admin.transferLeader("c");
            fleet.kill("a");
            assertHolds(client, 25, chunks);
            save(client, 26, 26);
        }
    }

    @Test
    void allKilledAtOnceComeBackWithAllThatWasSaved() throws Exception {
        threeProcesses();
        Map<String, byte[]> chunks = chunks(2, 3);
        try (SnapshotSerializer client = fleet.openClient()) {
            save(client, 1, 30);
            put(client, chunks);
            for (String id : fleet.ids()) {
                fleet.kill(id);
            }
            for (String id : fleet.ids()) {
                fleet.startProcess(id);
            }
            assertHolds(client, 30, chunks);
        }
    }

    /** A fourth peer, waiting, where the others have a state of some size to send and no log to send in its place. */
    private String waitingFourth(FleetAdmin admin, SnapshotSerializer client, Map<String, byte[]> chunks)
            throws IOException {
        save(client, 1, 3);
        put(client, chunks);
        cutTheLogs(admin, client, 4, fleet.ids());
        String d = fleet.addPeer();
        fleet.with("join", "true").startProcess(d);
        return d;
    }

    private CompletableFuture<Void> adding(String id) {
        return adding(id, fleet.client("held"));
    }

    private CompletableFuture<Void> adding(String id, SerializerConfig as) {
        return CompletableFuture.runAsync(() -> {
            try (FleetAdmin admin = new FleetAdmin(Settings.of(as))) {
                admin.add(fleet.address(id));
            }
        });
    }

    private void awaitTransfer(String to) {
        await().pollInterval(2, TimeUnit.MILLISECONDS)
                .until(() -> fleet.files(to).stream()
                        .anyMatch(file -> file.toString().contains("snapshot-")));
    }

    /** Whatever became of the first attempt. */
    private void addAgain(FleetAdmin admin, CompletableFuture<Void> first, String id) {
        first.handle((done, failure) -> true).join();
        await().ignoreExceptions().until(() -> {
            if (!member(admin, id).inFleet()) {
                admin.add(fleet.address(id));
            }
            return member(admin, id).inFleet();
        });
    }

    @Test
    void aReceiverThatIsKilledInTheMiddleIsSentAllOfItAgain() throws Exception {
        threeProcesses();
        Map<String, byte[]> chunks = chunks(24, 4);
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            String d = waitingFourth(admin, client, chunks);
            CompletableFuture<Void> adding = adding(d);
            awaitTransfer(d);

            fleet.kill(d);
            fleet.startProcess(d);

            addAgain(admin, adding, d);
            assertUpToDate(admin, d);
            admin.transferLeader(d);
            assertHolds(client, 4, chunks);
            fleet.kill(d);
            fleet.startProcess(d);
            assertUpToDate(admin, d);
        }
    }

    @Test
    void aPeerThatWasStoppedBeforeItWasAddedWaitsAgain() throws Exception {
        threeInHere();
        String d = fleet.addPeer();
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            // A leader that has written who is in the fleet tells others that stand for election to end.
            cutTheLogs(admin, client, 1, List.of("a", "b", "c"));
            fleet.with("join", "true").start(d);
            fleet.stop(d);

            fleet.start(d);

            await().during(2, TimeUnit.SECONDS)
                    .until(() -> member(admin, d).role().equals("follower"));
            admin.add(fleet.address(d));
            assertUpToDate(admin, d);
        }
    }

    @Test
    void aPeerThatEndsWhileItIsAddedIsGivenUpInItsTime() throws Exception {
        threeProcesses();
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            String d = waitingFourth(admin, client, chunks(24, 11));
            CompletableFuture<Void> adding = adding(d, fleet.client("held").with("timeout", "5s"));
            awaitTransfer(d);

            fleet.kill(d);

            assertThatThrownBy(() -> adding.get(3, TimeUnit.MINUTES))
                    .hasCauseInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("Peer " + fleet.address(d));
            save(client, 5, 6);
        }
    }

    @Test
    void aLeaderThatIsKilledInTheMiddleOfATransferLeavesNoMixture() throws Exception {
        threeProcesses();
        Map<String, byte[]> chunks = chunks(24, 5);
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            String d = waitingFourth(admin, client, chunks);
            String leader = leader(admin);
            CompletableFuture<Void> adding = adding(d);
            awaitTransfer(d);

            fleet.kill(leader);

            save(client, 5, 6);
            fleet.startProcess(leader);
            addAgain(admin, adding, d);
            assertUpToDate(admin, d);
            admin.transferLeader(d);
            assertHolds(client, 6, chunks);
        }
    }

    @Test
    void aStateThatIsReplacedInTheMiddleOfATransferIsSentAsTheNewOne() throws Exception {
        threeProcesses();
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            String d = waitingFourth(admin, client, chunks(24, 6));
            String leader = leader(admin);
            Map<String, byte[]> newer = chunks(24, 700);
            CompletableFuture<Void> adding = adding(d);
            awaitTransfer(d);

            put(client, newer);
            admin.takeSnapshot(leader);

            addAgain(admin, adding, d);
            assertUpToDate(admin, d);
            admin.transferLeader(d);
            assertHolds(client, 4, newer);
        }
    }

    @Test
    void aDamagedContentIsNotTakenByAReceiverAndTheRepairedOneIs() throws Exception {
        threeInHere();
        Map<String, byte[]> chunks = chunks(3, 8);
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            save(client, 1, 3);
            put(client, chunks);
            cutTheLogs(admin, client, 4, fleet.ids());
            Path damaged = fleet.contents(leader(admin)).stream()
                    .filter(file -> file.toFile().length() == 1 << 20)
                    .findFirst()
                    .orElseThrow();
            Fleet.flip(damaged);
            String d = fleet.addPeer();
            fleet.with("join", "true").start(d);
            CompletableFuture<Void> adding = adding(d);
            awaitTransfer(d);

            await().during(2, TimeUnit.SECONDS).until(() -> fleet.stateFiles(d).isEmpty());
            Fleet.flip(damaged);

            addAgain(admin, adding, d);
            assertUpToDate(admin, d);
            admin.transferLeader(d);
            assertHolds(client, 4, chunks);
        }
    }

    @Test
    void aPeerThatCannotWriteItsStateStaysInService() throws Exception {
        threeInHere();
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = new FleetAdmin(Settings.of(Fleet.hasty(fleet.client("held"))))) {
            save(client, 1, 3);
            String leader = leader(admin);
            admin.takeSnapshot(leader);
            Path obstacle = fleet.stateFiles(leader).get(0).resolveSibling("state.half");
            Files.createDirectory(obstacle);
            save(client, 4, 5);

            assertThatThrownBy(() -> admin.takeSnapshot(leader))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("Peer " + leader);

            save(client, 6, 7);
            assertThat(fleet.stateFiles(leader)).hasSize(1);
            Files.delete(obstacle);
            assertThat(admin.takeSnapshot(leader)).isPositive();
            assertHolds(client, 7, Map.of());
        }
    }

    @Test
    void anEmptiedPeerComesBackByOneCommand() throws Exception {
        threeInHere();
        Map<String, byte[]> chunks = chunks(3, 9);
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            save(client, 1, 5);
            put(client, chunks);
            cutTheLogs(admin, client, 6, fleet.ids());
            String leader = leader(admin);
            String emptied = fleet.ids().stream()
                    .filter(id -> !id.equals(leader))
                    .findFirst()
                    .orElseThrow();
            fleet.stop(emptied);
            Fleet.delete(fleet.directoryOf(emptied));
            fleet.with("join", "true").start(emptied);

            admin.add(fleet.address(emptied));

            assertUpToDate(admin, emptied);
            admin.transferLeader(emptied);
            assertHolds(client, 6, chunks);
        }
    }

    @Test
    void aReceiverThatIsKilledBetweenTheRenamesHasItsStateBefore() throws Exception {
        fleet = Fleet.started(directory, 1);
        Map<String, byte[]> chunks = chunks(2, 10);
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            save(client, 1, 3);
            put(client, chunks);
            admin.takeSnapshot("a");
            Path state = fleet.stateFiles("a").get(0).getParent();
            fleet.stop("a");
            // As Ratis leaves it: the state before moved aside, the received one not yet in its place.
            Files.move(state, state.resolveSibling("sm.tmp20261130_120000"));
            Path received = Files.createDirectories(state.resolveSibling("tmp").resolve("snapshot-1/contents"));
            Files.write(received.resolve("9-0"), new byte[100]);

            fleet.start("a");

            assertHolds(client, 3, chunks);
            assertThat(received).doesNotExist();
            assertThat(state.resolveSibling("sm.tmp20261130_120000")).doesNotExist();
        }
    }

    @Test
    void aPausedLeaderAnswersNothingOldAfterwards() throws Exception {
        threeProcesses();
        try (SnapshotSerializer client = fleet.openClient();
                FleetAdmin admin = fleet.admin()) {
            save(client, 1, 3);
            String leader = leader(admin);

            fleet.process(leader).signal("STOP");
            save(client, 4, 6);
            fleet.process(leader).signal("CONT");

            for (int i = 0; i < 20; i++) {
                assertThat(client.getLast().orElseThrow().header().revision()).isEqualTo(6);
            }
            assertUpToDate(admin, leader);
        }
    }
}
