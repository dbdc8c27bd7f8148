package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.Header;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.ModelProcess;
import dev.holdfast.host.runtime.ProcessStartException;
import dev.holdfast.host.runtime.ProcessStatus;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.process.WorkerProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** One process with an ONNX model, as the host sees it: tensors in, tensors out. */
final class OnnxProcess implements ModelProcess {

    private final WorkerProcess process;
    private final Supplier<Optional<byte[]>> terms;
    private final Supplier<Optional<List<Tensor>>> warmUp;

    /**
     * @param terms what a process is told of batches once it has loaded the model, as bytes
     * @param warmUp what it is asked then, before it is ready
     */
    OnnxProcess(WorkerProcess process, Supplier<Optional<byte[]>> terms, Supplier<Optional<List<Tensor>>> warmUp) {
        this.process = process;
        this.terms = terms;
        this.warmUp = warmUp;
    }

    @Override
    public void start() {
        process.start();
        try {
            terms.get().ifPresent(known -> ask(OnnxWorker.BATCHES, known));
            warmUp.get().ifPresent(inputs -> predict(List.of(inputs)));
        } catch (RuntimeException e) {
            process.kill();
            throw new ProcessStartException(String.valueOf(e.getMessage()), e);
        }
    }

    /**
     * Asks for something other than a prediction.
     *
     * @throws IllegalStateException if the process is no more
     */
    byte[] ask(String about, byte[] bytes) {
        return answers(about, List.of(bytes)).get(0);
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch) {
        List<byte[]> asked = batch.stream().map(TensorFrames::ofTensors).toList();
        return answers(OnnxWorker.PREDICTION, asked).stream()
                .map(TensorFrames::tensors)
                .toList();
    }

    private List<byte[]> answers(String about, List<byte[]> asked) {
        List<HandlerRequest> requests = new ArrayList<>();
        for (int i = 0; i < asked.size(); i++) {
            requests.add(new HandlerRequest(
                    Integer.toString(i),
                    List.of(new Header(OnnxWorker.ABOUT, about)),
                    List.of(HandlerRequest.Parameter.of(OnnxWorker.BYTES, "", asked.get(i)))));
        }
        List<byte[]> answers = new ArrayList<>();
        for (HandlerAnswer answer : process.ask(requests, Pieces.NONE)) {
            if (answer.failed()) {
                throw failure(answer);
            }
            answers.add(answer.bytes());
        }
        return answers;
    }

    private static RuntimeException failure(HandlerAnswer answer) {
        return switch (answer.status()) {
            case OnnxWorker.CALLERS -> new InvalidInputException(answer.message());
            case OnnxWorker.ENGINES -> new InferenceException(answer.message());
            default -> new IllegalStateException(answer.message());
        };
    }

    @Override
    public void end(Thread predicting) {
        process.end(predicting);
    }

    @Override
    public boolean isUp() {
        return process.isUp();
    }

    @Override
    public String ending() {
        return process.ending();
    }

    @Override
    public ProcessStatus status() {
        return process.status();
    }

    @Override
    public long ownBytes() {
        return process.ownBytes();
    }

    @Override
    public void kill() {
        process.kill();
    }

    @Override
    public void close() {
        process.close();
    }
}
