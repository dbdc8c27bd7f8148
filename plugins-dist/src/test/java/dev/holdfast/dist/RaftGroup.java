package dev.holdfast.dist;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Snapshots that the hosts keep themselves, each of them a peer; there is nothing behind their backs. */
final class RaftGroup implements Group {

    private final List<String> peers = new ArrayList<>();
    private int given;

    RaftGroup(int hosts) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        for (int host = 0; host < hosts; host++) {
            ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            held.add(socket);
            peers.add("p" + host + "=127.0.0.1:" + socket.getLocalPort());
        }
        for (ServerSocket socket : held) {
            socket.close();
        }
    }

    /** As the next of the peers. */
    @Override
    public Way way(Path link) {
        String id = "p" + given++;
        return new Way() {
            @Override
            public List<String> settings() {
                return List.of("--set=snapshot.raft.peers=" + String.join(",", peers), "--set=snapshot.raft.id=" + id);
            }

            @Override
            public void cut() {
                throw notThere();
            }

            @Override
            public void mend() {
                throw notThere();
            }
        };
    }

    private static UnsupportedOperationException notThere() {
        return new UnsupportedOperationException("The hosts are the store");
    }

    @Override
    public Optional<String> newestText() {
        throw notThere();
    }

    @Override
    public int count() {
        throw notThere();
    }

    @Override
    public void damageNewest() {
        throw notThere();
    }

    @Override
    public void removeNewest() {
        throw notThere();
    }
}
