package dev.holdfast.host.cli;

import dev.holdfast.host.HostVersion;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.config.HostConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code holdfast}: starts and stops a host. */
@Command(
        name = "holdfast",
        description = "Serves models, and keeps what it serves: after any stop it comes back serving the same.",
        sortOptions = false,
        usageHelpAutoWidth = true,
        synopsisHeading = "",
        customSynopsis = {
            "Usage: holdfast [--start] [--model-store DIR] [--models MODEL...] [OPTIONS]",
            "       holdfast --stop | --version | --help",
            "       holdfast COMMAND"
        },
        descriptionHeading = "%n",
        optionListHeading = "%n",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%n",
        footer = "First steps: holdfast demo",
        exitCodeOnExecutionException = 1)
final class HoldfastCommand implements Callable<Integer> {

    private static final Duration STOP_LIMIT = Duration.ofMinutes(1);
    private static final Duration START_LIMIT = Duration.ofMinutes(5);

    private final Surroundings surroundings;

    @Spec
    private @Nullable CommandSpec spec;

    /** What to do; {@code --start} by default. */
    static final class Verb {

        @Option(names = "--start", order = 1, description = "Start a host in the background; the default.")
        @SuppressWarnings("UnusedVariable") // What nothing else was said means; picocli alone needs to know it.
        private boolean start;

        @Option(names = "--stop", order = 2, description = "Stop the host in order, with a snapshot.")
        private boolean stop;

        @Option(
                names = {"-v", "--version"},
                order = 3,
                description = "Print the version.")
        private boolean version;
    }

    @ArgGroup(order = 1)
    private Verb verb = new Verb();

    @Option(names = "--foreground", order = 4, description = "Start the host in this process, and stay.")
    private boolean foreground;

    @Option(
            names = "--dry-run",
            order = 5,
            description = "Say what a start would restore and load, and what would fail; start and write nothing.")
    private boolean dryRun;

    @Option(names = "--json", order = 6, description = "With --dry-run: answer with one JSON object.")
    private boolean json;

    @Mixin
    private final StartArguments start = new StartArguments();

    @Option(
            names = "--log-location",
            paramLabel = "DIR",
            order = 51,
            scope = ScopeType.INHERIT,
            description = "Logs, local snapshots, run file. Default: $LOG_LOCATION, else ./logs.")
    private Optional<Path> logLocation = Optional.empty();

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            order = 52,
            description = "How long a start (300) or a stop (60) may take.")
    private Optional<Integer> timeout = Optional.empty();

    @Option(names = "--start-report", hidden = true)
    private Optional<Path> startReport = Optional.empty();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            order = 70,
            scope = ScopeType.INHERIT,
            description = "Print this help.")
    @SuppressWarnings("UnusedVariable") // picocli prints the help itself.
    private boolean help;

    HoldfastCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    Surroundings surroundings() {
        return surroundings;
    }

    /** The options for configuration that stand before the name of a command. */
    ConfigArguments config() {
        return start.config();
    }

    LogLocation logLocation() {
        return LogLocation.of(logLocation, surroundings);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        CommandSpec command = Objects.requireNonNull(spec);
        if (timeout.isPresent() && timeout.get() < 1) {
            throw new ParameterException(
                    command.commandLine(), "--timeout '" + timeout.get() + "' must be 1 second or more");
        }
        if (start.hasEmptyKey()) {
            throw new ParameterException(command.commandLine(), "--set needs a key before the '=', as in KEY=VALUE");
        }
        if (start.config().set().containsKey(HostConfig.VMARGS)) {
            throw new ParameterException(
                    command.commandLine(),
                    "--set " + HostConfig.VMARGS
                            + " is not taken, because it is read before a host's JVM starts: put it"
                            + " into a configuration file, or set HOLDFAST_JAVA_OPTS");
        }
        if (json && !dryRun) {
            throw new ParameterException(
                    command.commandLine(), "--json needs --dry-run, or a command that answers in it");
        }
        if (dryRun && (verb.stop || verb.version || foreground)) {
            throw new ParameterException(command.commandLine(), "--dry-run goes with --start alone");
        }
        if (verb.version) {
            surroundings.out().println("Holdfast " + HostVersion.get());
            return 0;
        }
        if (verb.stop) {
            return new Stop(surroundings).run(logLocation(), limit(STOP_LIMIT));
        }
        StartOptions options = startOptions();
        Optional<Path> logConfig = start.logConfig(surroundings);
        if (dryRun) {
            return new DryStartText(surroundings).run(options, json);
        }
        if (foreground) {
            return new ForegroundStart(surroundings, startReport).run(options, logConfig);
        }
        // The host's own launcher would say the same, less legibly.
        JvmOptions.of(options.defaultConfig(), options.tsConfig(), options.environment());
        if (new RunFiles(surroundings.runDirectory())
                .of(options.logLocation())
                .filter(host -> !host.process().isEnding())
                .isPresent()) {
            throw new CommandFailure(ForegroundStart.ALREADY_RUNNING);
        }
        String ready = new HostLauncher(surroundings)
                .start(
                        command.commandLine().getParseResult().originalArgs(),
                        surroundings.environment(),
                        options.logLocation(),
                        limit(START_LIMIT));
        surroundings.out().print(ready);
        new ClassDataArchive(surroundings).makeBesides();
        return 0;
    }

    /** The start options of the command line that was parsed. */
    StartOptions startOptions() {
        return start.toStartOptions(logLocation(), surroundings);
    }

    private Duration limit(Duration otherwise) {
        return timeout.map(Duration::ofSeconds).orElse(otherwise);
    }
}
