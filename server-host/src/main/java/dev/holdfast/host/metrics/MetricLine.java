package dev.holdfast.host.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a handler emits: {@code [METRICS]Name.Unit:value|#Dimension:value,…|#type:GAUGE|#hostname:h,seconds,request id}.
 *
 * @param request the ids of the requests that it is about; empty for none
 */
record MetricLine(
        String name,
        String unit,
        double value,
        String valueText,
        List<String> dimensions,
        List<String> dimensionValues,
        MetricType type,
        String request) {

    static final String BEGIN = "[METRICS]";
    private static final int MOST_DIMENSIONS = 30;

    /** Reads a line; empty if it is none, such as a failure that the worker tells in the same place. */
    static Optional<MetricLine> of(String line) {
        if (!line.startsWith(BEGIN)) {
            return Optional.empty();
        }
        String[] parts = line.substring(BEGIN.length()).split("\\|#", -1);
        int colon = parts[0].lastIndexOf(':');
        int dot = parts[0].lastIndexOf('.', Math.max(0, colon));
        if (parts.length < 3 || colon < 0 || dot <= 0) {
            return Optional.empty();
        }
        String text = parts[0].substring(colon + 1);
        double value;
        try {
            value = value(text);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
        List<String> names = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (String dimension : parts[1].isEmpty() ? new String[0] : parts[1].split(",", -1)) {
            int end = dimension.indexOf(':');
            if (end <= 0 || names.size() == MOST_DIMENSIONS) {
                return Optional.empty();
            }
            names.add(dimension.substring(0, end));
            values.add(dimension.substring(end + 1));
        }
        MetricType type = MetricType.COUNTER;
        String request = "";
        for (int i = 2; i < parts.length; i++) {
            if (parts[i].startsWith("type:")) {
                type = MetricType.of(parts[i].substring("type:".length())).orElse(MetricType.COUNTER);
            } else if (parts[i].startsWith("hostname:")) {
                String[] origin = parts[i].split(",", 3);
                request = origin.length == 3 ? origin[2] : "";
            }
        }
        return Optional.of(new MetricLine(
                parts[0].substring(0, dot),
                parts[0].substring(dot + 1, colon),
                value,
                text,
                names,
                values,
                type,
                request));
    }

    /** Python's numbers. */
    private static double value(String text) {
        return switch (text) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            case "True" -> 1;
            case "False" -> 0;
            default -> {
                if (text.isEmpty() || !Character.isDigit(text.charAt(text.length() - 1))) {
                    // Java would take 1f, 1d and " 1 ".
                    throw new NumberFormatException(text);
                }
                yield Double.parseDouble(text);
            }
        };
    }

    /** As TorchServe writes it into {@code model_metrics.log}. */
    String logged(String host, long seconds) {
        return MetricText.logged(name + "." + unit + ":" + valueText, dimensionText(), host, request, seconds);
    }

    private String dimensionText() {
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < dimensions.size(); i++) {
            pairs.add(dimensions.get(i) + ":" + dimensionValues.get(i));
        }
        return String.join(",", pairs);
    }
}
