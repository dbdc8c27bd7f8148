package dev.holdfast.host.cli;

/** A sentence over as many lines as it needs, each indented. */
final class Paragraph {

    private static final int WIDTH = 100;

    private Paragraph() {}

    /** Without a line's end after the last one. A word that is longer than a line, such as a path, is not cut. */
    static String of(String text, String indent) {
        StringBuilder lines = new StringBuilder();
        StringBuilder line = new StringBuilder(indent);
        for (String word : text.strip().split("\\s+")) {
            boolean first = line.length() == indent.length();
            if (!first && line.length() + 1 + word.length() > WIDTH) {
                lines.append(line).append('\n');
                line = new StringBuilder(indent);
                first = true;
            }
            line.append(first ? "" : " ").append(word);
        }
        return lines.append(line).toString();
    }
}
