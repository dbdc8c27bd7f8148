package dev.holdfast.host.cli;

import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.plugins.PluginStatus.State;
import dev.holdfast.host.text.OneLine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Plugins as a table, below the directory that they are in, each with the reason for what is wrong with it. */
final class PluginTable {

    private static final List<String> HEAD = List.of("PLUGIN", "SERIALIZERS", "VERSION", "SDK", "STATE");

    private PluginTable() {}

    static String of(List<PluginStatus> plugins) {
        if (plugins.isEmpty()) {
            return "No plugins; the serializer that is built in is used.\n";
        }
        List<List<String>> rows = plugins.stream().map(PluginTable::row).toList();
        List<Integer> widths = new ArrayList<>();
        for (int column = 0; column < HEAD.size(); column++) {
            int at = column;
            widths.add(Stream.concat(Stream.of(HEAD), rows.stream())
                    .mapToInt(row -> row.get(at).length())
                    .max()
                    .orElseThrow());
        }
        StringBuilder text = new StringBuilder();
        Optional<Path> directory = Optional.empty();
        for (int i = 0; i < rows.size(); i++) {
            Optional<Path> here = Optional.ofNullable(plugins.get(i).path().getParent());
            if (i == 0 || !here.equals(directory)) {
                text.append(i == 0 ? "" : "\n")
                        .append(here.map(OneLine::of).orElse("."))
                        .append('\n');
                line(text, HEAD, widths);
                directory = here;
            }
            line(text, rows.get(i), widths);
            plugins.get(i)
                    .reason()
                    .ifPresent(reason ->
                            text.append(Paragraph.of(reason, "      ")).append('\n'));
        }
        return text + "\n" + summary(plugins) + "\n";
    }

    private static List<String> row(PluginStatus plugin) {
        String file = String.valueOf(plugin.path().getFileName());
        return List.of(
                plugin.name()
                        + (file.equals(plugin.name())
                                ? "/"
                                : file.substring(plugin.name().length())),
                plugin.serializers().isEmpty() ? "-" : String.join(", ", plugin.serializers()),
                plugin.version().orElse("-"),
                plugin.sdkVersion().orElse("-"),
                plugin.state().words());
    }

    private static void line(StringBuilder text, List<String> cells, List<Integer> widths) {
        StringBuilder line = new StringBuilder("  ");
        for (int column = 0; column < cells.size(); column++) {
            String cell = cells.get(column);
            line.append(cell).append(" ".repeat(widths.get(column) - cell.length() + 2));
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    private static String summary(List<PluginStatus> plugins) {
        return Stream.of(State.values())
                .map(state -> {
                    long count = plugins.stream()
                            .filter(plugin -> plugin.state() == state)
                            .count();
                    return count == 0 ? "" : count + " " + state.words();
                })
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(", "));
    }
}
