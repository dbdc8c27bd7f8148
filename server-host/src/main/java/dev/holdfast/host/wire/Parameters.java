package dev.holdfast.host.wire;

import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.text.OneLine;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The parameters of a management call, by their names, as texts. */
public record Parameters(Map<String, String> values) {

    /** A text; a missing and an empty one are the same. */
    public Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name)).filter(value -> !value.isEmpty());
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    /**
     * @throws ApiFailure if it is there and no whole number
     */
    public OptionalInt number(String name) {
        Optional<String> value = text(name);
        if (value.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            String digits = value.get().strip();
            if (digits.matches("[+-]?[0-9]+")) {
                return OptionalInt.of(Integer.parseInt(digits));
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new ApiFailure(
                Kind.BAD_REQUEST, "Parameter " + name + " '" + OneLine.name(value.get()) + "' must be a whole number.");
    }

    /**
     * @throws ApiFailure if it is there and neither true nor false
     */
    public boolean truth(String name, boolean otherwise) {
        String value = text(name).orElse(String.valueOf(otherwise));
        if (!value.equalsIgnoreCase("true") && !value.equalsIgnoreCase("false")) {
            throw new ApiFailure(
                    Kind.BAD_REQUEST, "Parameter " + name + " '" + OneLine.name(value) + "' must be true or false.");
        }
        return Boolean.parseBoolean(value);
    }

    /** A number as the lists take it: what is none counts as left out. */
    public int lenientNumber(String name, int otherwise) {
        try {
            return text(name).map(Integer::parseInt).orElse(otherwise);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}
