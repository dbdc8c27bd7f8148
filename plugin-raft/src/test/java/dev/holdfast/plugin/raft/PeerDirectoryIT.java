package dev.holdfast.plugin.raft;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.Tmpfs;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a peer says of a directory or an address that it cannot use. */
class PeerDirectoryIT {

    @TempDir
    private Path directory;

    private static SnapshotSerializer open(SerializerConfig config) {
        return new RaftSnapshotSerializerFactory().open(config);
    }

    private Fleet used() throws InterruptedException {
        Fleet fleet = new Fleet(directory, 1);
        try (fleet) {
            fleet.start("a");
            try (SnapshotSerializer serializer = open(fleet.config("a", "default"))) {
                serializer.save(snapshot("default", 1));
            }
        }
        return fleet;
    }

    @Test
    void theDirectoryOfAnotherFleetOrPeerIsLeftAlone() throws Exception {
        Fleet fleet = used();
        SerializerConfig otherFleet = fleet.config("a", "default").with("fleet", "other");
        SerializerConfig otherPeer = fleet.config("a", "default")
                .with("id", "z")
                .with("peers", "z=127.0.0.1:" + Fleet.freePorts(1).get(0));

        assertThatThrownBy(() -> open(otherFleet))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll(
                        fleet.directoryOf("a").toString(), "fleet 'holdfast'", "'other'", "another directory");
        assertThatThrownBy(() -> open(otherPeer))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("is that of peer 'a'", "snapshot.raft.id is 'z'");
        try (SnapshotSerializer again = open(fleet.config("a", "default"))) {
            assertThat(again.getLast().orElseThrow().header().revision()).isEqualTo(1);
        }
    }

    @Test
    void theDirectoryOfANewerVersionIsLeftAlone() throws Exception {
        Fleet fleet = used();
        Path owner = fleet.directoryOf("a").resolve("peer.properties");
        Files.writeString(owner, Files.readString(owner).replace("form=1", "form=2"));

        assertThatThrownBy(() -> open(fleet.config("a", "default")))
                .isInstanceOf(SnapshotFormatTooNewException.class)
                .hasMessageContainingAll(owner.toString(), "form 2", "newer version", "update this host");
    }

    @Test
    void aDirectoryWithSomethingElseInItIsLeftAlone() throws Exception {
        Fleet fleet = new Fleet(directory, 1);
        Files.createDirectories(fleet.directoryOf("a"));
        Files.writeString(fleet.directoryOf("a").resolve("thesis.txt"), "mine");

        assertThatThrownBy(() -> open(fleet.config("a", "default")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContainingAll("thesis.txt", "not one of a peer", "empty directory");
        assertThat(fleet.directoryOf("a").resolve("thesis.txt")).hasContent("mine");
    }

    @Test
    void aFileInThePlaceOfTheDirectoryIsNamed() throws Exception {
        Fleet fleet = new Fleet(directory, 1);
        Files.writeString(fleet.directoryOf("a"), "a file");

        assertThatThrownBy(() -> open(fleet.config("a", "default")))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContainingAll(fleet.directoryOf("a").toString(), "Check the disk");
    }

    @Test
    void anAddressThatIsTakenOrOfAnotherMachineIsNamed() throws Exception {
        Fleet fleet = new Fleet(directory, 1);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            SerializerConfig config = fleet.config("a", "default").with("peers", "a=127.0.0.1:" + taken.getLocalPort());

            assertThatThrownBy(() -> open(config))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContainingAll("a=127.0.0.1:" + taken.getLocalPort(), "its port must be free");
        }
        SerializerConfig elsewhere =
                fleet.config("a", "default").with("peers", "a=192.0.2.7:7400").with("without-tls", "true");
        assertThatThrownBy(() -> open(elsewhere))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContainingAll("a=192.0.2.7:7400", "must be one of this machine");
    }

    @Test
    void aDamagedStateIsFoundAtTheStartAndTheCureNamed() throws Exception {
        Fleet fleet = new Fleet(directory, 1);
        try (fleet) {
            fleet.start("a");
            try (SnapshotSerializer serializer = open(fleet.config("a", "default"));
                    FleetAdmin admin = fleet.admin()) {
                serializer.save(snapshot("default", 1));
                assertThat(admin.takeSnapshot("a")).isPositive();
            }
        }
        Path state = fleet.stateFiles("a").get(0);
        Fleet.flip(state);

        for (int attempt = 1; attempt <= 2; attempt++) {
            assertThatThrownBy(() -> open(fleet.config("a", "default")))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContainingAll(state.toString(), "SHA-256", "let it join again");
        }
        Fleet.flip(state);
        try (SnapshotSerializer again = open(fleet.config("a", "default"))) {
            assertThat(again.getLast()).isPresent();
        }
    }

    @Test
    void aStateOfANewerVersionIsNotTouched() throws Exception {
        Fleet fleet = used();
        StoreState empty = new StoreState(new ContentFiles(directory.resolve("none")));
        try (fleet) {
            fleet.start("a");
            try (FleetAdmin admin = fleet.admin()) {
                admin.takeSnapshot("a");
            }
        }
        Path state = fleet.stateFiles("a").get(0);
        byte[] newer = Files.readAllBytes(state);
        newer[23] = 9;
        byte[] body = java.util.Arrays.copyOf(newer, newer.length - 32);
        byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(body);
        System.arraycopy(digest, 0, newer, body.length, 32);
        Files.write(state, newer);

        assertThatThrownBy(() -> StateFile.read(state, empty)).hasMessageContaining("version 9");
        assertThatThrownBy(() -> open(fleet.config("a", "default")))
                .isInstanceOf(SnapshotFormatTooNewException.class)
                .hasMessageContainingAll("version 9", "update this host");
    }

    @Test
    void aDirectoryThatAnotherProcessHasIsUsedThroughIt() throws Exception {
        Fleet fleet = new Fleet(directory, 1);
        try (fleet) {
            fleet.startProcess("a");

            try (SnapshotSerializer beside = open(fleet.config("a", "default"))) {
                beside.save(snapshot("default", 1));
                assertThat(beside.getLast().orElseThrow().header().revision()).isEqualTo(1);
            }
        }
    }

    @Test
    void aPeerWhoseDiskWasFullGoesOnWhenThereIsRoom() throws Exception {
        Path disk = Tmpfs.mount(directory.resolve("disk"), "size=24m");
        try {
            Fleet fleet = new Fleet(disk, 1);
            try (fleet) {
                fleet.start("a");
                try (SnapshotSerializer serializer =
                        open(fleet.config("a", "default").with("timeout", "3s"))) {
                    serializer.save(snapshot("default", 1));
                    byte[] megabyte = new byte[1 << 20];
                    Path filler = disk.resolve("filler");
                    Files.write(filler, new byte[14 << 20]);

                    assertThatThrownBy(() -> {
                                for (int i = 0; i < 24; i++) {
                                    String id = String.format(java.util.Locale.ROOT, "%064x", i);
                                    serializer.chunks().orElseThrow().put(Map.of(id, megabyte));
                                }
                            })
                            .isInstanceOf(StoreUnavailableException.class)
                            .hasMessageContaining("No space left on device");

                    Files.delete(filler);
                    await().ignoreExceptions()
                            .untilAsserted(() -> assertThat(serializer
                                            .getLast()
                                            .orElseThrow()
                                            .header()
                                            .revision())
                                    .isEqualTo(1));
                    serializer.save(snapshot("default", 2));
                    assertThat(serializer
                                    .chunks()
                                    .orElseThrow()
                                    .missing(List.of(String.format(java.util.Locale.ROOT, "%064x", 0))))
                            .isEmpty();
                }
            }
        } finally {
            Tmpfs.unmount(disk);
        }
    }
}
