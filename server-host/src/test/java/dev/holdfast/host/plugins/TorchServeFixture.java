package dev.holdfast.host.plugins;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A plugin in the form of TorchServe's, which keeps its last properties in one file. What it does wrong stands in a second
 * file, which a test may change while the plugin is in use, in this process or another.
 */
public final class TorchServeFixture {

    private static final String SOURCE = """
            package ts;
            import com.google.gson.*;
            import java.io.*;
            import java.nio.file.*;
            import java.util.*;
            import org.pytorch.serve.servingsdk.snapshot.*;
            public class Keeper implements SnapshotSerializer {
                private static final Path LAST = Path.of("%1$s");
                private static final Path BEFORE = Path.of("%1$s.before");
                public Keeper() {
                    switch (mode()) {
                        case "exit in constructor" -> System.exit(2);
                        case "throw in constructor" -> throw new IllegalStateException("no region");
                        case "block in constructor" -> block();
                    }
                }
                static String mode() {
                    try {
                        return Files.readString(Path.of("%1$s.mode"));
                    } catch (IOException e) {
                        return "";
                    }
                }
                static void block() {
                    try {
                        new java.util.concurrent.CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException("interrupted");
                    }
                }
                public void saveSnapshot(Snapshot snapshot, Properties properties) throws IOException {
                    switch (mode()) {
                        case "exit in save" -> System.exit(3);
                        case "halt in save" -> Runtime.getRuntime().halt(4);
                        case "block in save" -> block();
                        case "throw in save", "away" -> throw new IllegalStateException("the pool is shut down");
                        case "fail in save" -> throw new IOException("no route to the store");
                        case "swallow", "away and swallow" -> { return; }
                    }
                    if (Files.exists(LAST)) {
                        Files.copy(LAST, BEFORE, StandardCopyOption.REPLACE_EXISTING);
                    }
                    // As the known plugin does: the bean, written anew, is what is stored for the models.
                    properties.put("model_snapshot",
                            new GsonBuilder().setPrettyPrinting().create().toJson(snapshot, Snapshot.class));
                    if (mode().equals("strip")) {
                        properties.remove("holdfast.snapshot");
                    }
                    Path fresh = Path.of("%1$s.new");
                    try (Writer writer = Files.newBufferedWriter(fresh)) {
                        properties.store(writer, snapshot.getName() + " " + snapshot.getCreated() + " "
                                + snapshot.getModelCount() + " " + new Gson().toJson(snapshot.getModels()));
                    }
                    Files.move(fresh, LAST, StandardCopyOption.REPLACE_EXISTING);
                    if (mode().equals("change")) {
                        properties.clear();
                        properties.setProperty("model_snapshot", "changed");
                        snapshot.setName("changed");
                        snapshot.setModels(null);
                    }
                }
                public Snapshot getSnapshot(String json) {
                    return new Gson().fromJson(json, Snapshot.class);
                }
                public Properties getLastSnapshot() {
                    Path from = LAST;
                    switch (mode()) {
                        case "exit in get" -> Runtime.getRuntime().exit(5);
                        case "block in get" -> block();
                        case "away", "away and swallow" -> throw new IllegalStateException("the pool is shut down");
                        case "misread" -> throw new IndexOutOfBoundsException("Index 0 out of bounds for length 0");
                        case "nothing" -> { return null; }
                        case "older" -> from = BEFORE;
                    }
                    if (!Files.exists(from)) {
                        return null;
                    }
                    Properties properties = new Properties();
                    try (Reader reader = Files.newBufferedReader(from)) {
                        properties.load(reader);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    return properties;
                }
            }
            """;

    private final Path last;

    /** @param last where its last properties are */
    public TorchServeFixture(Path last) {
        this.last = last;
    }

    public FixtureJar jar() {
        return new FixtureJar().source("ts.Keeper", SOURCE.formatted(last)).torchServeProviders("ts.Keeper");
    }

    /** What it does wrong from now on; empty for nothing. */
    public void behave(String mode) {
        try {
            Files.writeString(last.resolveSibling(last.getFileName() + ".mode"), mode);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public Path last() {
        return last;
    }
}
