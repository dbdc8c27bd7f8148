package dev.holdfast.dist;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.sqlite.SQLiteDataSource;

/**
 * What the tests of one class share: a distribution, and the servers of the stores that they have asked for. Each test has a
 * group of its own in them, and leaves no host.
 */
final class Fleets implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {

    private final List<Fleet> fleets = new ArrayList<>();
    private Path directory;
    private Distribution distribution;
    private EmbeddedPostgres postgresql;
    private LocalDynamoDb ddb;
    private int groups;

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        directory = Files.createTempDirectory("fleets").toRealPath();
        distribution = Distribution.unpack(directory).install("plugin-jdbc").install("plugin-ddb");
        distribution
                .with("AWS_REGION", "eu-central-1")
                .with("AWS_ACCESS_KEY_ID", "local")
                .with("AWS_SECRET_ACCESS_KEY", "local")
                .with("AWS_EC2_METADATA_DISABLED", "true");
    }

    Distribution distribution() {
        return distribution;
    }

    /** A directory of this class's own. */
    Path directory() {
        return directory;
    }

    /** A group that nobody has written to yet. */
    Fleet over(Store store) throws Exception {
        String name = store == Store.FS ? "default" : "g" + ++groups;
        Path own = Files.createTempDirectory(directory, store.name().toLowerCase(Locale.ROOT));
        Fleet fleet = new Fleet(own, distribution, group(store, name, own), settings(store, name));
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
                        postgresql().getPostgresDatabase(),
                        link -> LineWay.to(
                                postgresql().getPort(),
                                List.of(
                                        "snapshot.jdbc.url=jdbc:postgresql://127.0.0.1:%d/postgres",
                                        "snapshot.jdbc.user=postgres")));
            case DYNAMODB -> new DdbGroup(name, ddb());
        };
    }

    private EmbeddedPostgres postgresql() throws IOException {
        if (postgresql == null) {
            postgresql = EmbeddedPostgres.builder()
                    .setPGStartupWait(Duration.ofMinutes(1))
                    .start();
        }
        return postgresql;
    }

    private LocalDynamoDb ddb() throws Exception {
        if (ddb == null) {
            ddb = LocalDynamoDb.start();
        }
        return ddb;
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        for (Fleet fleet : fleets) {
            fleet.close();
        }
        fleets.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        if (postgresql != null) {
            postgresql.close();
        }
        if (ddb != null) {
            ddb.close();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
