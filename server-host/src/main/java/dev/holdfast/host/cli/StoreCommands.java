package dev.holdfast.host.cli;

import dev.holdfast.host.InstalledPlugins;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.logging.HostLogging;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.StoreCommand;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code holdfast <serializer> <command> …}: what a plugin brings for its operators.
 *
 * <p>Plugins are loaded only for a word that is no command of the host's own, so that no other command pays for it.
 */
@Command(
        name = StoreCommands.NAME,
        description = "Run a command of a plugin, as in holdfast raft status; without a COMMAND, list those there are.",
        sortOptions = false)
final class StoreCommands implements Runnable {

    static final String NAME = "plugin-command";

    private static final String GROUP = "default";

    private final HoldfastCommand holdfast;

    @Parameters(index = "0", paramLabel = "SERIALIZER", description = "The serializer, such as raft.")
    private String serializer = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "COMMAND", description = "One of its commands.")
    private @Nullable String command;

    @Parameters(index = "2..*", paramLabel = "ARGUMENT", description = "What the command asks for.")
    private List<String> arguments = new ArrayList<>();

    @Mixin
    private ConfigArguments config = new ConfigArguments();

    @Option(names = "--json", order = 32, description = "Answer with one JSON value.")
    private boolean json;

    StoreCommands(HoldfastCommand holdfast) {
        this.holdfast = holdfast;
    }

    /** The same arguments, where the first one is no option and no command of the host's own, as one of a plugin. */
    static String[] written(CommandLine line, String... arguments) {
        if (arguments.length == 0
                || arguments[0].startsWith("-")
                || !arguments[0].matches("[a-z][a-z0-9-]{0,62}")
                || line.getSubcommands().containsKey(arguments[0])
                || line.getSubcommands().isEmpty()) {
            return arguments;
        }
        List<String> written = new ArrayList<>(List.of(NAME));
        written.addAll(List.of(arguments));
        return written.toArray(String[]::new);
    }

    @Override
    public void run() {
        if (config.hasEmptyKey()) {
            throw new WrongLine("--set needs a key before the '=', as in KEY=VALUE");
        }
        PrintWriter out = holdfast.surroundings().out();
        StartOptions options = config.toStartOptions(holdfast.logLocation(), holdfast.surroundings());
        out.print(EndedByCode.telling(
                holdfast.surroundings().err(),
                () -> HostLogging.silently(() -> {
                    try (InstalledPlugins installed = InstalledPlugins.of(options)) {
                        return answer(store(installed));
                    }
                })));
    }

    private InstalledPlugins.Store store(InstalledPlugins installed) {
        try {
            return installed.store(serializer);
        } catch (ConfigException e) {
            throw new WrongLine("There is no command '" + OneLine.name(serializer)
                    + "' of the host, nor of a serializer: " + OneLine.of(e));
        }
    }

    private String answer(InstalledPlugins.Store store) {
        List<StoreCommand> commands = store.factory().commands();
        String known = command;
        if (known == null) {
            return list(store.name(), commands);
        }
        if (commands.stream().noneMatch(one -> one.name().equals(known))) {
            throw new WrongLine("Serializer " + store.name() + " has no command '" + known + "'; it has "
                    + (commands.isEmpty()
                            ? "none"
                            : commands.stream().map(StoreCommand::name).collect(Collectors.joining(", "))));
        }
        try {
            return store.factory()
                    .run(known, arguments, json, store.wholeConfig().apply(GROUP));
        } catch (ConfigurationException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new WrongLine(OneLine.of(e));
        }
    }

    private static String list(String serializer, List<StoreCommand> commands) {
        if (commands.isEmpty()) {
            return "Serializer " + serializer + " brings no commands.\n";
        }
        StringBuilder text = new StringBuilder("The commands of serializer " + serializer + "\n");
        for (StoreCommand one : commands) {
            text.append("\n  holdfast ")
                    .append(serializer)
                    .append(' ')
                    .append(one.usage())
                    .append('\n')
                    .append(Paragraph.of(one.sentence(), "      "))
                    .append('\n');
        }
        return text.toString();
    }
}
