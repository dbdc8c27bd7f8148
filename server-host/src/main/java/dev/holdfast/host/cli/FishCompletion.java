package dev.holdfast.host.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The completion script for fish, for which picocli has none. */
final class FishCompletion {

    private final StringBuilder script = new StringBuilder("# Completion of holdfast for fish\n");

    static String of(CommandLine root) {
        FishCompletion fish = new FishCompletion();
        fish.add(root, List.of());
        fish.script
                .append(
                        "complete -c holdfast -f -n '__fish_seen_subcommand_from snapshots; and __fish_seen_subcommand_from ")
                .append(String.join(" ", SnapshotNamesCompletion.COMMANDS))
                .append("' -a '(holdfast ")
                .append(SnapshotNamesCompletion.ASK)
                .append(" 2>/dev/null </dev/null)'\n");
        return fish.script.toString();
    }

    /** @param above the names of the commands above it, without the first */
    private void add(CommandLine line, List<String> above) {
        Map<String, CommandLine> below = new TreeMap<>(line.getSubcommands());
        below.forEach((name, command) -> script.append("complete -c holdfast -f -n '")
                .append(above.isEmpty() ? "__fish_use_subcommand" : condition(above, below.keySet()))
                .append("' -a ")
                .append(name)
                .append(" -d ")
                .append(quoted(first(command.getCommandSpec().usageMessage().description())))
                .append('\n'));
        line.getCommandSpec().options().stream()
                .filter(option -> !option.hidden() && !option.inherited())
                .forEach(option -> add(option, above, below));
        below.forEach((name, command) -> {
            List<String> names = new ArrayList<>(above);
            names.add(name);
            add(command, names);
        });
    }

    private void add(OptionSpec option, List<String> above, Map<String, CommandLine> below) {
        // One that all commands inherit stands with the first.
        boolean everywhere = option.scopeType() == CommandLine.ScopeType.INHERIT;
        script.append("complete -c holdfast");
        if (!above.isEmpty()) {
            script.append(" -n '")
                    .append(condition(above, everywhere ? List.of() : below.keySet()))
                    .append('\'');
        } else if (!everywhere) {
            script.append(" -n __fish_use_subcommand");
        }
        for (String name : option.names()) {
            script.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
        }
        if (option.arity().max() > 0) {
            script.append(" -r");
        }
        script.append(" -d ").append(quoted(first(option.description()))).append('\n');
    }

    private static String condition(List<String> above, Iterable<String> notBelow) {
        StringBuilder condition = new StringBuilder();
        above.forEach(name -> condition
                .append(condition.isEmpty() ? "" : "; and ")
                .append("__fish_seen_subcommand_from ")
                .append(name));
        String others = String.join(" ", notBelow);
        return others.isEmpty() ? condition.toString() : condition + "; and not __fish_seen_subcommand_from " + others;
    }

    private static String first(String[] description) {
        return description.length == 0 ? "" : description[0].replaceFirst("(?s)[.:;] .*", "");
    }

    /** In fish's single quotes only these two are not what they are. */
    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
