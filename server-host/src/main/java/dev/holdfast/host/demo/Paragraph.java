package dev.holdfast.host.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A paragraph of a novel of the examples. */
record Paragraph(String author, String text) {

    /** All of a file with lines of the form author, tab, text. */
    static List<Paragraph> read(Path tsv) throws IOException {
        return Files.readAllLines(tsv).stream()
                .map(line -> line.split("\t", 2))
                .map(parts -> new Paragraph(parts[0], parts[1]))
                .toList();
    }
}
