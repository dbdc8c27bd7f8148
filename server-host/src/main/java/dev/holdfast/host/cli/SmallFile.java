package dev.holdfast.host.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file by which hosts and commands talk: the run file, the keys, the report of a start. None of them is large. */
final class SmallFile {

    private static final long LARGEST = 1 << 20;

    private SmallFile() {}

    /** @throws IOException if it cannot be read, is no UTF-8, or is larger than any of these files; nothing is read then */
    static String read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > LARGEST) {
            throw new IOException(file + " has " + size + " bytes, more than such a file may have");
        }
        return Files.readString(file);
    }
}
