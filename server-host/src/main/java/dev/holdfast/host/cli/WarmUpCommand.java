package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.config.ListenAddress;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code holdfast warm-up}: makes the class data archive that later starts read their classes from.
 *
 * <p>It is made from the classes of a host that starts, serves an example and ends, all by itself in a directory of its own.
 * The first start in the background runs this beside the host; whoever builds an image runs it there.
 */
@Command(name = "warm-up", description = "Make later starts faster; done once, by itself.", sortOptions = false)
final class WarmUpCommand implements Callable<Integer> {

    private static final Duration LIMIT = Duration.ofSeconds(170);
    private static final int PIXELS = 64;

    private final Surroundings surroundings;

    @Option(names = "--serve-in", hidden = true)
    private @Nullable Path place;

    WarmUpCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (place != null) {
            return serveOnce(place);
        }
        surroundings.out().println(new ClassDataArchive(surroundings).make());
        return 0;
    }

    /** Starts a real host, away from the user's data, so that every class is recorded. */
    private int serveOnce(Path place) {
        Path modelStore = surroundings
                .inHome("examples", "model-store")
                .orElseThrow(() -> new CommandFailure("The distribution has no examples/model-store"));
        PrintWriter nobody = new PrintWriter(Writer.nullWriter());
        Surroundings apart =
                new Surroundings(Map.of(), place, Optional.empty(), place.resolve("run"), nobody, nobody, false);
        DaemonThreads.start("visit", () -> visit(apart));
        String anyPort = new ListenAddress("127.0.0.1", 0).toString();
        return Main.run(
                apart,
                "--start",
                "--foreground",
                "--log-location=" + place,
                "--model-store=" + modelStore,
                "--models=digits-1.0",
                "--set=rpc_port=0",
                "--set=inference_address=" + anyPort,
                "--set=management_address=" + anyPort,
                "--set=metrics_address=" + anyPort);
    }

    /** Ends the process, and so stops the host, whatever happens. */
    private static void visit(Surroundings apart) {
        int code = 1;
        try {
            code = visited(apart) ? 0 : 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            System.exit(code);
        }
    }

    private static ObjectNode blankDigit() {
        ObjectNode body = CommandJson.object();
        ObjectNode input = body.putArray("inputs").addObject();
        input.put("name", "pixels");
        input.putArray("shape").add(1).add(PIXELS);
        input.put("datatype", "FP32");
        ArrayNode data = input.putArray("data");
        for (int i = 0; i < PIXELS; i++) {
            data.add(0);
        }
        return body;
    }

    private static boolean visited(Surroundings apart) throws InterruptedException {
        RunFiles hosts = new RunFiles(apart.runDirectory());
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < LIMIT.toNanos()) {
            Optional<RunningHost> host = hosts.of(apart.workingDirectory());
            if (host.isPresent()) {
                HostApi api = new HostApi(host.get());
                api.manage("GET", "/models/digits");
                api.infer("/v2/models/digits/infer", blankDigit());
                return true;
            }
            // The start itself says only by its run file that the host is ready, as to every other command.
            Thread.sleep(20);
        }
        return false;
    }
}
