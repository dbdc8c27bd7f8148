package dev.holdfast.host.runtime.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ArchiveLimits;
import dev.holdfast.host.archive.DirectoryModelStore;
import dev.holdfast.host.archive.UrlPolicy;
import dev.holdfast.host.runtime.BuiltInRuntime;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.Runtimes;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Archives damaged at random: each is refused by one of the exceptions that say so, or serves; nothing is left behind.
 * The number of rounds is {@code holdfast.damage.rounds}; a failure names its seed, {@code holdfast.damage.seed} repeats it.
 */
class DamagedArchiveTest {

    private static final ArchiveLimits LIMITS = new ArchiveLimits(1 << 20, 50, 100, 1 << 20, Duration.ofSeconds(5));
    private static final int ROUNDS = Integer.getInteger("holdfast.damage.rounds", 300);
    private static final long SEED = Long.getLong("holdfast.damage.seed", System.nanoTime());

    @TempDir
    Path directory;

    private final Runtimes runtimes = new Runtimes(List.of(new OnnxRuntime(), new BuiltInRuntime()));
    private Path store;
    private int served;
    private int refused;

    @BeforeEach
    void makeStore() throws IOException {
        store = Files.createDirectory(directory.resolve("store"));
    }

    @Test
    void aDamagedModelIsRefusedOrServes() throws IOException {
        damage("x.onnx", model());
    }

    @Test
    void aDamagedArchiveIsRefusedOrServes() throws IOException {
        damage("x.mar", mar());
    }

    private void damage(String name, byte[] whole) throws IOException {
        DirectoryModelStore models =
                new DirectoryModelStore(store, directory.resolve("work"), UrlPolicy.storeOnly(), LIMITS);
        tryOut(models, name, whole, SEED);
        assertThat(served).as("the undamaged one serves").isEqualTo(1);
        for (int round = 0; round < ROUNDS; round++) {
            long seed = SEED + round;
            try {
                tryOut(models, name, damaged(whole, new Random(seed)), seed);
                assertThat(files()).containsExactly(store.resolve(name));
            } catch (RuntimeException | Error e) {
                throw new AssertionError("-Dholdfast.damage.seed=" + seed + " repeats this failure", e);
            }
        }
        models.close();
        assertThat(refused).as("some damage is found").isPositive();
    }

    private void tryOut(DirectoryModelStore models, String name, byte[] bytes, long seed) throws IOException {
        Files.write(store.resolve(name), bytes);
        try (Archive archive = models.open(name);
                LoadedModel model = runtimes.load(archive)) {
            predict(model, seed);
            served++;
        } catch (ArchiveException | ModelLoadException e) {
            assertThat(e).hasMessageContaining(name);
            refused++;
        }
    }

    private static void predict(LoadedModel model, long seed) {
        List<Tensor> request = new ArrayList<>();
        for (TensorSpec spec : model.signature().inputs()) {
            long[] shape = spec.shape().stream()
                    .mapToLong(size -> Math.min(8, Math.abs(size)))
                    .toArray();
            int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
            Object elements =
                    java.lang.reflect.Array.newInstance(spec.type().array().getComponentType(), count);
            if (elements instanceof byte[][] texts) {
                Arrays.fill(texts, new byte[] {(byte) seed});
            }
            request.add(new Tensor(spec.name(), spec.type(), shape, elements));
        }
        try {
            model.check(request);
            assertThat(model.predict(List.of(request))).hasSize(1);
            assertThat(model.predict(List.of(request, request))).hasSize(2);
        } catch (InvalidInputException | InferenceException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    private static byte[] damaged(byte[] whole, Random random) {
        byte[] bytes = whole.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes[at] = (byte) 0xff;
                default -> {
                    if (i == 0 && random.nextInt(4) == 0 && at > 0) {
                        bytes = Arrays.copyOf(bytes, at);
                    }
                }
            }
        }
        return bytes;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            return tree.filter(Files::isRegularFile)
                    .filter(file -> !file.toString().endsWith(".lock"))
                    .toList();
        }
    }

    private static byte[] model() {
        return OnnxFile.model(
                OnnxFile.nodes(
                        OnnxFile.node("Add", OnnxFile.names("a", "b"), OnnxFile.names("s")),
                        OnnxFile.node(
                                "Softmax", OnnxFile.names("s"), OnnxFile.names("y"), OnnxFile.attribute("axis", 1))),
                OnnxFile.values(
                        OnnxFile.value("a", OnnxFile.FLOAT, "n", 4), OnnxFile.value("b", OnnxFile.FLOAT, "n", 4)),
                OnnxFile.values(OnnxFile.value("y", OnnxFile.FLOAT, "n", 4)));
    }

    private static byte[] mar() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("MAR-INF/"));
            zip.putNextEntry(new ZipEntry("MAR-INF/MANIFEST.json"));
            zip.write(
                    "{\"model\":{\"modelName\":\"m\",\"serializedFile\":\"x.onnx\"}}".getBytes(StandardCharsets.UTF_8));
            zip.putNextEntry(new ZipEntry("x.onnx"));
            zip.write(model());
        }
        return bytes.toByteArray();
    }
}
