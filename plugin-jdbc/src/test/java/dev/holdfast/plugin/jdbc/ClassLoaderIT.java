package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testsupport.JavaProcess;
import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plugin as the host loads it: in a class loader of its own, with its drivers, seeing little of the host. */
class ClassLoaderIT {

    @TempDir
    private Path directory;

    /** What the host shows to a plugin. */
    private static final class Parent extends ClassLoader {

        Parent() {
            super(ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            return name.startsWith("dev.holdfast.sdk.") || name.startsWith("org.slf4j.")
                    ? ClassLoaderIT.class.getClassLoader().loadClass(name)
                    : super.loadClass(name, resolve);
        }
    }

    private static URLClassLoader loader(String... jars) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path path = Path.of(entry);
            boolean ours = Files.isDirectory(path)
                    && Files.exists(path.resolve("META-INF/services/" + SnapshotSerializerFactory.class.getName()));
            if (ours
                    || List.of(jars).stream()
                            .anyMatch(jar -> path.getFileName().toString().startsWith(jar))) {
                urls.add(path.toUri().toURL());
            }
        }
        return new URLClassLoader(urls.toArray(new URL[0]), new Parent());
    }

    private static SnapshotSerializerFactory factory(ClassLoader loader) {
        return ServiceLoader.load(SnapshotSerializerFactory.class, loader)
                .findFirst()
                .orElseThrow();
    }

    private SerializerConfig config(Map<String, String> values, Map<String, String> environment) {
        return SerializerConfig.builder("jdbc", directory)
                .values(values)
                .environment(environment)
                .build();
    }

    // In a process of its own, where nothing but the plugin could hold its class loader.

    @Test
    void nothingHoldsTheLoaderAfterCloseWithSqlite() throws Exception {
        assertCollected("jdbc:sqlite:" + directory.resolve("x.db"), "");
    }

    @Test
    void nothingHoldsTheLoaderAfterCloseWithPostgresql() throws Exception {
        assertCollected(Postgres.newDatabase(), "postgres");
    }

    @Test
    void nothingHoldsTheLoaderAfterCloseWithMariadb() throws Exception {
        assertCollected(Mariadb.server().newDatabase(), "root");
    }

    @Test
    void nothingHoldsTheLoaderWhereTheProcessHasTheSameDriversOfItsOwn() throws Exception {
        assertCollected("jdbc:sqlite:" + directory.resolve("x.db"), "", "with drivers");
    }

    private void assertCollected(String url, String user, String... more) throws Exception {
        File out = directory.resolve("out").toFile();
        Process process = JavaProcess.of(
                        ClassLoaderIT.class,
                        Stream.concat(Stream.of(url, user), Stream.of(more)).toArray(String[]::new))
                .redirectErrorStream(true)
                .redirectOutput(out)
                .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(out).content().endsWith("saved\ncollected\n");
    }

    /** @param args the URL and the user; a third one where the process is to have drivers of its own */
    public static void main(String[] args) throws Exception {
        if (args.length > 2 && !DriverManager.getDrivers().hasMoreElements()) {
            throw new IllegalStateException("There are no drivers beside this class");
        }
        WeakReference<ClassLoader> loader = useAndClose(args[0], args[1]);
        // Ends with a failure, and says nothing, if it never is.
        await().atMost(Duration.ofMinutes(1)).until(() -> {
            System.gc();
            return loader.get() == null;
        });
        System.out.println("collected");
    }

    /** Uses the plugin on a thread of its own, as the host does, and gives back what is left of its class loader. */
    private static WeakReference<ClassLoader> useAndClose(String url, String user) throws Exception {
        URLClassLoader loader = loader("HikariCP", "sqlite-jdbc", "postgresql-", "mariadb-java-client");
        Thread thread = new Thread(() -> {
            Thread.currentThread().setContextClassLoader(loader);
            SerializerConfig config = SerializerConfig.builder("jdbc", Path.of("target"))
                    .values(
                            user.isEmpty()
                                    ? Map.of("url", url, "connect-timeout", "30s")
                                    : Map.of("url", url, "user", user, "connect-timeout", "30s"))
                    .environment(Map.of("HOLDFAST_SNAPSHOT_JDBC_PASSWORD", user.equals("root") ? "" : user))
                    .build();
            try (SnapshotSerializer serializer = factory(loader).open(config)) {
                if (serializer.getClass().getClassLoader() == loader) {
                    serializer.save(snapshot("default", 1));
                    System.out.println("saved");
                }
            }
        });
        thread.start();
        thread.join();
        loader.close();
        return new WeakReference<>(loader);
    }

    @Test
    void aDriverThatIsMissingIsNamedWithWhereToPutIt() throws Exception {
        try (URLClassLoader bare = loader("HikariCP")) {
            Map<String, String> jars = new HashMap<>(Map.of(
                    "jdbc:sqlite:/data/x.db", "sqlite-jdbc-<version>.jar",
                    "jdbc:postgresql://db/x", "postgresql-<version>.jar",
                    "jdbc:mariadb://db/x", "mariadb-java-client-<version>.jar",
                    "jdbc:mysql://db/x", "mysql-connector-j-<version>.jar or mariadb-java-client-<version>.jar",
                    "jdbc:h2:mem:x", "h2-<version>.jar"));
            jars.forEach((url, jar) -> assertThatThrownBy(
                            () -> factory(bare).open(config(Map.of("url", url), Map.of())))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("There is no driver for ")
                    .hasMessageContaining("put " + jar + " into the plugin's directory and start again"));
        }
    }

    @Test
    void aDamagedJarBesideTheDriverDoesNoHarm() throws Exception {
        Path broken = Files.createDirectories(directory.resolve("broken/META-INF/services"));
        Files.writeString(broken.resolve("java.sql.Driver"), "org.example.NoSuchDriver\nnot a name\n");
        URLClassLoader with = loader("HikariCP", "sqlite-jdbc");
        List<URL> urls =
                new ArrayList<>(List.of(directory.resolve("broken").toUri().toURL()));
        urls.addAll(List.of(with.getURLs()));
        with.close();
        try (URLClassLoader loader = new URLClassLoader(urls.toArray(new URL[0]), new Parent());
                SnapshotSerializer serializer = factory(loader).open(config(Map.of(), Map.of()))) {
            serializer.save(snapshot("default", 1));
        }
    }
}
