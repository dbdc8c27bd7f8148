package dev.holdfast.host.metrics;

import java.util.List;
import java.util.regex.Pattern;

/**
 * A metric that is shown.
 *
 * @param unit for its description alone
 * @param dimensions their names, in the order in which they are written
 */
public record MetricDeclaration(String name, String unit, MetricType type, List<String> dimensions) {

    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]{0,199}");
    private static final Pattern DIMENSION = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]{0,199}");

    public MetricDeclaration {
        dimensions = List.copyOf(dimensions);
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("a metric's name must match " + NAME);
        }
        for (String dimension : dimensions) {
            if (!DIMENSION.matcher(dimension).matches()) {
                throw new IllegalArgumentException("the name of a dimension must match " + DIMENSION);
            }
        }
        if (dimensions.stream().distinct().count() < dimensions.size()) {
            throw new IllegalArgumentException("a dimension is named twice");
        }
    }
}
