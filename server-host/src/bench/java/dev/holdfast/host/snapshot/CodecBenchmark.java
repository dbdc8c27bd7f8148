package dev.holdfast.host.snapshot;

import dev.holdfast.host.codec.Codecs;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotKind;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * How small and how fast each codec makes what this host stores: the texts of snapshots, and learned weights.
 *
 * <p>{@code mvn -q -Pbench-state -pl server-host -am -DskipTests verify} runs it, in about five minutes. It measures
 * processor time of one thread, which other processes disturb least, and takes the best of several rounds.
 */
public final class CodecBenchmark {

    private static final String[] CODECS = {
        "gz:1", "gz", "gz:9", "bz2:1", "bz2", "xz:0", "xz", "snappy", "lz4", "lz4:9", "zstd:-5", "zstd:1", "zstd",
        "zstd:9", "zstd:19"
    };
    private static final int PIECE = 1 << 20;
    private static final long LONG_ENOUGH = 1_500_000_000L;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private CodecBenchmark() {}

    /** @param arguments the codecs to measure, such as {@code zstd:3}; without any, all */
    public static void main(String[] arguments) throws IOException {
        String[] codecs = arguments.length == 0 ? CODECS : arguments;
        SerializerConfig config = SerializerConfig.builder("bench", Path.of("."))
                .codecs(Codecs.all())
                .build();
        for (Map.Entry<String, List<byte[]>> content : contents().entrySet()) {
            System.out.printf(Locale.ROOT, "%n%s%n%n| codec | size | compress | decompress |%n|---|---|---|---|%n", content.getKey());
            for (String name : codecs) {
                System.out.println(row(name, config.codec(name), content.getValue()));
            }
        }
    }

    private static Map<String, List<byte[]>> contents() {
        Map<String, List<byte[]>> contents = new LinkedHashMap<>();
        for (int models : new int[] {1, 100, 10_000}) {
            byte[] text = text(models);
            contents.put("The text of " + models + " models, " + text.length + " bytes", List.of(text));
        }
        contents.put("Weights, 64 pieces of 1 MiB", weights(64));
        return contents;
    }

    private static byte[] text(int models) {
        Random random = new Random(models);
        Map<String, ServedModel> states = new LinkedHashMap<>();
        for (int i = 0; i < models; i++) {
            byte[] digest = new byte[32];
            random.nextBytes(digest);
            states.put(
                    "model-" + i,
                    ServedModel.of(
                            "1.0",
                            States.version("archive-" + i + ".mar", 1, random.nextInt(1, 5))
                                    .withArchiveSha256(HexFormat.of().formatHex(digest))));
        }
        return SnapshotText.write(
                        States.header(7, "20261121080000000-snapshot.cfg", SnapshotKind.SNAPSHOT),
                        States.CONFIG,
                        ServingState.of(states))
                .toBytes();
    }

    /** Floats as training leaves them: around zero, all bits of the mantissa used. */
    private static List<byte[]> weights(int pieces) {
        Random random = new Random(64);
        List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < pieces; i++) {
            ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
            while (piece.hasRemaining()) {
                piece.putFloat((float) (0.02 * random.nextGaussian()));
            }
            all.add(piece.array());
        }
        return all;
    }

    private static String row(String name, Codec codec, List<byte[]> content) throws IOException {
        List<byte[]> compressed = new ArrayList<>();
        for (byte[] piece : content) {
            compressed.add(codec.compress(piece));
        }
        for (int i = 0; i < content.size(); i++) {
            if (!Arrays.equals(codec.decompress(compressed.get(i), content.get(i).length), content.get(i))) {
                throw new IllegalStateException("Codec " + name + " does not give back what it took");
            }
        }
        double compress = best(content, () -> {
            for (byte[] piece : content) {
                codec.compress(piece);
            }
        });
        double decompress = best(content, () -> {
            for (int i = 0; i < content.size(); i++) {
                codec.decompress(compressed.get(i), content.get(i).length);
            }
        });
        return String.format(Locale.ROOT, "| `%s` | %.3f | %.3g | %.3g |", name, bytes(compressed) / bytes(content), compress, decompress);
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    /** MB of content for each second of processor time, in the best of at least two rounds. */
    private static double best(List<byte[]> content, Work work) throws IOException {
        long best = Long.MAX_VALUE;
        long spent = 0;
        for (int round = 0; round < 2 || spent < LONG_ENOUGH && round < 20_000; round++) {
            long begin = THREADS.getCurrentThreadCpuTime();
            work.run();
            long taken = Math.max(1, THREADS.getCurrentThreadCpuTime() - begin);
            best = Math.min(best, taken);
            spent += taken;
        }
        return bytes(content) * 1000 / best;
    }

    private static double bytes(List<byte[]> pieces) {
        return pieces.stream().mapToLong(piece -> piece.length).sum();
    }
}
