package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.process.WorkerLaunch.LoadOrder;
import dev.holdfast.host.runtime.process.WorkerLoop;
import dev.holdfast.host.runtime.process.WorkerLoop.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The process of a worker with an ONNX model: a small JVM that loads the model and answers. Started by {@link OnnxLaunch}, spoken
 * to by {@link OnnxProcess}.
 */
public final class OnnxWorker implements WorkerLoop.Answerer {

    // What a request is about, and in which parameter its bytes are.
    static final String ABOUT = "about";
    static final String SIGNATURE = "signature";
    static final String BATCHES = "batches";
    static final String PREDICTION = "prediction";
    static final String BYTES = "bytes";

    // Whose fault a failure is.
    static final int CALLERS = 400;
    static final int ENGINES = 422;
    static final int OURS = 503;
    static final int NO_MEMORY = 507;

    private @Nullable OnnxModel model;

    private OnnxWorker() {}

    /** @param arguments the socket's path */
    public static void main(String[] arguments) throws IOException {
        WorkerLoop.serve(Path.of(arguments[arguments.length - 1]), new OnnxWorker());
    }

    /** Its handler is how many threads a run has, its envelope the archive's name. */
    @Override
    public void load(LoadOrder order) {
        guarded(() -> {
            model = OnnxRuntime.load(order.envelope(), Path.of(order.directory()), Integer.parseInt(order.handler()));
            return List.of();
        });
    }

    @Override
    public List<HandlerAnswer> answer(List<HandlerRequest> requests) {
        OnnxModel asked = model;
        if (asked == null || requests.isEmpty()) {
            throw new RefusedException(OURS, "Nothing is loaded, or asked", new IllegalStateException());
        }
        HandlerRequest first = requests.get(0);
        return switch (first.headers().get(0).value()) {
            case SIGNATURE -> List.of(answer(TensorFrames.ofSignature(asked.signature())));
            case BATCHES -> guarded(() -> List.of(answer(batches(asked, bytes(first)))));
            default -> guarded(() -> predict(asked, requests));
        };
    }

    private static byte[] batches(OnnxModel model, byte[] bytes) {
        TensorFrames.Terms terms = TensorFrames.terms(bytes);
        if (terms.decided().filter(known -> known.joining().isChecked()).isPresent()) {
            TensorFrames.Decision known = terms.decided().get();
            model.joinAsChecked(known.joining().why(), known.mostRows());
        } else {
            model.prepareBatches(terms.terms());
        }
        return TensorFrames.ofDecision(new TensorFrames.Decision(model.joining(), model.mostRows()));
    }

    private static List<HandlerAnswer> predict(OnnxModel model, List<HandlerRequest> requests) {
        List<List<Tensor>> batch = requests.stream()
                .map(request -> TensorFrames.tensors(bytes(request)))
                .toList();
        return model.predict(batch).stream()
                .map(outputs -> answer(TensorFrames.ofTensors(outputs)))
                .toList();
    }

    private static byte[] bytes(HandlerRequest request) {
        return request.parameters().get(0).bytes();
    }

    private static HandlerAnswer answer(byte[] bytes) {
        return HandlerAnswer.of(200, "", List.of(), bytes);
    }

    private static List<HandlerAnswer> guarded(Supplier<List<HandlerAnswer>> work) {
        try {
            return work.get();
        } catch (InvalidInputException e) {
            throw new RefusedException(CALLERS, String.valueOf(e.getMessage()), e);
        } catch (InferenceException e) {
            throw new RefusedException(ENGINES, String.valueOf(e.getMessage()), e);
        } catch (OutOfMemoryError e) {
            throw new RefusedException(NO_MEMORY, "The worker's process has no memory for it: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new RefusedException(OURS, String.valueOf(e.getMessage()), e);
        }
    }
}
