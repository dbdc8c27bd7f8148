package dev.holdfast.host.cli;

import dev.holdfast.host.ClassifierArchive;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.config.ConfigKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code holdfast classifier}: a host with one classifier, in the place of a server of Jubatus. Its options are those of that
 * server.
 *
 * <pre>
 *   DIR/127.0.0.1_9199_classifier_ID.jubatus   what clients save
 *   DIR/holdfast_9199/model-store              the configuration as an archive
 *   DIR/holdfast_9199/logs                     what is learned, in snapshots; logs
 * </pre>
 */
@Command(
        name = ClassifierCommand.NAME,
        description = "Serve one online classifier to clients of Jubatus, and keep what it learns.",
        sortOptions = false)
final class ClassifierCommand implements Callable<Integer> {

    static final String NAME = "classifier";

    private static final String MODEL = NAME;
    private static final String ARCHIVE = "classifier-1.0";
    private static final Path DATADIR = Path.of("/tmp");

    private final Surroundings surroundings;

    @Option(
            names = {"-p", "--rpc-port"},
            paramLabel = "PORT",
            description = "Default: 9199.")
    private int port = 9199;

    @Option(
            names = {"-b", "--listen_addr"},
            paramLabel = "ADDRESS",
            description = "Default: 127.0.0.1. Calls need no token: whoever reaches the address may teach and clear.")
    private String address = "127.0.0.1";

    @Option(
            names = {"-c", "--thread"},
            paramLabel = "N",
            description = "Threads that read calls. Default: 2.")
    private int threads = 2;

    @Option(
            names = {"-t", "--timeout"},
            paramLabel = "SECONDS",
            description = "After this time without a call a connection is closed; 0 for never. Default: 10.")
    private int timeout = 10;

    @Option(
            names = {"-d", "--datadir"},
            paramLabel = "DIR",
            description =
                    "Model files, and what the classifier learns: an empty one is an empty classifier. Default: /tmp.")
    private Optional<Path> datadir = Optional.empty();

    @Option(
            names = {"-f", "--configpath"},
            paramLabel = "FILE",
            required = true,
            description = "The configuration of the classifier.")
    private Path config = Path.of("");

    @Option(
            names = {"-m", "--model_file"},
            paramLabel = "FILE",
            description = "What the classifier begins with, where it has learned nothing yet.")
    private Optional<Path> modelFile = Optional.empty();

    @Option(
            names = {"-l", "--logdir"},
            paramLabel = "DIR",
            description = "Accepted; no effect.")
    private Optional<Path> logdir = Optional.empty();

    @Option(
            names = {"-g", "--log_config"},
            paramLabel = "FILE",
            description = "Accepted; no effect.")
    private Optional<Path> logConfig = Optional.empty();

    @Option(
            names = {"-z", "--zookeeper"},
            paramLabel = "HOSTS",
            description = "Accepted; no effect, as are the other options for clusters.")
    private Optional<String> zookeeper = Optional.empty();

    @Option(
            names = {"-n", "--name"},
            paramLabel = "NAME",
            hidden = true)
    private Optional<String> name = Optional.empty();

    @Option(
            names = {"-x", "--mixer"},
            paramLabel = "MIXER",
            hidden = true)
    private Optional<String> mixer = Optional.empty();

    @Option(
            names = {"-s", "--interval_sec"},
            paramLabel = "SECONDS",
            hidden = true)
    private Optional<String> intervalSeconds = Optional.empty();

    @Option(
            names = {"-i", "--interval_count"},
            paramLabel = "N",
            hidden = true)
    private Optional<String> intervalCount = Optional.empty();

    @Option(
            names = {"-Z", "--zookeeper_timeout"},
            paramLabel = "SECONDS",
            hidden = true)
    private Optional<String> zookeeperTimeout = Optional.empty();

    @Option(
            names = {"-I", "--interconnect_timeout"},
            paramLabel = "SECONDS",
            hidden = true)
    private Optional<String> interconnectTimeout = Optional.empty();

    @Option(
            names = {"-B", "--listen_if"},
            paramLabel = "INTERFACE",
            hidden = true)
    private Optional<String> listenInterface = Optional.empty();

    @Option(
            names = {"-D", "--daemon"},
            hidden = true)
    private boolean daemon;

    ClassifierCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<String> passedOver = passedOver();
        if (!passedOver.isEmpty()) {
            surroundings.err().println("holdfast: without effect here: " + String.join(", ", passedOver));
            surroundings.err().flush();
        }
        Path directory = surroundings.absolute(datadir.orElse(DATADIR));
        if (!Files.isDirectory(directory)) {
            throw new CommandFailure("--datadir directory not found: " + directory);
        }
        Path own = own(directory);
        Path store = own.resolve("model-store");
        ClassifierArchive.make(
                store.resolve(ARCHIVE), ConfigArguments.file("--configpath", surroundings.absolute(config)));
        Map<String, String> set = new LinkedHashMap<>();
        String anyPort = "http://127.0.0.1:0";
        set.put(ConfigKey.INFERENCE_ADDRESS.key(), anyPort);
        set.put(ConfigKey.MANAGEMENT_ADDRESS.key(), anyPort);
        set.put(ConfigKey.METRICS_ADDRESS.key(), anyPort);
        set.put(ConfigKey.ENABLE_METRICS_API.key(), "false");
        set.put(ConfigKey.MODEL_STORE.key(), store.toString());
        set.put(ConfigKey.LOAD_MODELS.key(), MODEL + "=" + ARCHIVE);
        // A server without its classifier is of no use.
        set.put(ConfigKey.RESTORE.key(), "strict");
        set.put(ConfigKey.DEFAULT_WORKERS_PER_MODEL.key(), "1");
        set.put(ConfigKey.MAX_REQUEST_SIZE.key(), String.valueOf(64 << 20));
        set.put(ConfigKey.RPC_ADDRESS.key(), address);
        set.put(ConfigKey.RPC_PORT.key(), String.valueOf(port));
        set.put(ConfigKey.RPC_TIMEOUT.key(), String.valueOf(timeout));
        set.put(ConfigKey.RPC_THREADS.key(), String.valueOf(threads));
        set.put(ConfigKey.RPC_DATADIR.key(), directory.toString());
        modelFile
                .map(surroundings::absolute)
                .map(file -> ConfigArguments.file("--model_file", file))
                .ifPresent(file -> set.put(ConfigKey.RPC_MODEL_FILE.key(), file.toString()));
        StartOptions options = new StartOptions(
                set,
                Optional.empty(),
                Optional.empty(),
                true,
                own.resolve("logs"),
                Optional.empty(),
                surroundings.environment());
        new ClassDataArchive(surroundings).makeBesides();
        return new ForegroundStart(surroundings, Optional.empty()).run(options, Optional.empty());
    }

    /** Who names no directory expects an empty classifier at each start. */
    private Path own(Path directory) throws IOException {
        if (datadir.isEmpty()) {
            Path own = Files.createTempDirectory("holdfast_" + port + "_");
            surroundings
                    .err()
                    .println("holdfast: without --datadir the next start will not know what is learned now; it lies"
                            + " in " + own);
            surroundings.err().flush();
            return own;
        }
        Path own = directory.resolve("holdfast_" + port);
        OwnFiles.createDirectories(own);
        return own;
    }

    private List<String> passedOver() {
        Map<String, Boolean> given = new LinkedHashMap<>();
        given.put("--logdir", logdir.isPresent());
        given.put("--log_config", logConfig.isPresent());
        given.put("--zookeeper", zookeeper.isPresent());
        given.put("--name", name.isPresent());
        given.put("--mixer", mixer.isPresent());
        given.put("--interval_sec", intervalSeconds.isPresent());
        given.put("--interval_count", intervalCount.isPresent());
        given.put("--zookeeper_timeout", zookeeperTimeout.isPresent());
        given.put("--interconnect_timeout", interconnectTimeout.isPresent());
        given.put("--listen_if", listenInterface.isPresent());
        given.put("--daemon", daemon);
        List<String> options = new ArrayList<>();
        given.forEach((option, is) -> {
            if (is) {
                options.add(option);
            }
        });
        return options;
    }
}
