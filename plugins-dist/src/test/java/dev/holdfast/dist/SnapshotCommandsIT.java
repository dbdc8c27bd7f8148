package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.dist.Distribution.Said;
import dev.holdfast.testsupport.DynamoDbServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code holdfast snapshots} on the stores themselves, as an operator types it: what a host saved in fs, moved to each. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SnapshotCommandsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ROWS =
            "[[1],[2],[3],[5],[8],[13],[21],[34],[55],[89],[144],[233],[377],[610],[987],[1597],[2584],[4181],[6765]]";

    @TempDir
    private static Path directory;

    private Distribution unpacked;
    private DynamoDbServer ddb;
    private Path hostLogs;
    private Path logs;
    private int groups;

    /** The stores that snapshots are moved to, each with the keys that a start would have. */
    enum Store {
        FS("fs:#directory=%s/moved"),
        JDBC("jdbc"),
        DDB("ddb");

        private final String named;

        Store(String named) {
            this.named = named;
        }

        String in(Path logs) {
            return String.format(java.util.Locale.ROOT, named, logs);
        }
    }

    @BeforeAll
    void aHostHasServedAndStopped() throws Exception {
        directory = directory.toRealPath();
        unpacked = Distribution.unpack(directory).install("plugin-jdbc").install("plugin-ddb");
        ddb = DynamoDbServer.start();
        unpacked.withDynamoDb(ddb.endpoint());
        hostLogs = Files.createDirectory(directory.resolve("host-logs"));
        Distribution host = unpacked.at(hostLogs);
        Said started = host.run(
                "--start",
                "--model-store",
                unpacked.home().resolve("examples/model-store").toString(),
                "--models",
                "taxi=taxi-1.0",
                "--snapshot-store",
                "fs",
                "-D",
                "inference_address=http://127.0.0.1:0",
                "-D",
                "management_address=http://127.0.0.1:0",
                "-D",
                "metrics_address=http://127.0.0.1:0");
        assertThat(started.exitCode()).as("%s", started).isZero();
        RunningHost running = new RunningHost(hostLogs);
        try {
            running.change("POST", "/models?url=digits-1.0&initial_workers=1&synchronous=true");
            assertThat(running.infer("/models/taxi/train", ROWS).statusCode()).isEqualTo(200);
            running.change("POST", "/snapshots?name=before-upgrade");
            running.change("PUT", "/models/digits/1.0?min_worker=2&max_worker=2&synchronous=true");
            assertThat(host.run("--stop").exitCode()).isZero();
        } finally {
            running.end();
        }
    }

    @AfterAll
    void closeTheStore() throws Exception {
        ddb.close();
    }

    @BeforeEach
    void anEmptyDisk() throws IOException {
        logs = Files.createTempDirectory(directory, "logs");
    }

    private Said holdfast(String... arguments) throws Exception {
        List<String> line = new ArrayList<>(List.of("snapshots"));
        line.addAll(Arrays.asList(arguments));
        line.addAll(List.of("-D", "snapshot.ddb.create-table=true", "-D", "snapshot.ddb.endpoint=" + ddb.endpoint()));
        return unpacked.at(logs).run(line.toArray(String[]::new));
    }

    private JsonNode json(String... arguments) throws Exception {
        Said said = holdfast(
                Stream.concat(Arrays.stream(arguments), Stream.of("--json")).toArray(String[]::new));
        assertThat(said.err()).as("%s", said).isEmpty();
        return JSON.readTree(said.out());
    }

    private String ofHost() {
        return "fs:#directory=" + hostLogs.resolve("config");
    }

    private static List<String> names(JsonNode listed) {
        List<String> names = new ArrayList<>();
        listed.required("snapshots")
                .forEach(one -> names.add(one.required("name").textValue()));
        return names;
    }

    @ParameterizedTest
    @EnumSource
    void aHistoryIsMovedLookedAtAndTidiedInEveryStore(Store kind) throws Exception {
        String store = kind.in(logs);
        String group = "g" + ++groups;
        List<String> before = names(json("list", "--store", ofHost()));
        assertThat(before).hasSizeGreaterThanOrEqualTo(4).contains("before-upgrade");

        JsonNode copied = json("copy", "--from", ofHost(), "--to", store, "--to-group", group, "--all");
        assertThat(copied.required("copied").intValue()).isEqualTo(before.size());
        assertThat(copied.required("chunks").intValue()).isPositive();
        assertThat(json("copy", "--from", ofHost(), "--to", store, "--to-group", group, "--all")
                        .required("copied")
                        .intValue())
                .as("a second time")
                .isZero();

        String[] there = {"--store", store, "--group", group};
        JsonNode list = json(with(there, "list"));
        assertThat(names(list)).isEqualTo(before);
        assertThat(list.required("from").required("group").textValue()).isEqualTo(group);
        assertThat(json(with(there, "verify", "--all")).required("problems")).isEmpty();
        assertThat(holdfast(with(there, "diff", "before-upgrade", "latest")).out())
                .contains("~ digits, version 1.0: workers 1 to 1 -> 2 to 2");
        JsonNode shown = json(with(there, "show", "before-upgrade"));
        assertThat(shown.at("/header/origin").textValue()).isNotBlank();
        assertThat(shown.at("/models/1/learned/bytes").longValue()).isPositive();

        Said wrong = holdfast(with(there, "show", "befor-upgrade"));
        assertThat(wrong.exitCode()).as("%s", wrong).isEqualTo(3);
        assertThat(wrong.err()).contains("the nearest: before-upgrade");

        assertThat(holdfast(with(there, "tag", before.get(before.size() - 1), "--keep"))
                        .exitCode())
                .isZero();
        assertThat(holdfast(with(there, "delete", before.get(before.size() - 1)))
                        .exitCode())
                .isEqualTo(4);
        assertThat(json(with(there, "prune", "--keep", "1")).required("removed").booleanValue())
                .isFalse();
        assertThat(names(json(with(there, "list")))).as("nothing was removed").hasSize(before.size() + 1);
        int removed = json(with(there, "prune", "--keep", "1", "--yes"))
                .required("snapshots")
                .size();
        assertThat(removed).isPositive();
        assertThat(names(json(with(there, "list"))))
                .contains("before-upgrade", before.get(before.size() - 1))
                .doesNotContain(before.get(1));
        assertThat(json(with(there, "verify", "--all")).required("problems")).isEmpty();

        Path file = logs.resolve("one.hfb");
        assertThat(holdfast(with(there, "export", "before-upgrade", file.toString()))
                        .exitCode())
                .isZero();
        String[] empty = {"--store", store, "--group", "e" + groups};
        assertThat(json(with(empty, "import", file.toString())).required("new").booleanValue())
                .isTrue();
        assertThat(json(with(empty, "import", file.toString())).required("new").booleanValue())
                .isFalse();
        assertThat(json(with(empty, "verify")).required("problems")).isEmpty();
        byte[] damaged = Files.readAllBytes(file);
        damaged[damaged.length / 2] ^= 1;
        Files.write(file, damaged);
        String[] other = {"--store", store, "--group", "d" + groups};
        Said refused = holdfast(with(other, "import", file.toString()));
        assertThat(refused.exitCode()).as("%s", refused).isEqualTo(1);
        assertThat(refused.err()).contains("Nothing was imported", "damaged");
        assertThat(names(json(with(other, "list")))).isEmpty();
    }

    private static String[] with(String[] where, String... command) {
        return Stream.concat(Arrays.stream(command), Arrays.stream(where)).toArray(String[]::new);
    }

    @Test
    void aHostStartsFromWhatWasCopied() throws Exception {
        assertThat(json("copy", "--from", ofHost(), "--to", "jdbc", "--all")
                        .required("copied")
                        .intValue())
                .isPositive();
        Distribution host = unpacked.at(logs);
        Said started = host.run(
                "--start",
                "--snapshot-store",
                "jdbc",
                "--model-store",
                unpacked.home().resolve("examples/model-store").toString(),
                "-D",
                "inference_address=http://127.0.0.1:0",
                "-D",
                "management_address=http://127.0.0.1:0",
                "-D",
                "metrics_address=http://127.0.0.1:0");
        RunningHost running = new RunningHost(logs);
        try {
            assertThat(started.exitCode()).as("%s", started).isZero();
            assertThat(running.workersOf("digits")).isEqualTo(2);
            assertThat(running.status().required("mode").textValue()).isEqualTo("ATTACHED");

            Said past = holdfast("delete", "before-upgrade", "--store", "jdbc");
            assertThat(past.exitCode()).as("%s", past).isEqualTo(4);
            assertThat(past.err())
                    .contains("pid " + running.run().required("pid").longValue(), "nothing changed");
            assertThat(host.run("snapshots", "delete", "before-upgrade").exitCode())
                    .as("through the host")
                    .isZero();
            assertThat(host.run("snapshots", "verify", "--all", "--snapshot-store")
                            .exitCode())
                    .as("an option that it does not have")
                    .isEqualTo(2);
            assertThat(holdfast("verify", "--all", "--store", "jdbc").exitCode())
                    .as("reading goes past a host")
                    .isZero();
        } finally {
            running.end();
        }
    }

    @Test
    void aStoreThatIsDownIsAFailureThatNamesIt() throws Exception {
        Said said = holdfast(
                "list",
                "--store",
                "jdbc",
                "-D",
                "snapshot.jdbc.url=jdbc:postgresql://127.0.0.1:1/none",
                "-D",
                "snapshot.jdbc.total-timeout=5s");

        assertThat(said.exitCode()).as("%s", said).isEqualTo(1);
        assertThat(said.err()).contains("127.0.0.1:1");
        assertThat(said.out()).isEmpty();
    }

    @Test
    void aBundleGoesThroughAPipe() throws Exception {
        String command = "'" + unpacked.home().resolve("bin/holdfast") + "' snapshots ";
        Path script = Files.writeString(
                logs.resolve("pipe.sh"),
                "#!/bin/sh\n" + command + "export latest - --store '" + ofHost() + "' | " + command
                        + "import - --store fs --json\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();

        Said said = unpacked.at(logs).runAs(script);

        assertThat(said.exitCode()).as("%s", said).isZero();
        JsonNode imported = JSON.readTree(said.out());
        assertThat(imported.required("new").booleanValue()).isTrue();
        assertThat(imported.required("chunks").intValue()).isPositive();
        assertThat(json("verify", "--store", "fs").required("problems")).isEmpty();
    }
}
