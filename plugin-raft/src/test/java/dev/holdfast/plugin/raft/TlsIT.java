package dev.holdfast.plugin.raft;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.ServerCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers that prove to each other who they are. */
class TlsIT {

    @TempDir
    private Path directory;

    private static SerializerConfig with(SerializerConfig config, ServerCertificate own, ServerCertificate authority) {
        return config.with("tls-certificate", own.certificate().toString())
                .with("tls-key", own.key().toString())
                .with("tls-authority", authority.certificate().toString());
    }

    @Test
    void whoHasNoCertificateOfTheFleetIsNotTalkedTo() throws Exception {
        ServerCertificate fleets =
                ServerCertificate.make(Files.createDirectory(directory.resolve("fleet")), "localhost");
        ServerCertificate strangers =
                ServerCertificate.make(Files.createDirectory(directory.resolve("stranger")), "localhost");
        Fleet fleet = new Fleet(directory, 3).onLocalhost();
        fleet.with("tls-certificate", fleets.certificate().toString())
                .with("tls-key", fleets.key().toString())
                .with("tls-authority", fleets.certificate().toString());
        try (fleet) {
            fleet.ids().forEach(fleet::start);
            try (SnapshotSerializer client = fleet.openClient()) {
                client.save(snapshot("default", 1));
                assertThat(client.getLast()).isPresent();
            }
            RaftSnapshotSerializerFactory factory = new RaftSnapshotSerializerFactory();
            SerializerConfig stranger = with(Fleet.hasty(fleet.client("default")), strangers, fleets);
            try (SnapshotSerializer client = factory.open(stranger)) {
                assertThatThrownBy(client::getLast).isInstanceOf(StoreUnavailableException.class);
            }
            SerializerConfig plain = Fleet.hasty(fleet.client("default"))
                    .with("tls-certificate", "")
                    .with("tls-key", "")
                    .with("tls-authority", "");
            try (SnapshotSerializer client = factory.open(plain)) {
                assertThatThrownBy(() -> client.save(snapshot("default", 2)))
                        .isInstanceOf(StoreUnavailableException.class);
            }
            try (SnapshotSerializer client = fleet.openClient()) {
                assertThat(client.getLast().orElseThrow().header().revision()).isEqualTo(1);
            }
        }
    }
}
