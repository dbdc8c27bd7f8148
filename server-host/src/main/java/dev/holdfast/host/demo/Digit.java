package dev.holdfast.host.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A handwritten digit of the examples.
 *
 * @param label what its writer meant
 * @param pixels 8 rows of 8, from 0 (white) to 16 (black)
 */
record Digit(int label, List<Integer> pixels) {

    static final int SIDE = 8;

    private static final String INK = " .:-=+*#%@";
    private static final int BLACK = 16;

    Digit {
        pixels = List.copyOf(pixels);
        if (pixels.size() != SIDE * SIDE) {
            throw new IllegalArgumentException("a digit has " + SIDE * SIDE + " pixels, not " + pixels.size());
        }
    }

    /** All digits of a file with lines of the form {@code label,pixel,...}. */
    static List<Digit> read(Path csv) throws IOException {
        List<Digit> digits = new ArrayList<>();
        for (String line : Files.readAllLines(csv)) {
            List<Integer> numbers = new ArrayList<>();
            for (String number : line.split(",")) {
                numbers.add(Integer.valueOf(number.strip()));
            }
            digits.add(new Digit(numbers.get(0), numbers.subList(1, numbers.size())));
        }
        return digits;
    }

    /** A row as text, two characters for a pixel, which makes the picture about square. */
    String row(int row) {
        StringBuilder text = new StringBuilder();
        for (int column = 0; column < SIDE; column++) {
            char ink = INK.charAt(pixels.get(row * SIDE + column) * (INK.length() - 1) / BLACK);
            text.append(ink).append(ink);
        }
        return text.toString();
    }
}
