package dev.holdfast.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/**
 * The yardstick: Javalin and ONNX Runtime with nothing between them. It reads a JSON array, runs the model on the request's
 * thread, and writes a JSON array: what a host cannot do without.
 */
public final class BareServer {

    private static final ObjectMapper JSON = new ObjectMapper();

    private BareServer() {}

    /** Serves the model that the first argument names, prints its port, and goes on until it is killed. */
    public static void main(String[] arguments) throws Exception {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        OrtSession session = environment.createSession(Path.of(arguments[0]).toString(), options);
        String input = session.getInputNames().iterator().next();
        Javalin server = Javalin.create(config -> {
            config.startup.showJavalinBanner = false;
            config.routes.get("/ping", context -> context.result("OK"));
            config.routes.post("/predictions/digits", context -> predict(environment, session, input, context));
        });
        server.start("127.0.0.1", 0);
        System.out.println(server.port());
        System.out.flush();
    }

    private static void predict(OrtEnvironment environment, OrtSession session, String input, Context context)
            throws Exception {
        float[] pixels = JSON.readValue(context.bodyAsBytes(), float[].class);
        try (OnnxTensor tensor =
                        OnnxTensor.createTensor(environment, FloatBuffer.wrap(pixels), new long[] {1, pixels.length});
                OrtSession.Result result = session.run(Map.of(input, tensor))) {
            float[][] output = (float[][]) result.get(0).getValue();
            context.contentType("application/json").result(JSON.writeValueAsBytes(output[0]));
        }
    }
}
