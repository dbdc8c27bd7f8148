package dev.holdfast.examples.training;

import dev.holdfast.examples.training.Samples.Sample;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * A classifier of fully connected layers:
 *
 * <pre>
 *     features ─> / scale ─> Dense ─> ReLU ─> … ─> Dense ─> softmax ─> probabilities
 * </pre>
 *
 * <p>With one layer it is multinomial logistic regression. It learns by stochastic gradient descent on the cross
 * entropy. All arithmetic is that of the Java language ({@link StrictMath} where {@link Math} may differ between
 * machines), so that one seed gives one result.
 */
final class Network {

    private final double scale;
    private final List<DenseLayer> layers = new ArrayList<>();

    /** An untrained network of {@code sizes[0]} features, hidden layers in between, and as many classes as the last. */
    Network(double scale, Random random, int... sizes) {
        this.scale = scale;
        for (int i = 1; i < sizes.length; i++) {
            layers.add(new DenseLayer(sizes[i - 1], sizes[i], random));
        }
    }

    /** What features are divided by. */
    double scale() {
        return scale;
    }

    List<DenseLayer> layers() {
        return Collections.unmodifiableList(layers);
    }

    void train(Samples samples, Recipe recipe, Random random) {
        List<Sample> order = new ArrayList<>(samples.all());
        for (int epoch = 0; epoch < recipe.epochs(); epoch++) {
            Collections.shuffle(order, random);
            double rate = recipe.rate() * (recipe.epochs() - epoch) / recipe.epochs();
            for (int from = 0; from < order.size(); from += recipe.batch()) {
                List<Sample> batch = order.subList(from, Math.min(from + recipe.batch(), order.size()));
                for (Sample sample : batch) {
                    learn(recipe.variation().of(sample.features(), random), sample.label());
                }
                for (DenseLayer layer : layers) {
                    layer.step(batch.size(), rate, recipe.decay());
                }
            }
        }
    }

    /** The share of samples whose most probable class is their label. */
    double accuracy(Samples samples) {
        long right = samples.all().stream()
                .filter(sample -> classOf(sample.features()) == sample.label())
                .count();
        return (double) right / samples.all().size();
    }

    private void learn(float[] features, int label) {
        List<double[]> values = forward(features);
        double[] gradient = softmax(values.get(layers.size()));
        gradient[label] -= 1;
        for (int i = layers.size() - 1; i >= 0; i--) {
            double[] x = values.get(i);
            gradient = layers.get(i).backward(x, gradient);
            for (int j = 0; i > 0 && j < x.length; j++) {
                gradient[j] = x[j] > 0 ? gradient[j] : 0;
            }
        }
    }

    private int classOf(float[] features) {
        double[] scores = forward(features).get(layers.size());
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            best = scores[i] > scores[best] ? i : best;
        }
        return best;
    }

    /** The inputs of every layer, and last the scores. */
    private List<double[]> forward(float[] features) {
        List<double[]> values = new ArrayList<>();
        double[] x = new double[features.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = features[i] / scale;
        }
        values.add(x);
        for (DenseLayer layer : layers) {
            if (values.size() > 1) {
                relu(x);
            }
            x = layer.forward(x);
            values.add(x);
        }
        return values;
    }

    private static void relu(double[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.max(values[i], 0);
        }
    }

    private static double[] softmax(double[] scores) {
        double highest = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            highest = Math.max(highest, score);
        }
        double sum = 0;
        double[] probabilities = new double[scores.length];
        for (int i = 0; i < scores.length; i++) {
            probabilities[i] = StrictMath.exp(scores[i] - highest);
            sum += probabilities[i];
        }
        for (int i = 0; i < scores.length; i++) {
            probabilities[i] /= sum;
        }
        return probabilities;
    }
}
