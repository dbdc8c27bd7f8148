package dev.holdfast.plugin.raft;

import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Peers of one fleet in this process, each with a port of 127.0.0.1 and a directory of its own. */
final class Fleet implements AutoCloseable {

    private final Path directory;
    private final Map<String, Integer> ports = new TreeMap<>();
    private final Map<String, SnapshotSerializer> running = new ConcurrentSkipListMap<>();
    private final Map<String, PeerProcess> processes = new ConcurrentSkipListMap<>();
    private String host = "127.0.0.1";
    private boolean apart;
    private final Map<String, String> more = new HashMap<>();

    /** None of them runs yet. */
    Fleet(Path directory, int peers) {
        this.directory = directory;
        for (int port : freePorts(peers)) {
            ports.put(Character.toString('a' + ports.size()), port);
        }
        // As long as a busy machine may need.
        more.put("timeout", "30s");
        more.put("election-timeout", "500ms");
    }

    static Fleet started(Path directory, int peers) {
        return new Fleet(directory, peers).startAll();
    }

    /** Each in a process of its own, and stopped by a kill. */
    static Fleet startedApart(Path directory, int peers) {
        Fleet fleet = new Fleet(directory, peers);
        fleet.apart = true;
        return fleet.startAll();
    }

    /** Until each has an entry: the vote of one that has none does not count, for it may have been emptied. */
    private Fleet startAll() {
        ids().parallelStream().forEach(this::start);
        try (FleetAdmin admin = admin()) {
            await().until(() -> admin.status().members().stream().allMatch(member -> member.lastIndex() >= 0));
        }
        return this;
    }

    static List<Integer> freePorts(int count) {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            List<Integer> ports =
                    sockets.stream().map(ServerSocket::getLocalPort).toList();
            for (ServerSocket socket : sockets) {
                socket.close();
            }
            return ports;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** By the one name that the certificates of the tests are for. */
    Fleet onLocalhost() {
        host = "localhost";
        return this;
    }

    Fleet with(String key, String value) {
        more.put(key, value);
        return this;
    }

    List<String> ids() {
        return List.copyOf(ports.keySet());
    }

    String peers() {
        return ports.entrySet().stream()
                .map(peer -> peer.getKey() + "=" + host + ":" + peer.getValue())
                .collect(Collectors.joining(","));
    }

    Path directoryOf(String id) {
        return directory.resolve(id);
    }

    /** One more, which waits to be added. */
    String addPeer() {
        String id = Character.toString('a' + ports.size());
        ports.put(id, freePorts(1).get(0));
        return id;
    }

    PeerAddress address(String id) {
        return new PeerAddress(id, host, ports.get(id));
    }

    FleetAdmin admin() {
        return new FleetAdmin(Settings.of(client("held")));
    }

    SnapshotSerializer openClient() {
        return new RaftSnapshotSerializerFactory().open(client("default"));
    }

    void startProcess(String id) throws IOException {
        processes.put(id, PeerProcess.start(directory, values(id)));
    }

    PeerProcess process(String id) {
        return processes.get(id);
    }

    void kill(String id) throws InterruptedException {
        processes.remove(id).kill();
    }

    void start(String id) {
        if (apart) {
            try {
                startProcess(id);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return;
        }
        running.put(id, new RaftSnapshotSerializerFactory().open(config(id, "held")));
    }

    void stop(String id) {
        if (apart) {
            processes.remove(id).kill();
            return;
        }
        running.remove(id).close();
    }

    /** Of a serializer of some group in the process of a peer. */
    SerializerConfig config(String id, String group) {
        return config(group, values(id));
    }

    private Map<String, String> values(String id) {
        Map<String, String> values = new HashMap<>(more);
        values.put("peers", peers());
        values.put("id", id);
        values.put("directory", directoryOf(id).toString());
        return values;
    }

    SerializerConfig client(String group) {
        Map<String, String> values = new HashMap<>(more);
        values.put("peers", peers());
        values.put("role", "client");
        return config(group, values);
    }

    private SerializerConfig config(String group, Map<String, String> values) {
        return SerializerConfig.builder("raft", directory)
                .group(group)
                .values(values)
                .build();
    }

    /** For calls that are to wait in vain. */
    static SerializerConfig hasty(SerializerConfig config) {
        return config.with("timeout", "1s");
    }

    /** The files with contents of all peers. */
    List<Path> contents() throws IOException {
        List<Path> all = new ArrayList<>();
        for (String id : ids()) {
            all.addAll(contents(id));
        }
        return all;
    }

    List<Path> contents(String id) throws IOException {
        return under(id, "contents");
    }

    List<Path> stateFiles(String id) throws IOException {
        return under(id, "sm").stream()
                .filter(file -> file.getFileName().toString().startsWith("state."))
                .toList();
    }

    private List<Path> under(String id, String parent) throws IOException {
        return files(id).stream()
                // What Ratis writes beside each file that it has received.
                .filter(file -> !file.toString().endsWith(".md5"))
                .filter(file -> file.getParent().getFileName().toString().equals(parent))
                .toList();
    }

    /** A peer's files; those that go while they are looked for may be among them. */
    List<Path> files(String id) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(directoryOf(id), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                files.add(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                return failure == null || failure instanceof NoSuchFileException
                        ? FileVisitResult.CONTINUE
                        : super.postVisitDirectory(directory, failure);
            }
        });
        return files;
    }

    /** How many bytes a peer's directory has. */
    long bytes(String id) throws IOException {
        return files(id).stream().mapToLong(file -> file.toFile().length()).sum();
    }

    static void flip(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
    }

    static void delete(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
                for (Path file : files) {
                    delete(file);
                }
            }
        }
        Files.deleteIfExists(directory);
    }

    @Override
    public void close() throws InterruptedException {
        running.values().forEach(SnapshotSerializer::close);
        running.clear();
        for (PeerProcess process : processes.values()) {
            process.close();
        }
        processes.clear();
    }
}
