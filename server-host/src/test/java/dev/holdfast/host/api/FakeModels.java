package dev.holdfast.host.api;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ArchiveManifest;
import dev.holdfast.host.archive.ModelStore;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * A model store without files. The archive's name says which model it is: {@code <kind>-<version>.mar}, where the kind is
 * noop, echo, sum (one FP32 input {@code x} of [-1,3], output {@code y} of [-1,1]), wide (the same input, outputs
 * {@code y} and {@code z}), pair (two inputs), words (BYTES), big (a huge answer), broken (fails to predict) or slow.
 */
public final class FakeModels implements ModelStore {

    /** Lets the slow model answer. */
    public final CountDownLatch slow = new CountDownLatch(1);

    /** The file names in the store. */
    public volatile List<String> stored = List.of();

    public final CountDownLatch slowBegan = new CountDownLatch(1);

    @Override
    public Archive open(String location) {
        if (!location.endsWith(".mar")) {
            throw new ArchiveException("Model not found at: " + location);
        }
        String[] parts = location.replace(".mar", "").split("-");
        return new FakeArchive(
                location,
                new ArchiveManifest(
                        parts[0],
                        parts.length > 1 ? parts[1] : "1.0",
                        Optional.empty(),
                        Optional.of(parts[0]),
                        Optional.empty(),
                        Optional.empty(),
                        List.of()));
    }

    @Override
    public List<String> list() {
        return stored;
    }

    @Override
    public void forget(String fileName) {}

    @Override
    public boolean setAside(String fileName) {
        return false;
    }

    LoadedModel load(Archive archive) {
        String kind = archive.manifest().handler().orElseThrow();
        return kind.equals("learner") ? new FakeLearner() : new FakeModel(kind);
    }

    private record FakeArchive(String fileName, ArchiveManifest manifest) implements Archive {

        @Override
        public Path root() {
            return Path.of(".");
        }

        @Override
        public String sha256() {
            return "0".repeat(64);
        }

        @Override
        public void close() {}
    }

    private final class FakeModel implements LoadedModel {

        private final String kind;

        FakeModel(String kind) {
            this.kind = kind;
        }

        @Override
        public long weightBytes() {
            return 24;
        }

        @Override
        public ModelSignature signature() {
            TensorSpec x = new TensorSpec("x", TensorType.FP32, List.of(-1L, 3L));
            TensorSpec y = new TensorSpec("y", TensorType.FP32, List.of(-1L, 1L));
            TensorSpec text = new TensorSpec("body", TensorType.BYTES, List.of(1L));
            return switch (kind) {
                case "sum", "slow", "broken" -> new ModelSignature("fake_v1", List.of(x), List.of(y), false);
                case "wide" ->
                    new ModelSignature(
                            "fake", List.of(x), List.of(y, new TensorSpec("z", TensorType.INT64, List.of(-1L))), false);
                case "pair" ->
                    new ModelSignature(
                            "fake",
                            List.of(x, new TensorSpec("k", TensorType.INT64, List.of(-1L, 1L))),
                            List.of(y),
                            false);
                case "words" ->
                    new ModelSignature(
                            "fake",
                            List.of(new TensorSpec("w", TensorType.BYTES, List.of(-1L))),
                            List.of(new TensorSpec("w", TensorType.BYTES, List.of(-1L))),
                            false);
                default -> new ModelSignature("fake", List.of(text), List.of(text), true);
            };
        }

        @Override
        public void check(List<Tensor> inputs) {
            for (Tensor input : inputs) {
                TensorSpec spec = signature().inputs().stream()
                        .filter(wanted -> wanted.name().equals(input.name()))
                        .findFirst()
                        .orElseThrow(() -> new InvalidInputException("There is no input '" + input.name() + "'"));
                long[] shape = input.shape();
                boolean fits = input.type() == spec.type()
                        && shape.length == spec.shape().size();
                for (int i = 0; fits && i < shape.length; i++) {
                    fits = spec.shape().get(i) < 0 || spec.shape().get(i) == shape[i];
                }
                if (!fits) {
                    throw new InvalidInputException(
                            "Input '" + spec.name() + "' wants " + spec.type() + spec.shape() + ", got " + input);
                }
            }
            if (inputs.size() != signature().inputs().size()) {
                throw new InvalidInputException("An input is missing");
            }
        }

        @Override
        public List<List<Tensor>> predict(List<List<Tensor>> batch) {
            return batch.stream().map(this::predictOne).toList();
        }

        private List<Tensor> predictOne(List<Tensor> inputs) {
            switch (kind) {
                case "noop":
                    return text("OK".getBytes(StandardCharsets.UTF_8));
                case "echo":
                    return text(((byte[][]) inputs.get(0).elements())[0]);
                case "big":
                    return text(new byte[20_000]);
                case "words":
                    return inputs;
                case "broken":
                    throw new InferenceException("the engine stumbled");
                case "slow":
                    slowBegan.countDown();
                    await();
                    break;
                default:
            }
            float[] x = (float[]) inputs.get(0).elements();
            int rows = x.length / 3;
            float[] y = new float[rows];
            for (int i = 0; i < x.length; i++) {
                y[i / 3] += x[i];
            }
            List<Tensor> outputs = new ArrayList<>();
            outputs.add(new Tensor("y", TensorType.FP32, new long[] {rows, 1}, y));
            if (kind.equals("wide")) {
                long[] z = new long[rows];
                Arrays.setAll(z, i -> i);
                outputs.add(new Tensor("z", TensorType.INT64, new long[] {rows}, z));
            }
            return outputs;
        }

        private void await() {
            try {
                slow.await();
            } catch (InterruptedException e) {
                throw new InferenceException("interrupted", e);
            }
        }

        private static List<Tensor> text(byte[] text) {
            return List.of(new Tensor("body", TensorType.BYTES, new long[] {1}, new byte[][] {text}));
        }

        @Override
        public void close() {}
    }
}
