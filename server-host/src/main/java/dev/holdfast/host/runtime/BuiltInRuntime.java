package dev.holdfast.host.runtime;

import dev.holdfast.host.archive.Archive;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.util.List;
import java.util.Optional;

/**
 * The models without a model that test suites and health checks use: {@code noop}, which answers {@code OK}, and {@code
 * echo}, which answers the body of the request.
 *
 * <p>An archive may name {@code noop.py} without having such a file, as those of test suites do. One that has it means its own.
 */
public final class BuiltInRuntime implements ModelRuntime {

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
            case "noop" -> new NoopModel();
            case "echo" -> new EchoModel();
            default ->
                throw new ModelLoadException(
                        "Archive " + archive.fileName() + " has neither the handler noop nor echo");
        };
    }

    private static Optional<String> handler(Archive archive) {
        String file = archive.manifest().handler().orElse("").split(":", 2)[0];
        return switch (file.substring(file.lastIndexOf('/') + 1)) {
            case "echo" -> Optional.of("echo");
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

    private static ModelSignature raw(String platform) {
        TensorSpec body = new TensorSpec("body", TensorType.BYTES, List.of(1L));
        return new ModelSignature(platform, List.of(body), List.of(body), true);
    }

    private static final class NoopModel implements LoadedModel {

        private static final ModelSignature SIGNATURE = raw("noop");

        @Override
        public ModelSignature signature() {
            return SIGNATURE;
        }

        @Override
        public void check(List<Tensor> inputs) {
            // Whatever comes is ignored, and so nothing is wrong.
        }

        @Override
        public List<List<Tensor>> predict(List<List<Tensor>> batch) {
            return batch.stream().map(request -> List.of(ok())).toList();
        }

        private static Tensor ok() {
            byte[][] body = {"OK".getBytes(StandardCharsets.UTF_8)};
            return new Tensor("body", TensorType.BYTES, new long[] {1}, body);
        }

        @Override
        public void close() {}
    }

    private static final class EchoModel implements LoadedModel {

        private static final ModelSignature SIGNATURE = raw("echo");

        @Override
        public ModelSignature signature() {
            return SIGNATURE;
        }

        @Override
        public void check(List<Tensor> inputs) {
            if (inputs.size() != 1
                    || inputs.get(0).type() != TensorType.BYTES
                    || inputs.get(0).count() != 1) {
                throw new InvalidInputException("The handler echo wants one input BYTES[1], not " + inputs);
            }
        }

        @Override
        public List<List<Tensor>> predict(List<List<Tensor>> batch) {
            return batch.stream()
                    .map(request -> List.of(new Tensor(
                            "body",
                            TensorType.BYTES,
                            new long[] {1},
                            request.get(0).elements())))
                    .toList();
        }

        @Override
        public void close() {}
    }
}
