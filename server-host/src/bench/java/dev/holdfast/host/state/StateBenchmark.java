package dev.holdfast.host.state;

import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ThreadPoolExecutor;

/**
 * What storing and checking a state of 1 GiB costs in serializer {@code fs}: whole; after 1 % of it has changed in ten
 * places; after some bytes were put in in the middle. Cut by content and in fixed pieces, and beside restic and borg on the
 * same bytes in a file, where these are installed. Prints a table; asserts nothing.
 *
 * <p>The arguments are a directory for the files, and the size in MiB.
 */
public final class StateBenchmark {

    private static final int ROUNDS = 5;
    private static final int MEBIBYTE = 1024 * 1024;
    private static final int PIECE = 256 * 1024;

    private final Path directory;
    private final List<byte[]> blocks = new ArrayList<>();
    private final Random random = new Random(1);
    private boolean[] changed = new boolean[0];

    private StateBenchmark(Path directory, int mebibytes) {
        this.directory = directory;
        for (int i = 0; i < mebibytes; i++) {
            // Quarters, which keep clear of what the collector calls humongous.
            byte[] block = new byte[MEBIBYTE / 4];
            fill(block);
            blocks.add(block);
            for (int quarter = 1; quarter < 4; quarter++) {
                byte[] other = new byte[MEBIBYTE / 4];
                fill(other);
                blocks.add(other);
            }
        }
    }

    /** Weights as training leaves them. */
    private void fill(byte[] block) {
        FloatBuffer floats = ByteBuffer.wrap(block).asFloatBuffer();
        while (floats.hasRemaining()) {
            floats.put((float) (random.nextGaussian() * 0.02));
        }
    }

    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory(Path.of(arguments[0]), "state-benchmark");
        int mebibytes = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1024;
        try {
            StateBenchmark benchmark = new StateBenchmark(directory, mebibytes);
            System.out.println(row("what", "whole", "1 % changed", "tracked", "written", "put in", "written", "check"));
            benchmark.measure("fs, by content", Cutter.byContent(PIECE));
            benchmark.measure("fs, fixed pieces", new FixedCutter(PIECE));
            benchmark.measureTool("restic", new Restic(directory.resolve("restic")));
            benchmark.measureTool("borg", new Borg(directory.resolve("borg")));
        } finally {
            run(List.of("rm", "-rf", directory.toString()), List.of());
        }
    }

    private static String row(String... cells) {
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-18s", cells[0]));
        for (int i = 1; i < cells.length; i++) {
            row.append(String.format(Locale.ROOT, "%14s", cells[i]));
        }
        return row.toString();
    }

    private static String seconds(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return String.format(Locale.ROOT, "%.2f s", sorted[sorted.length / 2]);
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    private void measure(String what, Cutter cutter) throws Exception {
        double[][] seconds = new double[5][ROUNDS];
        long changedBytes = 0;
        long insertedBytes = 0;
        ThreadPoolExecutor threads = StateStore.threads(2);
        for (int round = 0; round < ROUNDS; round++) {
            Path logs = Files.createDirectory(directory.resolve("fs"));
            try (SnapshotSerializer fs = new FsSnapshotSerializerFactory()
                    .open(SerializerConfig.builder("fs", logs).build())) {
                ChunkStore chunks = fs.chunks().orElseThrow();
                StateWriter writer = new StateWriter(chunks, Codec.none(), cutter, threads);
                StateReader reader = new StateReader(chunks, List.of(Codec.none()), threads);
                long start = System.nanoTime();
                StateWriter.Result whole = writer.write(new View(1, new byte[0]), StoredState.NONE);
                seconds[0][round] = since(start);
                change();
                start = System.nanoTime();
                StateWriter.Result after = writer.write(new View(0, new byte[0]), whole.state());
                seconds[1][round] = since(start);
                changedBytes = after.newBytes();
                change();
                start = System.nanoTime();
                writer.write(new View(2, new byte[0]), whole.state());
                seconds[2][round] = since(start);
                start = System.nanoTime();
                insertedBytes = writer.write(new View(0, new byte[1000]), after.state())
                        .newBytes();
                seconds[3][round] = since(start);
                start = System.nanoTime();
                reader.find(after.state().reference().orElseThrow()).verify();
                seconds[4][round] = since(start);
            }
            run(List.of("rm", "-rf", logs.toString()), List.of());
        }
        threads.shutdown();
        System.out.println(row(
                what,
                seconds(seconds[0]),
                seconds(seconds[1]),
                seconds(seconds[2]),
                megabytes(changedBytes),
                seconds(seconds[3]),
                megabytes(insertedBytes),
                seconds(seconds[4])));
    }

    /** New contents for one hundredth of the state, in ten places. */
    private void change() {
        changed = new boolean[blocks.size()];
        int length = Math.max(1, blocks.size() / 1000);
        for (int place = 0; place < 10; place++) {
            int first = random.nextInt(blocks.size() - length);
            for (int block = first; block < first + length; block++) {
                fill(blocks.get(block));
                changed[block] = true;
            }
        }
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    /** The state at one moment, with some bytes put in in its middle. */
    private final class View implements StateCapture, StatePart {

        private static final int BLOCK = MEBIBYTE / 4;
        private final long number;
        private final byte[] inserted;
        private final long middle = (long) blocks.size() / 2 * BLOCK;

        View(long number, byte[] inserted) {
            this.number = number;
            this.inserted = inserted;
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
            return List.of(this);
        }

        @Override
        public String name() {
            return "weights";
        }

        @Override
        public long size() {
            return (long) blocks.size() * BLOCK + inserted.length;
        }

        @Override
        public void read(long offset, byte[] target, int length) {
            for (int done = 0; done < length; ) {
                done += copy(offset + done, target, done, length - done);
            }
        }

        private int copy(long offset, byte[] target, int at, int length) {
            if (offset >= middle && offset < middle + inserted.length) {
                int count = (int) Math.min(length, middle + inserted.length - offset);
                System.arraycopy(inserted, (int) (offset - middle), target, at, count);
                return count;
            }
            long place = offset < middle ? offset : offset - inserted.length;
            int inBlock = (int) (place % BLOCK);
            int count = Math.min(length, BLOCK - inBlock);
            System.arraycopy(blocks.get((int) (place / BLOCK)), inBlock, target, at, count);
            return count;
        }

        @Override
        public boolean unchangedSince(long capture, long offset, long length) {
            for (long block = offset / BLOCK; block <= (offset + length - 1) / BLOCK; block++) {
                if (changed[(int) block]) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public void close() {}
    }

    /** A program that keeps versions of a file. */
    private interface Tool {

        List<String> environment();

        List<String> make();

        List<String> store(Path file, int version);

        List<String> check();

        Path repository();
    }

    private record Restic(Path repository) implements Tool {

        @Override
        public List<String> environment() {
            return List.of("RESTIC_PASSWORD=x", "RESTIC_REPOSITORY=" + repository, "RESTIC_CACHE_DIR=" + repository + "-cache");
        }

        @Override
        public List<String> make() {
            return List.of("restic", "init");
        }

        @Override
        public List<String> store(Path file, int version) {
            return List.of("restic", "backup", "--quiet", file.toString());
        }

        @Override
        public List<String> check() {
            return List.of("restic", "check", "--read-data", "--quiet");
        }
    }

    private record Borg(Path repository) implements Tool {

        @Override
        public List<String> environment() {
            return List.of("BORG_REPO=" + repository, "BORG_BASE_DIR=" + repository + "-base");
        }

        @Override
        public List<String> make() {
            return List.of("borg", "init", "--encryption", "none");
        }

        @Override
        public List<String> store(Path file, int version) {
            return List.of("borg", "create", "--compression", "none", "::v" + version, file.toString());
        }

        @Override
        public List<String> check() {
            return List.of("borg", "check", "--verify-data");
        }
    }

    private void measureTool(String name, Tool tool) throws Exception {
        if (!isInstalled(name)) {
            System.out.println(name + " is not installed");
            return;
        }
        double[][] seconds = new double[3][ROUNDS];
        long written = 0;
        Path file = directory.resolve("state");
        for (int round = 0; round < ROUNDS; round++) {
            writeTo(file);
            run(tool.make(), tool.environment());
            seconds[0][round] = timed(tool.store(file, 1), tool.environment());
            long before = size(tool.repository());
            change();
            writeTo(file);
            seconds[1][round] = timed(tool.store(file, 2), tool.environment());
            written = size(tool.repository()) - before;
            seconds[2][round] = timed(tool.check(), tool.environment());
            run(List.of("bash", "-c", "rm -rf " + tool.repository() + "*"), List.of());
        }
        System.out.println(row(
                name, seconds(seconds[0]), seconds(seconds[1]), "-", megabytes(written), "-", "-", seconds(seconds[2])));
    }

    private static boolean isInstalled(String name) throws Exception {
        return new ProcessBuilder("bash", "-c", "command -v " + name)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
    }

    private void writeTo(Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            for (byte[] block : blocks) {
                out.write(block);
            }
        }
    }

    private static double timed(List<String> command, List<String> environment) throws Exception {
        long start = System.nanoTime();
        run(command, environment);
        return since(start);
    }

    private static void run(List<String> command, List<String> environment) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        for (String variable : environment) {
            String[] parts = variable.split("=", 2);
            builder.environment().put(parts[0], parts[1]);
        }
        int exit = builder.start().waitFor();
        if (exit != 0) {
            throw new IOException(command + " ended with " + exit);
        }
    }

    private static long size(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            long size = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                size += Files.size(file);
            }
            return size;
        }
    }
}
