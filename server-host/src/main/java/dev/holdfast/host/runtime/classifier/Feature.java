package dev.holdfast.host.runtime.classifier;

import java.util.Arrays;

/** A feature: in how many examples it was seen, and its weight for each label that it has one for. */
final class Feature {

    private static final int[] NONE = {};
    private static final double[] NO_WEIGHTS = {};

    final String name;
    /** In how many examples it was seen. */
    double seen;
    /** The ids of the labels, in the order in which they came. */
    int[] labels = NONE;
    /** For each of them the weight, and with some methods the covariance after it. */
    double[] weights = NO_WEIGHTS;

    /** Whether it has changed since it was written to the log. */
    boolean changed;
    /** How many bytes the log's last record of it has. */
    int logged;

    Feature(String name) {
        this.name = name;
    }

    int place(int label) {
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] == label) {
                return i;
            }
        }
        return -1;
    }

    /** The place of a label, which is made where it has none: weight 0, covariance 1. */
    int ensure(int label, int each) {
        int place = place(label);
        if (place < 0) {
            place = labels.length;
            labels = Arrays.copyOf(labels, place + 1);
            labels[place] = label;
            weights = Arrays.copyOf(weights, each * (place + 1));
            if (each > 1) {
                weights[each * place + 1] = 1;
            }
        }
        return place;
    }

    void remove(int label, int each) {
        int place = place(label);
        if (place >= 0) {
            int after = labels.length - place - 1;
            System.arraycopy(labels, place + 1, labels, place, after);
            System.arraycopy(weights, each * (place + 1), weights, each * place, each * after);
            labels = Arrays.copyOf(labels, labels.length - 1);
            weights = Arrays.copyOf(weights, each * labels.length);
        }
    }
}
