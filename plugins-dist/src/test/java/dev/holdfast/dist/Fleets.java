package dev.holdfast.dist;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.sqlite.SQLiteDataSource;

/** Fleets for the tests of one class, over what all classes share. Each test has a group of its own, and leaves no host. */
final class Fleets implements BeforeAllCallback, AfterEachCallback {

    private final List<Fleet> fleets = new ArrayList<>();
    private Installation installation;

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        installation = context.getRoot()
                .getStore(Namespace.create(Fleets.class))
                .computeIfAbsent(Installation.class, key -> made(), Installation.class);
    }

    private static Installation made() {
        try {
            return Installation.make();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while the distribution was unpacked", e);
        }
    }

    /** A directory that nobody has used yet. */
    Path directory(String name) throws IOException {
        return Files.createTempDirectory(installation.directory(), name);
    }

    /** A group that nobody has written to yet. */
    Fleet over(Store store) throws Exception {
        String name = store == Store.FS ? "default" : installation.freeGroup();
        Path own = directory(store.name().toLowerCase(Locale.ROOT));
        Fleet fleet = new Fleet(own, installation.distribution(), group(store, name, own), settings(store, name));
        fleets.add(fleet);
        return fleet;
    }

    /** A group of hosts that are the store themselves: as many members as there are hosts. */
    Fleet overRaft(int hosts) throws Exception {
        Path own = directory("raft");
        Fleet fleet = new Fleet(
                own,
                installation.distribution(),
                new RaftGroup(hosts),
                List.of("--set=snapshot_store=raft", "--set=snapshot_group=" + installation.freeGroup()));
        fleets.add(fleet);
        return fleet;
    }

    private static List<String> settings(Store store, String group) {
        String serializer = switch (store) {
            case FS, FS_MOUNTED -> "fs";
            case SQLITE, POSTGRESQL -> "jdbc";
            case DYNAMODB -> "ddb";
        };
        List<String> settings =
                new ArrayList<>(List.of("--set=snapshot_store=" + serializer, "--set=snapshot_group=" + group));
        if (serializer.equals("jdbc")) {
            settings.add("--set=snapshot.jdbc.codec=none");
        }
        return settings;
    }

    private Group group(Store store, String name, Path own) throws Exception {
        return switch (store) {
            case FS -> new FsGroup(own.resolve("A/config"), false);
            case FS_MOUNTED ->
                new FsGroup(Files.createDirectory(own.resolve("mount")).resolve("config/" + name), true);
            case SQLITE -> {
                Path mount = Files.createDirectory(own.resolve("mount"));
                SQLiteDataSource database = new SQLiteDataSource();
                database.setUrl("jdbc:sqlite:" + mount.resolve("shared.db"));
                yield new SqlGroup(
                        name, database, link -> LinkWay.to(mount, link, "snapshot.jdbc.url=jdbc:sqlite:%s/shared.db"));
            }
            case POSTGRESQL ->
                new SqlGroup(
                        name,
                        installation.postgresql().getPostgresDatabase(),
                        link -> LineWay.to(
                                installation.postgresql().getPort(),
                                List.of(
                                        "snapshot.jdbc.url=jdbc:postgresql://127.0.0.1:%d/postgres",
                                        "snapshot.jdbc.user=postgres")));
            case DYNAMODB -> new DdbGroup(name, installation.ddb());
        };
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        for (Fleet fleet : fleets) {
            fleet.close();
        }
        fleets.clear();
    }
}
