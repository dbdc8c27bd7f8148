package dev.holdfast.plugin.ddb;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The text of a snapshot as TorchServe's plugin wrote it: properties with the comment {@code snapshot}. */
final class TorchServeText {

    private TorchServeText() {}

    static String of(String name, long created, int models) {
        Properties properties = new Properties();
        properties.put("inference_address", "http://127.0.0.1:8080");
        properties.put(
                "model_snapshot",
                "{\n  \"name\": \"" + name + "\",\n  \"modelCount\": " + models + ",\n  \"created\": " + created
                        + ",\n  \"models\": {}\n}");
        StringWriter text = new StringWriter();
        try {
            properties.store(text, "snapshot");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
