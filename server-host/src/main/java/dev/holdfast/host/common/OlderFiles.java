package dev.holdfast.host.common;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** {@code name.log}, and those before it: {@code name.1.log}, {@code name.2.log}, the higher the older. */
public final class OlderFiles {

    private static final String ENDING = ".log";

    private OlderFiles() {}

    /**
     * Gives each file the next higher number, so that the name is free for a new one; the oldest is replaced.
     *
     * @param file whose name ends in {@code .log}
     * @param kept how many numbered ones there are at the most
     */
    public static void push(Path file, int kept) throws IOException {
        for (int number = kept - 1; number >= 0; number--) {
            try {
                Files.move(
                        numbered(file, number),
                        numbered(file, number + 1),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } catch (NoSuchFileException e) {
                // There have not been so many yet.
            }
        }
    }

    private static Path numbered(Path file, int number) {
        String name = String.valueOf(file.getFileName());
        String stem = name.substring(0, name.length() - ENDING.length());
        return number == 0 ? file : file.resolveSibling(stem + "." + number + ENDING);
    }
}
