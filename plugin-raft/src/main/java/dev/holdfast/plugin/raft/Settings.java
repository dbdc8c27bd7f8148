package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.ConfigKey;
import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SerializerConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;

/**
 * What the operator set, checked.
 *
 * @param self the peer that this host is; empty for a client
 * @param join whether an empty directory is that of a peer which waits to be added
 * @param timeout what one call may take, with all its attempts
 * @param electionTimeout how long a peer waits for its leader before it stands for election, at least; at most twice that
 */
record Settings(
        List<PeerAddress> peers,
        Optional<PeerAddress> self,
        String fleet,
        Path directory,
        boolean join,
        Duration timeout,
        Duration electionTimeout,
        int snapshotEntries,
        int snapshotMebibytes,
        Optional<Tls> tls) {

    /** The files of mutual TLS, in PEM. */
    record Tls(Path certificate, Path key, Path authority) {}

    static final ConfigKey<String> PEERS =
            ConfigKey.text("peers", "the peers with their addresses, such as a=10.0.0.1:7400,b=10.0.0.2:7400");
    static final ConfigKey<String> ID = ConfigKey.text("id", "which of the peers this host is; not for a client");
    static final ConfigKey<String> ROLE = ConfigKey.word(
            "role", "peer", List.of("peer", "client"), "whether this host keeps a copy, or only calls those that do");
    static final ConfigKey<String> FLEET =
            ConfigKey.text("fleet", "holdfast", "what the fleet is called; peers of another fleet are not talked to");
    static final ConfigKey<String> DIRECTORY =
            ConfigKey.text("directory", "where this peer keeps its copy").describedDefault("<log location>/raft");
    static final ConfigKey<Boolean> JOIN = ConfigKey.truth(
            "join", false, "whether a peer whose directory is empty waits until it is added to a fleet that runs");
    static final ConfigKey<Duration> TIMEOUT = ConfigKey.time(
            "timeout",
            Duration.ofSeconds(10),
            Duration.ofMillis(500),
            Duration.ofHours(1),
            "how long one call may take, with all its attempts");
    static final ConfigKey<Duration> ELECTION_TIMEOUT = ConfigKey.time(
            "election-timeout",
            Duration.ofSeconds(1),
            Duration.ofMillis(100),
            Duration.ofMinutes(1),
            "how long a peer hears nothing of its leader before it stands for election; at most twice that");
    static final ConfigKey<Integer> SNAPSHOT_ENTRIES = ConfigKey.number(
            "snapshot-entries",
            10_000,
            10,
            10_000_000,
            "after how many entries of its log a peer writes its state and cuts the log");
    static final ConfigKey<Integer> SNAPSHOT_MEBIBYTES = ConfigKey.number(
            "snapshot-mebibytes", 64, 1, 65_536, "after how many MiB of entries it does so too, whichever is first");
    static final ConfigKey<String> TLS_CERTIFICATE = ConfigKey.text(
            "tls-certificate", "this host's certificate, PEM; with it peers and clients speak mutual TLS");
    static final ConfigKey<String> TLS_KEY =
            ConfigKey.text("tls-key", "the private key of the certificate, PEM, PKCS #8");
    static final ConfigKey<String> TLS_AUTHORITY =
            ConfigKey.text("tls-authority", "the certificate of who signs those of all peers, PEM");
    static final ConfigKey<Boolean> WITHOUT_TLS = ConfigKey.truth(
            "without-tls",
            false,
            "whether peers may have addresses that others reach, though nobody has to prove who he is");

    static final List<ConfigKey<?>> KEYS = List.of(
            PEERS,
            ID,
            ROLE,
            FLEET,
            DIRECTORY,
            JOIN,
            TIMEOUT,
            ELECTION_TIMEOUT,
            SNAPSHOT_ENTRIES,
            SNAPSHOT_MEBIBYTES,
            TLS_CERTIFICATE,
            TLS_KEY,
            TLS_AUTHORITY,
            WITHOUT_TLS);

    private static final String PREFIX = "snapshot.raft.";

    static Settings of(SerializerConfig config) {
        config.requireKnown(KEYS);
        List<PeerAddress> peers = PeerAddress.parseAll(PREFIX + PEERS, PEERS.in(config));
        Optional<Tls> tls = tls(config);
        if (tls.isEmpty() && !WITHOUT_TLS.in(config)) {
            requireLoopback(peers);
        }
        return new Settings(
                peers,
                ROLE.in(config).equals("client") ? Optional.empty() : Optional.of(self(config, peers)),
                fleet(FLEET.in(config)),
                path(config, DIRECTORY)
                        .orElseGet(() -> config.logLocation().resolve("raft"))
                        .toAbsolutePath()
                        .normalize(),
                JOIN.in(config),
                TIMEOUT.in(config),
                ELECTION_TIMEOUT.in(config),
                SNAPSHOT_ENTRIES.in(config),
                SNAPSHOT_MEBIBYTES.in(config),
                tls);
    }

    private static PeerAddress self(SerializerConfig config, List<PeerAddress> peers) {
        String id = ID.ifSet(config)
                .orElseThrow(() -> new ConfigurationException(PREFIX + "id is not set; set it to one of " + ids(peers)
                        + ", or " + PREFIX + "role=client where this host keeps no copy"));
        return peers.stream()
                .filter(peer -> peer.id().equals(id))
                .findFirst()
                .orElseThrow(() ->
                        new ConfigurationException(PREFIX + "id '" + Text.printable(id) + "' must be one of the peers "
                                + ids(peers) + "; add it with its address to " + PREFIX + "peers"));
    }

    private static String ids(List<PeerAddress> peers) {
        return peers.stream().map(PeerAddress::id).collect(Collectors.joining(", "));
    }

    private static String fleet(String value) {
        if (!value.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")) {
            throw new ConfigurationException(
                    PREFIX + "fleet '" + Text.printable(value) + "' must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}");
        }
        return value;
    }

    private static void requireLoopback(List<PeerAddress> peers) {
        for (PeerAddress peer : peers) {
            if (!peer.isLoopback()) {
                throw new ConfigurationException(PREFIX + "peers '" + peer
                        + "' must be an address of this machine alone (127.0.0.1), for without TLS whoever reaches it"
                        + " can change what is stored; set " + PREFIX
                        + "tls-certificate, tls-key and tls-authority, or "
                        + PREFIX + "without-tls=true where the network is guarded");
            }
        }
    }

    private static Optional<Tls> tls(SerializerConfig config) {
        Optional<Path> certificate = path(config, TLS_CERTIFICATE);
        Optional<Path> key = path(config, TLS_KEY);
        Optional<Path> authority = path(config, TLS_AUTHORITY);
        if (certificate.isEmpty() && key.isEmpty() && authority.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Tls(
                readable(TLS_CERTIFICATE, certificate), readable(TLS_KEY, key), readable(TLS_AUTHORITY, authority)));
    }

    private static Path readable(ConfigKey<String> key, Optional<Path> file) {
        Path path = file.orElseThrow(() -> new ConfigurationException(
                PREFIX + key + " is not set; TLS needs tls-certificate, tls-key and tls-authority, or none of them"));
        if (!Files.isReadable(path)) {
            throw new ConfigurationException(PREFIX + key + " '" + path + "' must be a file that this host can read");
        }
        return path;
    }

    private static Optional<Path> path(SerializerConfig config, ConfigKey<String> key) {
        return key.ifSet(config).map(value -> {
            try {
                return Path.of(value);
            } catch (InvalidPathException e) {
                throw new ConfigurationException(PREFIX + key + " '" + Text.printable(value) + "' must be a path", e);
            }
        });
    }

    RaftGroupId groupId() {
        return RaftGroupId.valueOf(
                UUID.nameUUIDFromBytes(("holdfast fleet " + fleet).getBytes(StandardCharsets.UTF_8)));
    }

    /** The fleet as it is when it begins; afterwards its log says who is in it. */
    RaftGroup group() {
        return RaftGroup.valueOf(
                groupId(), peers.stream().map(PeerAddress::toRaft).toList());
    }

    /** As a client of the same peers. */
    Settings asClient() {
        return new Settings(
                peers,
                Optional.empty(),
                fleet,
                directory,
                false,
                timeout,
                electionTimeout,
                snapshotEntries,
                snapshotMebibytes,
                tls);
    }

    /** The store as an operator knows it. */
    String place() {
        return "fleet " + fleet + " of peers "
                + peers.stream().map(PeerAddress::toString).collect(Collectors.joining(", "));
    }
}
