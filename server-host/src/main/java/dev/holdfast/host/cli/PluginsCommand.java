package dev.holdfast.host.cli;

import dev.holdfast.host.InstalledPlugins;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.logging.HostLogging;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.plugins.PluginStatus.State;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code holdfast plugins}: what is installed, and whether it does what a serializer must; without a running host. */
@Command(
        name = "plugins",
        description = "List the installed plugins, describe the keys of one, and verify its store.",
        synopsisSubcommandLabel = "list | describe | verify",
        sortOptions = false)
final class PluginsCommand implements Runnable {

    private final HoldfastCommand holdfast;

    @Spec
    private @Nullable CommandSpec spec;

    PluginsCommand(HoldfastCommand holdfast) {
        this.holdfast = holdfast;
    }

    @Override
    public void run() {
        throw new ParameterException(
                Objects.requireNonNull(spec).commandLine(), "Missing command: list, describe NAME, or verify NAME");
    }

    @Command(
            name = "list",
            description = "Load what is in the plugins path, and say what became of each. Exit code 1 if any of it is"
                    + " rejected.",
            sortOptions = false)
    int list(
            @Mixin ConfigArguments arguments,
            @Option(names = "--json", order = 32, description = "As GET /plugins of a running host answers.")
                    boolean json) {
        StartOptions options = options(arguments);
        List<PluginStatus> plugins = silently(() -> {
            try (InstalledPlugins installed = InstalledPlugins.of(options)) {
                return installed.all();
            }
        });
        PrintWriter out = holdfast.surroundings().out();
        if (json) {
            out.print(CommandJson.pretty(CommandJson.of(PluginStatus.toMap(plugins))));
        } else {
            out.print(PluginTable.of(plugins));
        }
        return plugins.stream().allMatch(plugin -> plugin.state() == State.LOADED) ? 0 : 1;
    }

    @Command(
            name = "describe",
            description =
                    "Print the keys of a serializer: what each is for, what it may be, and what it is by default.",
            sortOptions = false)
    int describe(
            @Parameters(paramLabel = "NAME", description = "The serializer, such as fs or jdbc.") String name,
            @Mixin ConfigArguments arguments) {
        StartOptions options = options(arguments);
        return silently(() -> {
            try (InstalledPlugins installed = InstalledPlugins.of(options)) {
                InstalledPlugins.Store store = installed.store(name);
                holdfast.surroundings()
                        .out()
                        .print(KeysText.of(store.name(), store.factory().keys()));
                return 0;
            }
        });
    }

    @Command(
            name = "verify",
            description = "Run the contract of serializers against the store that is configured for one, in groups of"
                    + " the run's own, which are emptied again. Exit code 1 if anything failed.",
            sortOptions = false)
    int verify(
            @Parameters(paramLabel = "NAME", description = "The serializer, such as fs or jdbc.") String name,
            @Mixin ConfigArguments arguments,
            @Option(
                            names = "--clean",
                            order = 33,
                            description = "Run nothing, and empty the groups of earlier runs that were killed.")
                    boolean clean) {
        StoreCheck.requireTestkit();
        StartOptions options = options(arguments);
        return silently(() -> {
            try (InstalledPlugins installed = InstalledPlugins.of(options)) {
                StoreCheck check = new StoreCheck(
                        installed.store(name),
                        options.logLocation(),
                        holdfast.surroundings().out());
                return clean ? check.clean() : check.run();
            }
        });
    }

    private <T> T silently(Supplier<T> body) {
        return EndedByCode.telling(holdfast.surroundings().err(), () -> HostLogging.silently(body));
    }

    private StartOptions options(ConfigArguments arguments) {
        if (arguments.hasEmptyKey()) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(), "--set needs a key before the '=', as in KEY=VALUE");
        }
        if (!holdfast.config().isEmpty()) {
            // Those in front are of a start; passed over in silence, another store than the one meant would be
            // verified.
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(),
                    "Options stand behind the command, as in plugins list --config FILE");
        }
        return arguments.toStartOptions(holdfast.logLocation(), holdfast.surroundings());
    }
}
