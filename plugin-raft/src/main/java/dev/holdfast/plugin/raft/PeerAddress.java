package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.ConfigurationException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/** One peer: what it is called, and where the others reach it. */
record PeerAddress(String id, String host, int port) {

    static final String RULE = "id=host:port, such as a=10.0.0.1:7400";

    private static final Pattern FORM =
            Pattern.compile("([A-Za-z0-9][A-Za-z0-9_-]{0,31})=(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+):([0-9]{1,5})");

    /** @throws ConfigurationException if the value is not of the form {@link #RULE} */
    static PeerAddress parse(String what, String value) {
        Matcher form = FORM.matcher(value.strip());
        if (form.matches()) {
            int port = Integer.parseInt(form.group(3));
            if (port >= 1 && port <= 65_535) {
                return new PeerAddress(form.group(1), form.group(2), port);
            }
        }
        throw new ConfigurationException(
                what + " '" + Text.printable(value) + "' must be " + RULE + ", with a port from 1 to 65535");
    }

    /** @throws ConfigurationException if one has another form, or two have one id or one address */
    static List<PeerAddress> parseAll(String what, String value) {
        List<PeerAddress> peers = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        Set<String> addresses = new HashSet<>();
        for (String one : value.split(",", -1)) {
            PeerAddress peer = parse(what, one);
            if (!ids.add(peer.id)) {
                throw new ConfigurationException(
                        what + " names peer '" + peer.id + "' twice; each peer needs an id of its own");
            }
            if (!addresses.add(peer.address())) {
                throw new ConfigurationException(
                        what + " has the address " + peer.address() + " twice; each peer needs an address of its own");
            }
            peers.add(peer);
        }
        return List.copyOf(peers);
    }

    String address() {
        return host + ":" + port;
    }

    boolean isLoopback() {
        InetSocketAddress resolved = new InetSocketAddress(bareHost(), port);
        return !resolved.isUnresolved() && resolved.getAddress().isLoopbackAddress();
    }

    /** Without the brackets of an IPv6 address. */
    String bareHost() {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    RaftPeer toRaft() {
        return RaftPeer.newBuilder()
                .setId(RaftPeerId.valueOf(id))
                .setAddress(address())
                .build();
    }

    @Override
    public String toString() {
        return id + "=" + address();
    }
}
