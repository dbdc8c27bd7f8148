package dev.holdfast.host.runtime.classifier;

import dev.holdfast.host.runtime.classifier.FeatureConverter.Found;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a classifier has learned: its labels, and the weights and counts of its features, each in an order of its own, which is
 * that of a model file that was read. Not safe for use by several threads, but for readers among themselves.
 */
final class Learned {

    private static final int SPARE_IDS = 1024;

    private final Method method;
    private final double c;
    private final int each;

    /** How many examples each label was taught by. */
    final Map<String, Long> counts = new LinkedHashMap<>();

    final Map<String, Integer> ids = new LinkedHashMap<>();
    final Map<Integer, String> names = new LinkedHashMap<>();
    int nextId;
    /** How many examples there were, for the weighing of rare features. */
    long examples;
    /** The three version numbers of a model file: of the weights, the labels and the counts. */
    final long[] versions = new long[3];

    private final Map<String, Feature> features = new HashMap<>();
    /** Those with weights. */
    List<Feature> weighted = new ArrayList<>();
    /** Those that were seen. */
    final List<Feature> seen = new ArrayList<>();
    /** Those that have changed since the log was written; null where all have. */
    @Nullable
    List<Feature> changed = new ArrayList<>();

    Learned(Method method, double c) {
        this.method = method;
        this.c = c;
        this.each = method.hasCovariance() ? 2 : 1;
    }

    boolean hasCovariance() {
        return each > 1;
    }

    @Nullable
    Feature find(String name) {
        return features.get(name);
    }

    /** The feature of a name, made where there is none. */
    Feature feature(String name) {
        return features.computeIfAbsent(name, Feature::new);
    }

    void drop(Feature feature) {
        features.remove(feature.name);
    }

    private double weigh(Found found) {
        if (!found.rare()) {
            return found.value();
        }
        Feature feature = features.get(found.name());
        return found.value() * Math.log((examples + 1.0) / ((feature == null ? 0 : feature.seen) + 1));
    }

    /** A feature of an example and its value there. */
    private record Value(Feature feature, double x) {}

    /** The score of each label, by id; only those that {@link #names} has mean something. */
    private double[] scores(List<Value> values) {
        double[] scores = new double[nextId];
        for (Value value : values) {
            int[] labels = value.feature().labels;
            double[] weights = value.feature().weights;
            for (int i = 0; i < labels.length; i++) {
                scores[labels[i]] += weights[each * i] * value.x();
            }
        }
        return scores;
    }

    /** A score for each label. */
    Map<String, Double> classify(List<Found> found) {
        List<Value> values = new ArrayList<>(found.size());
        for (Found one : found) {
            Feature feature = features.get(one.name());
            double x = feature == null ? 0 : weigh(one);
            if (feature != null && x != 0) {
                values.add(new Value(feature, x));
            }
        }
        double[] scores = scores(values);
        Map<String, Double> byLabel = new LinkedHashMap<>();
        ids.forEach((label, id) -> byLabel.put(label, scores[id]));
        return byLabel;
    }

    void train(String label, List<Found> found) {
        count(found);
        List<Value> values = values(found);
        double[] scores = scores(values);
        Integer known = ids.get(label);
        int right = known == null ? -1 : known;
        int wrong = -1;
        for (int id : ids.values()) {
            if (id != right && (wrong < 0 || isBetter(id, wrong, scores))) {
                wrong = id;
            }
        }
        double rightScore = right < 0 ? 0 : scores[right];
        double wrongScore = wrong < 0 ? 0 : scores[wrong];
        boolean predicted = right >= 0 && (wrong < 0 || isBetter(right, wrong, scores));
        right = id(label);
        counts.merge(label, 1L, Long::sum);
        if (method == Method.PERCEPTRON && predicted) {
            return;
        }
        double norm = 0;
        double variance = 0;
        for (Value value : values) {
            double square = value.x() * value.x();
            norm += square;
            variance += (covariance(value.feature(), right) + covariance(value.feature(), wrong)) * square;
        }
        double step = method.step(c, rightScore - wrongScore, norm, variance);
        if (step != 0) {
            for (Value value : values) {
                update(value, right, step, 1, variance);
                if (wrong >= 0) {
                    update(value, wrong, step, -1, variance);
                }
            }
        }
    }

    /** Of labels with the same score the one that came last is taken, as the original does where labels are few. */
    private static boolean isBetter(int id, int other, double[] scores) {
        return scores[id] > scores[other] || (scores[id] == scores[other] && id > other);
    }

    private void count(List<Found> found) {
        examples++;
        Set<String> once = new HashSet<>();
        for (Found one : found) {
            if (once.add(one.name())) {
                Feature feature = feature(one.name());
                if (feature.seen == 0) {
                    seen.add(feature);
                }
                feature.seen++;
                changes(feature);
            }
        }
    }

    private void changes(Feature feature) {
        if (changed != null && !feature.changed) {
            feature.changed = true;
            changed.add(feature);
        }
    }

    /** What is there twice is added up, and what is 0 left out. */
    private List<Value> values(List<Found> found) {
        Map<String, Double> sums = new LinkedHashMap<>();
        for (Found one : found) {
            double x = weigh(one);
            if (x != 0) {
                sums.merge(one.name(), x, Double::sum);
            }
        }
        List<Value> values = new ArrayList<>(sums.size());
        sums.forEach((name, x) -> values.add(new Value(feature(name), x)));
        return values;
    }

    private double covariance(Feature feature, int label) {
        int place = label < 0 || each == 1 ? -1 : feature.place(label);
        return place < 0 ? 1 : feature.weights[each * place + 1];
    }

    private void update(Value value, int label, double step, int direction, double variance) {
        Feature feature = value.feature();
        if (feature.labels.length == 0) {
            weighted.add(feature);
        }
        int at = each * feature.ensure(label, each);
        double covariance = each == 1 ? 1 : feature.weights[at + 1];
        feature.weights[at] += direction * step * covariance * value.x();
        if (each > 1) {
            feature.weights[at + 1] = method.covariance(covariance, value.x(), c, step, variance);
        }
        changes(feature);
    }

    private int id(String label) {
        Integer known = ids.get(label);
        if (known != null) {
            return known;
        }
        int id = nextId++;
        ids.put(label, id);
        names.put(id, label);
        return id;
    }

    /** @return false if there is such a label */
    boolean setLabel(String label) {
        if (ids.containsKey(label)) {
            return false;
        }
        id(label);
        counts.put(label, 0L);
        return true;
    }

    /** @return false if there is no such label */
    boolean deleteLabel(String label) {
        Integer id = ids.remove(label);
        if (id == null) {
            return false;
        }
        names.remove(id);
        counts.remove(label);
        List<Feature> left = new ArrayList<>(weighted.size());
        for (Feature feature : weighted) {
            feature.remove(id, each);
            if (feature.labels.length > 0) {
                left.add(feature);
            } else if (feature.seen == 0) {
                drop(feature);
            }
        }
        weighted = left;
        changed = null;
        renumber();
        return true;
    }

    /** Gives the labels other ids where far more were given than are left: the scores of an example are an array by id. */
    void renumber() {
        if (nextId <= 2 * ids.size() + SPARE_IDS) {
            return;
        }
        int[] before = names.keySet().stream().mapToInt(id -> id).sorted().toArray();
        names.clear();
        ids.replaceAll((label, id) -> Arrays.binarySearch(before, id));
        ids.forEach((label, id) -> names.put(id, label));
        for (Feature feature : weighted) {
            for (int i = 0; i < feature.labels.length; i++) {
                feature.labels[i] = Arrays.binarySearch(before, feature.labels[i]);
            }
        }
        nextId = before.length;
        changed = null;
    }
}
