package dev.holdfast.plugin.raft;

import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.Outage;
import dev.holdfast.testkit.SnapshotSerializerContract;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** The contract on as many {@link Peers} as the class says, which stay up from one test to the next. */
abstract class RaftContract extends SnapshotSerializerContract {

    /** One runs in this process; more run in processes of their own, and their stop is a kill. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface Peers {
        int value();
    }

    private static Fleet fleet;

    @BeforeAll
    static void start(TestInfo test, @TempDir Path directory) {
        int peers = test.getTestClass().orElseThrow().getAnnotation(Peers.class).value();
        fleet = peers == 1 ? Fleet.started(directory, 1) : Fleet.startedApart(directory, peers);
    }

    @AfterAll
    static void stop() throws InterruptedException {
        fleet.close();
    }

    @Override
    protected final SnapshotSerializerFactory factory() {
        return new RaftSnapshotSerializerFactory();
    }

    @Override
    protected final SerializerConfig config(String group) {
        return fleet.config("a", group);
    }

    /** Of a host that is no peer. */
    static SerializerConfig client(String ofGroup) {
        return fleet.client(ofGroup);
    }

    @Override
    protected final SerializerConfig outageConfig(String ofGroup) {
        return Fleet.hasty(fleet.client(ofGroup));
    }

    /** All but a minority of the peers end, and start again afterwards. */
    @Override
    protected final List<Outage> outages() {
        List<String> all = fleet.ids();
        List<String> most = all.subList(all.size() / 2, all.size());
        return List.of(
                Outage.of("has lost its majority", () -> most.forEach(fleet::stop), () -> most.forEach(fleet::start)));
    }

    /** On every peer, for who leads is nobody's choice. */
    @Override
    protected final void damage(String group, String name) throws Exception {
        byte[] text;
        try (SnapshotSerializer serializer = factory().open(config(group))) {
            Snapshot snapshot = serializer.get(name);
            text = snapshot.toBytes();
        }
        // A save is done when most peers have it; the others write it soon.
        List<Path> files = await().ignoreExceptionsInstanceOf(NoSuchFileException.class)
                .until(
                        () -> filesWith(text),
                        found -> found.size() >= fleet.ids().size());
        for (Path file : files) {
            Fleet.flip(file);
        }
    }

    private static List<Path> filesWith(byte[] text) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path file : fleet.contents()) {
            if (!file.toString().endsWith(".half") && Arrays.equals(Files.readAllBytes(file), text)) {
                found.add(file);
            }
        }
        return found;
    }
}
