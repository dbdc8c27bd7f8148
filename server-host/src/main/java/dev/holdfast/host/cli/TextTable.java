package dev.holdfast.host.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Rows below a heading, each column as wide as it needs; on a terminal that is too narrow the last columns are left out. */
final class TextTable {

    private final List<String> heading;
    private final Set<String> numbers;
    private final List<List<String>> rows = new ArrayList<>();

    /** @param numbers the columns that end where their headings end */
    TextTable(List<String> heading, Set<String> numbers) {
        this.heading = heading;
        this.numbers = numbers;
    }

    void add(List<String> row) {
        rows.add(row);
    }

    /** @param columns how wide the terminal is */
    String fitting(int columns) {
        List<Integer> widths = IntStream.range(0, heading.size())
                .mapToObj(column -> Stream.concat(Stream.of(heading), rows.stream())
                        .mapToInt(row -> row.get(column).length())
                        .max()
                        .orElse(0))
                .toList();
        int shown = 0;
        int width = 0;
        while (shown < widths.size() && (shown == 0 || width + widths.get(shown) <= columns)) {
            width += widths.get(shown) + 2;
            shown++;
        }
        StringBuilder text = new StringBuilder();
        line(text, heading, widths.subList(0, shown));
        for (List<String> row : rows) {
            line(text, row, widths.subList(0, shown));
        }
        return text.toString();
    }

    private void line(StringBuilder text, List<String> row, List<Integer> widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < widths.size(); column++) {
            String cell = row.get(column);
            String space = " ".repeat(widths.get(column) - cell.length());
            line.append(column == 0 ? "" : "  ");
            line.append(numbers.contains(heading.get(column)) ? space + cell : cell + space);
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }
}
