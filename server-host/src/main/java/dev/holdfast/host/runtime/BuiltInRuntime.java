package dev.holdfast.host.runtime;

import dev.holdfast.host.archive.Archive;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The models without a model that test suites and health checks use: {@code noop}, which answers {@code OK}, and {@code
 * echo}, which answers the body of the request.
 *
 * <p>An archive may name {@code noop.py} without having such a file, as those of test suites do. One that has it means its own,
 * and so does one with an {@code echo.py}.
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
        return handler(archive).isPresent();
    }

    @Override
    public LoadedModel load(Archive archive) {
        return switch (handler(archive).orElse("")) {
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

    private static Optional<String> handler(Archive archive) {
        String file = archive.manifest().handler().orElse("").split(":", 2)[0];
        return switch (file.substring(file.lastIndexOf('/') + 1)) {
            case "echo" -> hasFile(archive, file + ".py") ? Optional.empty() : Optional.of("echo");
            case "noop" -> hasFile(archive, file + ".py") ? Optional.empty() : Optional.of("noop");
            case "noop.py" -> hasFile(archive, file) ? Optional.empty() : Optional.of("noop");
            default -> Optional.empty();
        };
    }

    private static boolean hasFile(Archive archive, String file) {
        try {
            return Files.isRegularFile(archive.root().resolve(file));
        } catch (InvalidPathException e) {
            return false;
        }
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
