package dev.holdfast.host.runtime.classifier;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.text.OneLine;
import java.util.List;

/**
 * What is classified, or learned from: texts and numbers under keys, which may repeat. Binary values, which only plugins of the
 * original know to convert, are not kept.
 */
public record Datum(List<Text> texts, List<Num> numbers) {

    public Datum {
        texts = List.copyOf(texts);
        numbers = List.copyOf(numbers);
    }

    public record Text(String key, String value) {}

    public record Num(String key, double value) {}

    /** A datum and the label that is the right one for it. */
    public record Labelled(String label, Datum datum) {}

    /** @throws InvalidInputException if a key has a {@code $}, or a number is not finite */
    void check() {
        texts.forEach(text -> checkKey(text.key()));
        for (Num number : numbers) {
            checkKey(number.key());
            if (!Double.isFinite(number.value())) {
                throw new InvalidInputException("number '" + OneLine.name(number.key()) + "' is " + number.value()
                        + "; numbers must be finite");
            }
        }
    }

    private static void checkKey(String key) {
        // It ends the key in the names of features.
        if (key.indexOf('$') >= 0) {
            throw new InvalidInputException("feature key cannot contain '$': " + OneLine.name(key));
        }
    }
}
