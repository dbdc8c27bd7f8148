package dev.holdfast.host.http;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A request that a model can answer, as commands to copy: each input of its shape, with one where any size will do, and full of zeros.
 *
 * @param tokens whether callers show a token, which the commands take from the variable {@code INFERENCE_TOKEN}
 */
record SampleRequest(ModelSignature signature, boolean tokens) {

    /** Inputs with more elements are sent in bytes, for nobody wants to read them. */
    private static final long MOST_SHOWN = 64;

    /** Whether it is of the Open Inference Protocol; else it is a body as it is. */
    boolean isOfProtocol() {
        return !signature.raw() && !signature.isOfHandler();
    }

    /** For a shell of POSIX. */
    String curl(String url) {
        String token = tokens ? " -H \"Authorization: Bearer $INFERENCE_TOKEN\"" : "";
        if (!isOfProtocol()) {
            return "curl" + token + " --data-binary 'hello' " + quoted(url);
        }
        long bytes = signature.inputs().stream()
                .filter(SampleRequest::isLarge)
                .mapToLong(input -> count(input) * size(input.type()))
                .sum();
        String json =
                "{\"inputs\":[" + signature.inputs().stream().map(this::inJson).collect(Collectors.joining(",")) + "]}";
        if (bytes == 0) {
            return "curl" + token + " -H 'Content-Type: application/json' \\\n  -d " + quoted(json) + " \\\n  "
                    + quoted(url);
        }
        int length = json.getBytes(StandardCharsets.UTF_8).length;
        return "{ printf %s " + quoted(json) + "\n  head -c " + bytes + " /dev/zero\n} | curl" + token
                + " -H 'Inference-Header-Content-Length: " + length + "' \\\n  --data-binary @- " + quoted(url);
    }

    private String inJson(TensorSpec input) {
        String data = isLarge(input)
                ? "\"parameters\":{\"binary_data_size\":" + count(input) * size(input.type()) + "}"
                : "\"data\":[" + String.join(",", Collections.nCopies((int) count(input), zero(input.type(), "false")))
                        + "]";
        return "{\"name\":" + text(input.name()) + ",\"shape\":"
                + shape(input).toString().replace(" ", "") + ",\"datatype\":\"" + input.type() + "\"," + data + "}";
    }

    /** For Python 3, with nothing but its standard library. */
    String python(String url) {
        StringBuilder python = new StringBuilder(isOfProtocol() ? "import json\n" : "");
        if (tokens) {
            python.append("import os\n");
        }
        python.append("import urllib.request\n\n");
        if (isOfProtocol()) {
            python.append("body = json.dumps({\"inputs\": [\n");
            for (TensorSpec input : signature.inputs()) {
                python.append("    {\"name\": ")
                        .append(text(input.name()))
                        .append(", \"shape\": ")
                        .append(shape(input))
                        .append(", \"datatype\": \"")
                        .append(input.type())
                        .append("\", \"data\": [")
                        .append(zero(input.type(), "False"))
                        .append("] * ")
                        .append(count(input))
                        .append("},\n");
            }
            python.append("]}).encode()\n");
        } else {
            python.append("body = b\"hello\"\n");
        }
        python.append("request = urllib.request.Request(").append(text(url)).append(", body)\n");
        if (tokens) {
            python.append("request.add_header(\"Authorization\", \"Bearer \" + os.environ[\"INFERENCE_TOKEN\"])\n");
        }
        return python.append("print(")
                .append(
                        isOfProtocol()
                                ? "json.load(urllib.request.urlopen(request))"
                                : "urllib.request.urlopen(request).read()")
                .append(")")
                .toString();
    }

    private static boolean isLarge(TensorSpec input) {
        return count(input) > MOST_SHOWN;
    }

    private static List<Long> shape(TensorSpec input) {
        return input.shape().stream().map(size -> size < 0 ? 1 : size).toList();
    }

    private static long count(TensorSpec input) {
        return shape(input).stream().mapToLong(size -> size).reduce(1, Math::multiplyExact);
    }

    /** Bytes of an element that is zero, or an empty text with its length. */
    private static int size(TensorType type) {
        return switch (type) {
            case BOOL, INT8, UINT8 -> 1;
            case INT16, UINT16, FP16, BF16 -> 2;
            case INT32, UINT32, FP32, BYTES -> 4;
            case INT64, UINT64, FP64 -> 8;
        };
    }

    private static String zero(TensorType type, String no) {
        return switch (type) {
            case BOOL -> no;
            case FP16, BF16, FP32, FP64 -> "0.0";
            case BYTES -> "\"\"";
            default -> "0";
        };
    }

    /** In JSON, and in Python, which has the same escapes. */
    private static String text(String text) {
        return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + "\"";
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
