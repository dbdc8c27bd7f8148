package dev.holdfast.plugin.raft;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreCommand;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code holdfast raft …} says and does. */
class RaftCommandsIT {

    @TempDir
    private static Path directory;

    private static Fleet fleet;

    @BeforeAll
    static void start() {
        fleet = Fleet.started(directory, 3);
        try (SnapshotSerializer client = fleet.openClient()) {
            client.save(snapshot("default", 1));
        }
    }

    @AfterAll
    static void stop() throws InterruptedException {
        fleet.close();
    }

    private static String run(String command, boolean json, String... arguments) {
        return new RaftSnapshotSerializerFactory().run(command, List.of(arguments), json, fleet.client("default"));
    }

    @Test
    void statusSaysWhoLeadsAndHowFarEachHasCome() {
        await().untilAsserted(() -> assertThat(run("status", false))
                .startsWith("Fleet holdfast, led by peer ")
                .contains("address", "behind")
                .containsPattern("\\na +127\\.0\\.0\\.1:[0-9]+ +(leader|follower) +[0-9]+ ")
                .containsPattern("\\nc +127\\.0\\.0\\.1:[0-9]+ +(leader|follower) ")
                .containsPattern(" leader "));
        assertThat(run("status", true))
                .startsWith("{\"fleet\":\"holdfast\",\"leader\":\"")
                .contains("\"id\":\"a\",\"address\":\"127.0.0.1:", "\"inFleet\":true", "\"role\":\"follower\"")
                .endsWith("]}\n");
    }

    @Test
    void aPeerThatIsToldToLeadLeads() {
        for (String id : List.of("a", "b")) {
            assertThat(run("transfer-leader", false, id)).isEqualTo("Peer " + id + " leads fleet holdfast\n");
            await().untilAsserted(
                            () -> assertThat(run("status", false)).startsWith("Fleet holdfast, led by peer " + id));
        }
    }

    @Test
    void everyPeerWritesItsState() {
        assertThat(run("take-snapshot", false))
                .containsPattern("Peer a has written its state up to entry [0-9]+\\n")
                .contains("Peer b", "Peer c");
        assertThat(run("take-snapshot", true, "b")).matches("\\[\\{\"peer\":\"b\",\"snapshot\":[0-9]+}]\\n");
    }

    @Test
    void aPeerIsTakenOutAndAddedAgain() throws Exception {
        assertThat(run("remove", false, "c")).isEqualTo("Peer c is no longer in fleet holdfast\n");
        await().untilAsserted(() -> assertThat(run("status", true)).contains("\"inFleet\":false"));
        fleet.stop("c");
        Fleet.delete(fleet.directoryOf("c"));
        fleet.with("join", "true").start("c");

        assertThat(run("add", true, fleet.address("c").toString()))
                .isEqualTo("{\"done\":\"Peer " + fleet.address("c") + " is in fleet holdfast\"}\n");
        await().untilAsserted(() -> assertThat(run("status", true)).doesNotContain("\"inFleet\":false"));
    }

    @Test
    void wrongWordsAreAnsweredWithTheRightOnes() {
        assertThatThrownBy(() -> run("add", false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Command raft add has 0 arguments; write raft add PEER");
        assertThatThrownBy(() -> run("add", false, "nonsense"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("'nonsense'", PeerAddress.RULE);
        assertThatThrownBy(() -> run("explode", false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("'explode'", "status, add PEER");
        assertThatThrownBy(() -> run("remove", false, "z"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("'z' is not in fleet holdfast", "a, b");
        assertThatThrownBy(() -> run("add", false, "d=127.0.0.1:1"))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContainingAll("d=127.0.0.1:1", "does not answer", "snapshot.raft.join=true");
        assertThat(new RaftSnapshotSerializerFactory().commands())
                .extracting(StoreCommand::name)
                .containsExactly("status", "add", "remove", "transfer-leader", "take-snapshot");
    }
}
