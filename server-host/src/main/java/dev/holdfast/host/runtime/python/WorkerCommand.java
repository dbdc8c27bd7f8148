package dev.holdfast.host.runtime.python;

import dev.holdfast.host.runtime.process.WorkerDirectory;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The command line and the environment of one worker. */
final class WorkerCommand {

    /** What the workers of distributed training are told; a worker would add one of them to the name of its socket. */
    private static final List<String> NOT_FOR_WORKERS = List.of("LOCAL_RANK", "RANK", "WORLD_SIZE");

    private static final String METRICS = "metrics.yaml";

    private final WorkerPlan plan;
    private final Path directory;
    private final Path socket;
    private final Optional<Path> packages;

    /**
     * @param directory the host's directory of workers
     * @param socket the last part of its name is a number after a dot, as TorchServe's worker wants it
     * @param packages the directory with the packages that were installed for the model
     */
    WorkerCommand(WorkerPlan plan, Path directory, Path socket, Optional<Path> packages) {
        this.packages = packages;
        this.plan = plan;
        this.directory = directory;
        this.socket = socket;
    }

    ProcessBuilder builder() throws IOException {
        List<String> command = new ArrayList<>(List.of(plan.python().executable(), worker().toString()));
        command.addAll(List.of("--sock-type", "unix", "--sock-name", socket.toString()));
        command.addAll(List.of("--metrics-config", metrics().toString()));
        if (plan.python().torchServe().isEmpty() && packages.isPresent()) {
            command.addAll(List.of("--packages", packages.get().toString()));
        }
        if (plan.python().torchServe().isEmpty() && !plan.config().isEmpty()) {
            Path config = WorkerDirectory.besides(socket);
            Files.write(config, ConfigForHandler.json(plan.config()));
            command.addAll(List.of("--model-config", config.toString()));
        }
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(plan.root().toFile());
        builder.environment().clear();
        builder.environment().putAll(plan.settings().environment());
        environment(builder.environment());
        return builder;
    }

    private Path worker() throws IOException {
        Optional<PythonInterpreter.TorchServe> theirs = plan.python().torchServe();
        return theirs.isPresent() ? theirs.get().worker() : WorkerFiles.in(directory);
    }

    /** TorchServe's worker does not start without such a file. JSON is YAML too, and Holdfast's own worker can read it. */
    private Path metrics() throws IOException {
        if (plan.python().torchServe().isPresent()) {
            Path theirs = plan.settings()
                    .metrics()
                    .file()
                    .orElse(worker().resolveSibling("configs").resolve(METRICS))
                    .toAbsolutePath();
            if (Files.isRegularFile(theirs)) {
                return theirs;
            }
        }
        Path none = directory.resolve(METRICS);
        if (!Files.exists(none)) {
            Path part = Files.createTempFile(directory, METRICS, ".part");
            Files.writeString(part, plan.settings().metrics().declared().get());
            // Workers of several models start at once.
            Files.move(part, none, StandardCopyOption.ATOMIC_MOVE);
        }
        return none;
    }

    private void environment(Map<String, String> environment) {
        NOT_FOR_WORKERS.forEach(environment::remove);
        environment.put("PYTHONUNBUFFERED", "1");
        // An archive may be a directory, whose files are what its SHA-256 was made of.
        environment.put("PYTHONDONTWRITEBYTECODE", "1");
        environment.put(
                "TS_DECODE_INPUT_REQUEST", Boolean.toString(plan.settings().decodeRequests()));
        if (plan.python().torchServe().isPresent()) {
            environment.put("PYTHONPATH", pythonPath(environment));
        }
        // Holdfast's own worker finds the model's files by itself, once it has loaded its own modules: a file of the
        // model that
        // is called json.py would take the place of one of them.
    }

    private String pythonPath(Map<String, String> environment) {
        String file = plan.handler().split(":", 2)[0];
        int folder = file.lastIndexOf('/');
        return Stream.of(
                        folder > 0
                                ? plan.root().resolve(file.substring(0, folder)).toString()
                                : "",
                        environment.getOrDefault("PYTHONPATH", ""),
                        plan.root().toString(),
                        packages.map(Path::toString).orElse(""))
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
