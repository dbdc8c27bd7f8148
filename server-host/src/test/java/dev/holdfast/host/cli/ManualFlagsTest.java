package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The operator's manual has every flag of every command, with its other names and what is to stand behind it. */
class ManualFlagsTest {

    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");

    @TempDir
    private Path directory;

    @Test
    void theManualsTableHasTheFlagsThatThereAreAndNoOthers() throws IOException {
        Set<String> inTheCode = new TreeSet<>();
        addFlags(Main.commandLine(new Typed(directory).surroundings()), inTheCode);

        assertThat(inTheManual()).containsExactlyInAnyOrderElementsOf(inTheCode);
        assertThat(inTheCode)
                .contains("holdfast: --timeout SECONDS", "holdfast plugins list: -D KEY=VALUE, --set KEY=VALUE");
    }

    private static void addFlags(CommandLine line, Set<String> flags) {
        String command = line.getCommandSpec().qualifiedName();
        line.getCommandSpec().options().stream()
                // A flag that all commands inherit stands with the first one.
                .filter(option -> !option.hidden() && !option.inherited())
                .forEach(option -> flags.add(command + ": " + written(option)));
        new TreeSet<>(line.getSubcommands().keySet())
                .forEach(name -> addFlags(line.getSubcommands().get(name), flags));
    }

    private static String written(OptionSpec option) {
        String value = option.arity().max() == 0 ? "" : " " + option.paramLabel();
        return Stream.of(option.names()).map(name -> name + value).collect(Collectors.joining(", "));
    }

    private static List<String> inTheManual() throws IOException {
        String manual = Files.readString(Path.of("..", "docs", "operators-manual.md"));
        int begin = manual.indexOf("| command | flag |");
        assertThat(begin).as("the table of flags").isPositive();
        List<String> flags = new ArrayList<>();
        manual.substring(begin, manual.indexOf("\n\n", begin)).lines().skip(2).forEach(row -> {
            // A bar inside of a cell is written with a backslash before it.
            String[] cells = row.split("(?<!\\\\)\\|");
            String flag = String.join(", ", quoted(cells[2])).replace("\\|", "|");
            quoted(cells[1]).forEach(command -> flags.add(command + ": " + flag));
        });
        return flags;
    }

    private static List<String> quoted(String cell) {
        return QUOTED.matcher(cell).results().map(match -> match.group(1)).toList();
    }
}
