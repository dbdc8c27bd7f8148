package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.ConfigKey;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.StoreCommand;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens serializer {@code raft}: snapshots that the hosts of a fleet keep themselves, each on its own disk.
 *
 * <p>Opening starts this host's peer, unless the host is a client, and waits for nobody: whether there is a majority is for
 * the calls to find out. All serializers of a process share the peer, which ends with the last of them.
 */
public final class RaftSnapshotSerializerFactory implements SnapshotSerializerFactory {

    private static final Logger log = LoggerFactory.getLogger(RaftSnapshotSerializerFactory.class);

    private final Clock clock = Clock.systemUTC();

    @Override
    public String name() {
        return "raft";
    }

    @Override
    public List<ConfigKey<?>> keys() {
        return Settings.KEYS;
    }

    @Override
    public List<StoreCommand> commands() {
        return RaftCommands.ALL;
    }

    /** As a client, for the peer of this host runs in another process, if it runs. */
    @Override
    public String run(String command, List<String> arguments, boolean json, SerializerConfig config) {
        return RaftCommands.run(command, arguments, json, Settings.of(config).asClient());
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        Settings settings = Settings.of(config);
        if (settings.tls().isEmpty() && settings.peers().stream().anyMatch(peer -> !peer.isLoopback())) {
            log.warn(
                    "Peers speak without TLS (snapshot.raft.without-tls): whoever reaches {} can read and change what is"
                            + " stored; keep others away from these ports, or set snapshot.raft.tls-certificate",
                    settings.place());
        }
        Optional<Peer> peer = settings.self().flatMap(self -> Peer.use(settings, self));
        if (settings.self().isPresent() && peer.isEmpty()) {
            log.info(
                    "Another process is peer {} in {}, so this one calls the peers as a client",
                    settings.self().get(),
                    settings.directory());
        }
        boolean done = false;
        try {
            Calls calls = new Calls(settings, peer);
            done = true;
            return new RaftSnapshotSerializer(config.group(), settings.place(), calls, peer, clock);
        } finally {
            if (!done) {
                peer.ifPresent(Peer::close);
            }
        }
    }
}
