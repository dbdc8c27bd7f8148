package dev.holdfast.host.runtime.classifier;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How a linear classifier learns: PA of Crammer et al. 2006, CW of Dredze et al. 2008, AROW of Crammer et al. 2009, NHERD of
 * Crammer and Lee 2010.
 */
enum Method {
    PERCEPTRON(false, "perceptron"),
    PA(false, "PA", "passive_aggressive"),
    PA1(false, "PA1", "passive_aggressive_1"),
    PA2(false, "PA2", "passive_aggressive_2"),
    CW(true, "CW", "confidence_weighted"),
    AROW(true, "AROW", "arow"),
    NHERD(true, "NHERD", "normal_herd");

    private final boolean covariance;

    @SuppressWarnings("ImmutableEnumChecker") // List.of makes one that cannot be changed.
    private final List<String> names;

    Method(boolean covariance, String... names) {
        this.covariance = covariance;
        this.names = List.of(names);
    }

    /** Whether it keeps, beside each weight, how sure it is of it. */
    boolean hasCovariance() {
        return covariance;
    }

    boolean needsRegularization() {
        return this != PERCEPTRON && this != PA;
    }

    static Optional<Method> of(String name) {
        return Arrays.stream(values())
                .filter(method -> method.names.contains(name))
                .findFirst();
    }

    static String known() {
        return String.join(
                ", ", Arrays.stream(values()).map(method -> method.names.get(0)).toList());
    }

    /** The name for settings, the same for all spellings. */
    String canonical() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * How far the weights go towards an example: each weight by this times its covariance times the feature's value, for the
     * right label up and for the best wrong one down. 0 for not at all.
     *
     * @param c the regularization weight
     * @param margin the right label's score less the best wrong one's
     * @param norm the sum of the squares of the values
     * @param variance the sum over the features of both labels' covariances times the square of the value
     */
    double step(double c, double margin, double norm, double variance) {
        double loss = 1 - margin;
        return switch (this) {
            case PERCEPTRON -> 1;
            case PA -> aggressive(loss, norm, loss / (2 * norm));
            case PA1 -> aggressive(loss, norm, Math.min(c, loss / (2 * norm)));
            case PA2 -> aggressive(loss, norm, loss / (2 * norm + 1 / (2 * c)));
            case AROW, NHERD -> loss > 0 ? loss / (variance + 1 / c) : 0;
            case CW -> confident(c, margin, variance);
        };
    }

    private static double aggressive(double loss, double norm, double step) {
        return loss >= 0 && norm > 0 ? step : 0;
    }

    private static double confident(double c, double margin, double variance) {
        double b = 1 + 2 * c * margin;
        double gamma = (-b + Math.sqrt(b * b - 8 * c * (margin - c * variance))) / (4 * c * variance);
        return gamma > 0 ? gamma : 0;
    }

    /** The covariance after a step that is not 0. */
    double covariance(double before, double x, double c, double step, double variance) {
        return switch (this) {
            case CW -> 1 / (1 / before + 2 * step * x * x * c);
            case AROW -> before - before * before * x * x / (variance + 1 / c);
            case NHERD -> 1 / (1 / before + (2 * c + c * c * variance) * x * x);
            default -> 1;
        };
    }
}
