package dev.holdfast.examples.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Labelled samples, in the order of their file. */
record Samples(List<Sample> all) {

    /** What is seen, and the class it belongs to, counted from 0. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, and never written after it is read
    record Sample(float[] features, int label) {}

    Samples {
        all = List.copyOf(all);
    }

    /**
     * Reads a file of one sample a line: {@code label,feature,feature,…}, without a heading.
     *
     * @throws IllegalArgumentException naming file and line, when a line is not that
     */
    static Samples read(Path csv, int features, int classes) throws IOException {
        List<Sample> samples = new ArrayList<>();
        for (String line : Files.readAllLines(csv)) {
            String[] cells = line.split(",", -1);
            try {
                samples.add(sample(cells, features, classes));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        csv + ", line " + (samples.size() + 1) + ": '" + line + "' must be a label from 0 to "
                                + (classes - 1) + " and " + features + " numbers",
                        e);
            }
        }
        return new Samples(samples);
    }

    private static Sample sample(String[] cells, int features, int classes) {
        int label = Integer.parseInt(cells[0]);
        if (cells.length != features + 1 || label < 0 || label >= classes) {
            throw new IllegalArgumentException("label " + label + ", " + (cells.length - 1) + " features");
        }
        float[] values = new float[features];
        for (int i = 0; i < features; i++) {
            values[i] = Float.parseFloat(cells[i + 1]);
        }
        return new Sample(values, label);
    }
}
