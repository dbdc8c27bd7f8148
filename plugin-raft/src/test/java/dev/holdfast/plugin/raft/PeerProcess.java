package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testsupport.JavaProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A peer in a process of its own, which runs until its input ends or somebody kills it. */
final class PeerProcess implements AutoCloseable {

    private final Process process;

    private PeerProcess(Process process) {
        this.process = process;
    }

    /** @param args the log location, then keys and values in turn */
    public static void main(String[] args) throws IOException {
        Map<String, String> values = new HashMap<>();
        for (int i = 1; i < args.length; i += 2) {
            values.put(args[i], args[i + 1]);
        }
        SerializerConfig config = SerializerConfig.builder("raft", Path.of(args[0]))
                .values(values)
                .build();
        try (SnapshotSerializer serializer = new RaftSnapshotSerializerFactory().open(config)) {
            System.out.println("runs " + serializer.chunks().isPresent());
            while (System.in.read() >= 0) {
                // Nothing is said; it is the end that counts.
            }
        }
    }

    /** One that runs when this returns. */
    static PeerProcess start(Path logs, Map<String, String> values) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(logs.toString()));
        values.forEach((key, value) -> arguments.addAll(List.of(key, value)));
        Process process = JavaProcess.with(
                        List.of("-Xmx256m", "-XX:+UseSerialGC"), PeerProcess.class, arguments.toArray(String[]::new))
                .redirectErrorStream(true)
                .start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        StringBuilder said = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith("runs ")) {
                Thread rest = new Thread(() -> out.lines().forEach(one -> {}), "output of a peer");
                rest.setDaemon(true);
                rest.start();
                return new PeerProcess(process);
            }
            said.append(line).append('\n');
        }
        throw new IOException("A peer did not start: " + said);
    }

    /** As the loss of power of its machine, but for what the system has still to write. */
    void kill() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("A killed peer goes on");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    void signal(String name) throws IOException, InterruptedException {
        if (new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor()
                != 0) {
            throw new IOException("kill has failed");
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor(60, TimeUnit.SECONDS);
    }
}
