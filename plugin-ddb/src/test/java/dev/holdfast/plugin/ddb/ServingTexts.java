package dev.holdfast.plugin.ddb;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;

/** Texts of serving states as a host writes them: a checksum for each model, which does not compress. */
final class ServingTexts {

    private ServingTexts() {}

    static byte[] text(int models, long seed) {
        return text(models, seed, "");
    }

    /** @param header the line of it that a host's text has; empty for none */
    static byte[] text(int models, long seed, String header) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder("#Holdfast snapshot format=1\n"
                + (header.isEmpty() ? "" : "holdfast.header=" + header + "\n")
                + "inference_address=http\\://127.0.0.1\\:8080\n"
                + "model_snapshot={\\n  \"modelCount\"\\: " + models + ",\\n  \"models\"\\: {");
        byte[] sha256 = new byte[32];
        for (int i = 0; i < models; i++) {
            random.nextBytes(sha256);
            text.append("\\n    \"model-").append(i).append("\"\\: {\\n      \"1.0\"\\: {\\n");
            text.append("        \"defaultVersion\"\\: true,\\n        \"marName\"\\: \"model-")
                    .append(i);
            text.append(".mar\",\\n        \"minWorkers\"\\: 1,\\n        \"maxWorkers\"\\: 4,\\n");
            text.append("        \"batchSize\"\\: 8,\\n        \"maxBatchDelay\"\\: 100,\\n");
            text.append("        \"responseTimeout\"\\: 120,\\n        \"startupTimeout\"\\: 120,\\n");
            text.append("        \"runtimeType\"\\: \"onnx\",\\n        \"sha256\"\\: \"");
            text.append(HexFormat.of().formatHex(sha256)).append("\"\\n      }\\n    },");
        }
        return text.append("\\n}}\n").toString().getBytes(StandardCharsets.UTF_8);
    }
}
