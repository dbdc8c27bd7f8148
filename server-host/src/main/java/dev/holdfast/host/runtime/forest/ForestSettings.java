package dev.holdfast.host.runtime.forest;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.SettingsFile;
import dev.holdfast.host.runtime.StatefulModel.SaveRule;
import java.util.List;

/**
 * The shape of a random cut forest.
 *
 * @param dimensions how many numbers a row has
 * @param shingleSize how many consecutive rows make the point that the trees hold: 1 scores each row by itself, more
 *     scores it after those that were learned before it
 * @param trees how many trees there are; more of them make the score steadier
 * @param sampleSize how many points each tree holds; about the inverse of the share of anomalies that is expected
 * @param timeDecay how fast old points make room for new ones; 0 for a sample of everything that was ever learned
 * @param outputAfter how many rows are learned before a score is other than 0
 * @param seed of the random cuts and samples: forests with one seed that learn the same are the same
 * @param saveRule when what it has learned is stored
 */
record ForestSettings(
        int dimensions,
        int shingleSize,
        int trees,
        int sampleSize,
        double timeDecay,
        int outputAfter,
        long seed,
        SaveRule saveRule) {

    /**
     * A node of a tree over at most 256 points refers to a point by 16 bits, which the library does not check: 256 points
     * in each of 250 trees, and the nodes themselves, just fit.
     */
    private static final int MOST_TREES = 250;
    /** The library's store of points grows by a tenth, which for fewer than 10 places is nothing. */
    private static final int SMALLEST_SAMPLE = 8;

    private static final int LARGEST_SAMPLE = 4096;
    /** The forest computes with differences of 32-bit floats, and their sums, which must be finite too. */
    static final float LARGEST_NUMBER = 1e37f;

    /** Each tree keeps two numbers for each of a point's in its bounding boxes: 800 MB at most. */
    private static final long MOST_NUMBERS = 100_000_000;

    private static final List<String> KEYS =
            List.of("dimensions", "shingleSize", "trees", "sampleSize", "timeDecay", "outputAfter", "seed");

    /** Settings that leave the saving to the default. */
    ForestSettings(
            int dimensions, int shingleSize, int trees, int sampleSize, double timeDecay, int outputAfter, long seed) {
        this(dimensions, shingleSize, trees, sampleSize, timeDecay, outputAfter, seed, SaveRule.DEFAULT);
    }

    /** @throws ModelLoadException naming the setting that is wrong, its value, and the rule */
    static ForestSettings read(Archive archive, String file) {
        SettingsFile settings = SettingsFile.ofLearner(archive, file, KEYS);
        int dimensions = (int) settings.wholeNumber("dimensions", 1, 10_000);
        int shingleSize = (int) settings.wholeNumber("shingleSize", 1, 1000, 1);
        int trees = (int) settings.wholeNumber("trees", 1, MOST_TREES, 50);
        int sampleSize = (int) settings.wholeNumber("sampleSize", SMALLEST_SAMPLE, LARGEST_SAMPLE, 256);
        if ((long) dimensions * shingleSize > 10_000) {
            throw settings.refused("shingleSize", "at most 10000 together with 'dimensions', multiplied");
        }
        if ((long) dimensions * shingleSize * trees * sampleSize > MOST_NUMBERS) {
            throw settings.refused(
                    "dimensions",
                    "at most " + MOST_NUMBERS
                            + " together with 'shingleSize', 'trees' and 'sampleSize', multiplied, for the sake of memory");
        }
        return new ForestSettings(
                dimensions,
                shingleSize,
                trees,
                sampleSize,
                settings.number("timeDecay", 0, 1, 0.1 / sampleSize),
                (int) settings.wholeNumber("outputAfter", 1, Integer.MAX_VALUE, Math.max(1, sampleSize / 4)),
                settings.wholeNumber("seed", Long.MIN_VALUE, Long.MAX_VALUE, 0),
                settings.saveRule());
    }

    /** How many numbers a point in the trees has: those of all rows of a shingle. */
    int pointSize() {
        return dimensions * shingleSize;
    }

    /** The most points that the trees can hold, and one on its way in. */
    int mostPoints() {
        return Math.max(trees * sampleSize + 1, 2 * sampleSize);
    }

    /** The settings without which a stored forest means nothing; the others may change under it. */
    String fingerprint() {
        return "dimensions=" + dimensions + ",shingleSize=" + shingleSize + ",trees=" + trees + ",sampleSize="
                + sampleSize + ",timeDecay=" + timeDecay;
    }

    /** Whether the forest can hold a number without ever computing infinity with it. */
    static boolean isTakable(float value) {
        return Math.abs(value) <= LARGEST_NUMBER;
    }
}
