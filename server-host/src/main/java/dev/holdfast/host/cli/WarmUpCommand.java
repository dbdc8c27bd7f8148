package dev.holdfast.host.cli;

import dev.holdfast.host.Host;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.logging.HostLogging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code holdfast warm-up}: makes the class data archive that later starts read their classes from.
 *
 * <p>It is made by a host that starts, serves an example and ends, all by itself in a directory of its own. The first
 * start in the background runs this beside the host; whoever builds an image runs it there.
 */
@Command(name = "warm-up", description = "Make later starts faster; done once, by itself.", sortOptions = false)
final class WarmUpCommand implements Callable<Integer> {

    private final Surroundings surroundings;

    @Option(names = "--dump", hidden = true)
    private boolean dump;

    WarmUpCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (dump) {
            serveOnce();
            return 0;
        }
        surroundings.out().println(new ClassDataArchive(surroundings).make());
        return 0;
    }

    private void serveOnce() throws IOException {
        Path modelStore = surroundings
                .inHome("examples", "model-store")
                .orElseThrow(() -> new CommandFailure("The distribution has no examples/model-store"));
        Path place = Files.createTempDirectory("holdfast-warm-up-");
        try {
            String anyPort = new ListenAddress("127.0.0.1", 0).toString();
            StartOptions options = new StartOptions(
                    Map.of(
                            "model_store", modelStore.toString(),
                            "load_models", "digits-1.0",
                            "inference_address", anyPort,
                            "management_address", anyPort,
                            "metrics_address", anyPort),
                    Optional.empty(),
                    Optional.empty(),
                    true,
                    place,
                    Optional.empty(),
                    new HashMap<>());
            HostLogging.start(place, HostLogging.Console.NO, Optional.empty());
            Host host = Host.start(options);
            RunningHost running = RunningHost.of(host, place, Clock.systemUTC());
            HostApi api = new HostApi(running);
            api.manage("GET", "/models/digits");
            DigitAnswer.ask(api, "/v2/models/digits/infer", List.of(Digit.BLANK));
            host.stop();
        } finally {
            FileTree.delete(place);
        }
    }
}
