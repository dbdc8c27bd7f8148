package dev.holdfast.host.demo;

import dev.holdfast.host.cli.ChildHost;
import dev.holdfast.host.cli.CommandFailure;
import dev.holdfast.host.cli.Surroundings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/** {@code holdfast demo}: shows in half a minute that the state survives. */
@Command(
        name = "demo",
        description = "See it work: serve real models, kill the host, and find everything as it was.",
        sortOptions = false)
final class DemoCommand implements Callable<Integer> {

    private final Surroundings surroundings;

    DemoCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path modelStore = need("examples", "model-store");
        Path heldOut = need("examples", "digits", "held-out.csv");
        Path taxi = need("examples", "taxi", "passengers.csv");
        Path lesson = need("examples", "novels", "training.tsv");
        Path asked = need("examples", "novels", "held-out.tsv");
        Path plugin = plugin(need("plugins-available"));

        Path place = Files.createTempDirectory("holdfast-demo-").toRealPath();
        Path plugins = Files.createDirectory(place.resolve("plugins"));
        Files.copy(plugin, plugins.resolve(plugin.getFileName()));
        Path logs = place.resolve("logs");
        List<String> arguments = List.of(
                "--model-store=" + modelStore,
                "--plugins-path=" + plugins,
                "--log-location=" + logs,
                "-Dinference_address=http://127.0.0.1:0",
                "-Dmanagement_address=http://127.0.0.1:0",
                "-Dmetrics_address=http://127.0.0.1:0");
        try (ChildHost host = new ChildHost(surroundings, logs, arguments)) {
            DemoScreen screen = new DemoScreen(surroundings);
            DemoLearner learner = new DemoLearner(screen, PassengerCount.read(taxi));
            DemoClassifier classifier = new DemoClassifier(screen, Paragraph.read(lesson), Paragraph.read(asked));
            return new Demo(screen, host, Digit.read(heldOut), learner, classifier, place).run() ? 0 : 1;
        } catch (CommandFailure e) {
            throw new CommandFailure(e.getMessage() + " (the demo's files are in " + place + ")", e);
        }
    }

    private Path need(String... names) {
        return surroundings
                .inHome(names)
                .orElseThrow(() -> new CommandFailure(
                        "The demo needs " + String.join("/", names) + " of the distribution; run its bin/holdfast"));
    }

    private static Path plugin(Path available) throws IOException {
        try (Stream<Path> jars = Files.list(available)) {
            return jars.filter(jar -> jar.getFileName().toString().matches("plugin-fs.*\\.jar"))
                    .findFirst()
                    .orElseThrow(() -> new CommandFailure("The demo needs plugin-fs, which is not in " + available));
        }
    }
}
