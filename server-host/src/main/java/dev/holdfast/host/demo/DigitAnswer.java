package dev.holdfast.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.cli.CommandFailure;
import dev.holdfast.host.cli.HostApi;
import java.util.ArrayList;
import java.util.List;

/**
 * What a model says of one digit.
 *
 * @param probabilities of the digits 0 to 9
 */
record DigitAnswer(List<Double> probabilities) {

    private static final int CLASSES = 10;

    DigitAnswer {
        probabilities = List.copyOf(probabilities);
    }

    /** Asks the host about digits in one call of the Open Inference Protocol. */
    static List<DigitAnswer> ask(HostApi api, String path, List<Digit> digits) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ObjectNode input = body.putArray("inputs").addObject();
        input.put("name", "pixels");
        input.putArray("shape").add(digits.size()).add(Digit.SIDE * Digit.SIDE);
        input.put("datatype", "FP32");
        ArrayNode data = input.putArray("data");
        digits.forEach(digit -> digit.pixels().forEach(data::add));

        JsonNode numbers = api.infer(path, body).path("outputs").path(0).path("data");
        if (numbers.size() != digits.size() * CLASSES) {
            throw new CommandFailure(path + " answered with " + numbers.size() + " numbers for " + digits.size()
                    + " digits; " + digits.size() * CLASSES + " were expected");
        }
        List<DigitAnswer> answers = new ArrayList<>();
        for (int i = 0; i < digits.size(); i++) {
            List<Double> probabilities = new ArrayList<>();
            for (int k = 0; k < CLASSES; k++) {
                probabilities.add(numbers.get(i * CLASSES + k).doubleValue());
            }
            answers.add(new DigitAnswer(probabilities));
        }
        return answers;
    }

    /** The most probable digit. */
    int digit() {
        int best = 0;
        for (int i = 1; i < CLASSES; i++) {
            if (probabilities.get(i) > probabilities.get(best)) {
                best = i;
            }
        }
        return best;
    }

    double probability() {
        return probabilities.get(digit());
    }
}
