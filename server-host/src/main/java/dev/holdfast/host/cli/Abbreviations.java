package dev.holdfast.host.cli;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Long options of a start that are written by their beginnings, as TorchServe's command line takes them: {@code
 * --disable-token} for {@code --disable-token-auth}. What stands for more than one is refused.
 *
 * <p>Not left to picocli, which shortens each part between hyphens: {@code --d-t} would be an option then.
 */
final class Abbreviations {

    private final CommandLine line;
    private final Set<String> known;

    private Abbreviations(CommandLine line) {
        this.line = line;
        this.known = names(line).collect(Collectors.toSet());
    }

    /**
     * The same arguments with each option's whole name.
     *
     * @throws ParameterException if a beginning is that of more than one option
     */
    static String[] written(CommandLine line, String... args) {
        Abbreviations abbreviations = new Abbreviations(line);
        return Stream.of(args).map(abbreviations::written).toArray(String[]::new);
    }

    private String written(String argument) {
        int equals = argument.indexOf('=');
        String name = equals < 0 ? argument : argument.substring(0, equals);
        if (!name.startsWith("--") || name.length() == 2 || known.contains(name)) {
            return argument;
        }
        List<OptionSpec> meant = line.getCommandSpec().options().stream()
                .filter(option -> !option.hidden() && beginning(option, name).isPresent())
                .toList();
        if (meant.size() > 1) {
            throw new ParameterException(
                    line,
                    "Option " + name + " could be "
                            + meant.stream()
                                    .flatMap(option -> beginning(option, name).stream())
                                    .collect(Collectors.toCollection(TreeSet::new))
                                    .stream()
                                    .collect(Collectors.joining(" or ")));
        }
        return meant.stream()
                .findFirst()
                .flatMap(option -> beginning(option, name))
                .map(whole -> whole + argument.substring(name.length()))
                .orElse(argument);
    }

    private static Optional<String> beginning(OptionSpec option, String name) {
        return Stream.of(option.names()).filter(whole -> whole.startsWith(name)).findFirst();
    }

    /** Those of subcommands too, whose options are written out. */
    private static Stream<String> names(CommandLine line) {
        return Stream.concat(
                line.getCommandSpec().options().stream().flatMap(option -> Stream.of(option.names())),
                line.getSubcommands().values().stream().flatMap(Abbreviations::names));
    }
}
