package dev.holdfast.host.metrics;

import java.util.List;
import java.util.Set;

/**
 * Writes metrics as TorchServe does: in Prometheus' text form, version 0.0.4, with the dimensions in their declared order, a comma
 * after the last one, and names of counters as they are. Programs match that text, and the library writes another one.
 */
public final class MetricText {

    private final StringBuilder text = new StringBuilder();
    private final Set<String> names;

    /** @param names those that are written; empty for all */
    public MetricText(Set<String> names) {
        this.names = Set.copyOf(names);
    }

    /**
     * Begins a metric, whose series follow.
     *
     * @return whether it is wanted
     */
    public boolean metric(String name, MetricType type, String unit) {
        if (!names.isEmpty() && !names.contains(name)) {
            return false;
        }
        text.append("# HELP ")
                .append(name)
                .append(" Torchserve prometheus ")
                .append(type.word())
                .append(" metric with unit: ");
        escape(unit, false);
        text.append("\n# TYPE ").append(name).append(' ').append(type.word()).append('\n');
        return true;
    }

    /** One series of it. */
    public void series(String name, List<String> dimensions, List<String> values, double value) {
        text.append(name);
        if (!dimensions.isEmpty()) {
            text.append('{');
            for (int i = 0; i < dimensions.size(); i++) {
                text.append(dimensions.get(i)).append("=\"");
                escape(values.get(i), true);
                text.append("\",");
            }
            text.append('}');
        }
        text.append(' ').append(number(value)).append('\n');
    }

    /** A metric with one value, which is of the whole host. */
    public void ofHost(String name, MetricType type, String unit, String hostName, double value) {
        if (metric(name, type, unit)) {
            series(name, List.of("Level", "Hostname"), List.of("Host", hostName), value);
        }
    }

    private void escape(String value, boolean quoted) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\n' -> text.append("\\n");
                case '\\' -> text.append("\\\\");
                case '"' -> text.append(quoted ? "\\\"" : "\"");
                default -> text.append(c);
            }
        }
    }

    static String number(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        return Double.toString(value);
    }

    /**
     * A line of {@code ts_metrics.log} or {@code model_metrics.log}.
     *
     * @param begin {@code Name.Unit:value}
     * @param dimensions {@code Name:value}, with commas between
     * @param request ids of requests; empty for none
     */
    public static String logged(String begin, String dimensions, String host, String request, long seconds) {
        return begin + "|#" + dimensions + "|#hostname:" + host + (request.isEmpty() ? "" : ",requestID:" + request)
                + ",timestamp:" + seconds;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
