package dev.holdfast.host.state;

import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What storing and verifying a state of 1 GB costs in serializer {@code fs}: whole, and after one percent of it changed in
 * ten places, with and without the model's knowledge of what changed, cut by content and in fixed pieces. Prints a table;
 * asserts nothing.
 */
public final class StateBenchmark {

    private static final int ROUNDS = 5;
    private static final int MEBIBYTE = 1024 * 1024;

    private final byte[][] blocks;
    private boolean[] changed;

    private StateBenchmark(int mebibytes) {
        blocks = new byte[mebibytes][MEBIBYTE];
        changed = new boolean[mebibytes];
        Random random = new Random(1);
        for (byte[] block : blocks) {
            fill(block, random);
        }
    }

    /** Weights as a trained network has them. */
    private static void fill(byte[] block, Random random) {
        FloatBuffer floats = ByteBuffer.wrap(block).asFloatBuffer();
        while (floats.hasRemaining()) {
            floats.put((float) (random.nextGaussian() * 0.02));
        }
    }

    public static void main(String[] arguments) throws Exception {
        int mebibytes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1024;
        Path directory = Files.createTempDirectory(Path.of("."), "state-benchmark");
        StateBenchmark benchmark = new StateBenchmark(mebibytes);
        for (String how : List.of("content none", "fixed none", "content gz:1")) {
            String[] parts = how.split(" ");
            SerializerConfig config = SerializerConfig.builder("fs", directory).build();
            Codec codec = config.codec(parts[1]);
            Cutter cutter = parts[0].equals("fixed") ? Cutter.fixed(256 * 1024) : Cutter.byContent(256 * 1024);
            if (parts[1].equals("gz:1") && mebibytes > 256) {
                continue;
            }
            benchmark.measure(how, directory, codec, cutter);
        }
    }

    private void measure(String how, Path directory, Codec codec, Cutter cutter) throws Exception {
        double[][] seconds = new double[4][ROUNDS];
        double[] megabytes = new double[2];
        var pool = StateStore.threads(2);
        for (int round = 0; round < ROUNDS; round++) {
            Path logs = Files.createTempDirectory(directory, "round");
            try (SnapshotSerializer fs = new FsSnapshotSerializerFactory()
                    .open(SerializerConfig.builder("fs", logs).build())) {
                ChunkStore chunks = fs.chunks().orElseThrow();
                StateWriter writer = new StateWriter(chunks, codec, cutter, pool);
                StateReader reader = new StateReader(chunks, List.of(Codec.none(), Codec.gz()), pool);
                long start = System.nanoTime();
                StateWriter.Result full = writer.write(new View(1), StoredState.NONE);
                seconds[0][round] = since(start);
                megabytes[0] = full.newBytes() / 1e6;
                change(round);
                start = System.nanoTime();
                StateWriter.Result compared = writer.write(new View(0), full.state());
                seconds[1][round] = since(start);
                megabytes[1] = compared.newBytes() / 1e6;
                chunks.delete(compared.state().reference().map(r -> List.of(r.root().id())).orElseThrow(),
                        java.time.Instant.MAX);
                start = System.nanoTime();
                writer.write(new View(2), full.state());
                seconds[2][round] = since(start);
                start = System.nanoTime();
                reader.find(full.state().reference().orElseThrow()).verify();
                seconds[3][round] = since(start);
            }
            new ProcessBuilder("rm", "-rf", logs.toString()).start().waitFor();
        }
        pool.shutdown();
        System.out.printf(
                "%-14s full %.2f s (%.0f MB), 1 %% changed: compared %.2f s, tracked %.2f s (%.1f MB), verify %.2f s%n",
                how, median(seconds[0]), megabytes[0], median(seconds[1]), median(seconds[2]), megabytes[1],
                median(seconds[3]));
    }

    private void change(int round) {
        changed = new boolean[blocks.length];
        Random random = new Random(100 + round);
        for (int i = 0; i < Math.max(1, blocks.length / 100); i++) {
            int block = random.nextInt(blocks.length);
            fill(blocks[block], random);
            changed[block] = true;
        }
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private final class View implements StateCapture {

        private final long number;

        View(long number) {
            this.number = number;
        }

        @Override
        public StateFormat format() {
            return new StateFormat("benchmark", 1, "");
        }

        @Override
        public long number() {
            return number;
        }

        @Override
        public List<StatePart> parts() {
            return List.of(new StatePart() {
                @Override
                public String name() {
                    return "weights";
                }

                @Override
                public long size() {
                    return (long) blocks.length * MEBIBYTE;
                }

                @Override
                public void read(long offset, byte[] target, int length) {
                    int done = 0;
                    while (done < length) {
                        int block = (int) ((offset + done) / MEBIBYTE);
                        int at = (int) ((offset + done) % MEBIBYTE);
                        int count = Math.min(length - done, MEBIBYTE - at);
                        System.arraycopy(blocks[block], at, target, done, count);
                        done += count;
                    }
                }

                @Override
                public boolean unchangedSince(long capture, long offset, long length) {
                    for (long block = offset / MEBIBYTE; block <= (offset + length - 1) / MEBIBYTE; block++) {
                        if (changed[(int) block]) {
                            return false;
                        }
                    }
                    return true;
                }
            });
        }

        @Override
        public void close() {}
    }
}
