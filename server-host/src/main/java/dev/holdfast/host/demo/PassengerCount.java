package dev.holdfast.host.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A half hour of the taxis of the examples.
 *
 * @param begin in New York, as {@code 2015-01-27 08:00:00}
 */
record PassengerCount(String begin, int passengers) {

    /** The whole series of a file with lines of the form {@code begin,passengers}. */
    static List<PassengerCount> read(Path csv) throws IOException {
        List<PassengerCount> series = new ArrayList<>();
        for (String line : Files.readAllLines(csv)) {
            int comma = line.indexOf(',');
            series.add(new PassengerCount(line.substring(0, comma), Integer.parseInt(line.substring(comma + 1))));
        }
        return series;
    }
}
