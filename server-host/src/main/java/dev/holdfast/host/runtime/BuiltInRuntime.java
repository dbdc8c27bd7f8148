package dev.holdfast.host.runtime;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveManifest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The models without a model that test suites and health checks use: {@code noop}, which answers {@code OK}, and {@code
 * echo}, which answers the body of the request.
 *
 * <p>TorchServe's own {@code noop.mar} is honoured too, though its handler is a Python file: it is known by the handler's
 * name, or by the model's name {@code noop} where the handler is Python.
 */
public final class BuiltInRuntime implements ModelRuntime {

    private static final List<TensorSpec> BODY = List.of(new TensorSpec("body", TensorType.BYTES, List.of(1L)));

    @Override
    public String name() {
        return "builtin";
    }

    @Override
    public String supports() {
        return "the handlers noop and echo";
    }

    @Override
    public boolean runs(Archive archive) {
        return handler(archive.manifest()).isPresent();
    }

    @Override
    public LoadedModel load(Archive archive) {
        return switch (handler(archive.manifest()).orElse("")) {
            case "noop" ->
                new BodyModel("noop", ignored -> {}, ignored -> new byte[][] {"OK".getBytes(StandardCharsets.UTF_8)});
            case "echo" ->
                new BodyModel(
                        "echo",
                        BuiltInRuntime::checkEcho,
                        request -> request.get(0).elements());
            default ->
                throw new ModelLoadException(
                        "Archive " + archive.fileName() + " has neither the handler noop nor echo");
        };
    }

    private static Optional<String> handler(ArchiveManifest manifest) {
        if (manifest.handler().isEmpty()) {
            return Optional.empty();
        }
        String file = manifest.handler().get().split(":", 2)[0];
        String name = file.substring(file.lastIndexOf('/') + 1);
        if (name.equals("echo")) {
            return Optional.of("echo");
        }
        boolean python = name.endsWith(".py")
                || manifest.runtime()
                        .filter(runtime -> runtime.startsWith("python"))
                        .isPresent();
        boolean noop = name.equals("noop")
                || name.equals("noop.py")
                || (python && manifest.modelName().equals("noop"));
        return noop ? Optional.of("noop") : Optional.empty();
    }

    private static void checkEcho(List<Tensor> inputs) {
        if (inputs.size() != 1
                || inputs.get(0).type() != TensorType.BYTES
                || inputs.get(0).count() != 1) {
            throw new InvalidInputException("The handler echo wants one input BYTES[1], not " + inputs);
        }
    }

    /** @param answer the body of the answer to a request */
    private record BodyModel(
            ModelSignature signature, Consumer<List<Tensor>> checker, Function<List<Tensor>, Object> answer)
            implements LoadedModel {

        BodyModel(String platform, Consumer<List<Tensor>> checker, Function<List<Tensor>, Object> answer) {
            this(new ModelSignature(platform, BODY, BODY, true), checker, answer);
        }

        @Override
        public void check(List<Tensor> inputs) {
            checker.accept(inputs);
        }

        @Override
        public List<List<Tensor>> predict(List<List<Tensor>> batch) {
            return batch.stream()
                    .map(answer)
                    .map(body -> List.of(new Tensor("body", TensorType.BYTES, new long[] {1}, body)))
                    .toList();
        }

        @Override
        public void close() {}
    }
}
