package dev.holdfast.host.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stores a state of 1 GiB and restores it, in a process that has 64 MiB of heap for everything. The model here takes none,
 * for its numbers are computed when they are asked for; so this is what the host needs beyond a model.
 */
class BoundedMemoryIT {

    private static final long GIBIBYTE = 1L << 30;

    @TempDir
    private Path directory;

    @Test
    void aGibibyteIsStoredAndRestoredInSixtyFourMebibytesOfHeap() throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        directory.resolve("logs").toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        assertThat(Files.readString(output)).contains("all of its " + GIBIBYTE + " bytes are the same");
    }

    /** What runs in the process of its own. */
    static final class Main {

        private Main() {}

        public static void main(String[] arguments) throws Exception {
            try (SnapshotSerializer fs = new FsSnapshotSerializerFactory()
                            .open(SerializerConfig.builder("fs", Path.of(arguments[0]))
                                    .build());
                    StateStore store = store(fs.chunks().orElseThrow())) {
                Computed part = new Computed();
                StateReference reference = store.writer()
                        .write(new GivenCapture(List.of(part)), StoredState.NONE)
                        .state()
                        .reference()
                        .orElseThrow();
                byte[] stored = new byte[1 << 16];
                byte[] captured = new byte[stored.length];
                try (InputStream in = store.reader().find(reference).open(part.name())) {
                    for (long offset = 0; offset < GIBIBYTE; offset += stored.length) {
                        part.read(offset, captured, captured.length);
                        if (in.readNBytes(stored, 0, stored.length) < stored.length
                                || !java.util.Arrays.equals(stored, captured)) {
                            throw new AssertionError("what was restored differs after byte " + offset);
                        }
                    }
                    if (in.read() >= 0) {
                        throw new AssertionError("more was restored than was stored");
                    }
                }
                System.out.println("all of its " + GIBIBYTE + " bytes are the same");
            }
        }

        private static StateStore store(ChunkStore chunks) {
            return new StateStore(chunks, Codec.none(), List.of(Codec.none()), 2);
        }
    }

    /** Numbers without a pattern (SplitMix64 of their places), so that no two chunks are the same. */
    private static final class Computed implements StatePart {

        @Override
        public String name() {
            return "weights";
        }

        @Override
        public long size() {
            return GIBIBYTE;
        }

        @Override
        public void read(long offset, byte[] target, int length) {
            ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
            for (int done = 0; done < length; ) {
                int skipped = (int) ((offset + done) % Long.BYTES);
                int count = Math.min(length - done, Long.BYTES - skipped);
                number.putLong(0, mixed((offset + done) / Long.BYTES));
                number.get(skipped, target, done, count);
                done += count;
            }
        }

        private static long mixed(long place) {
            long z = place * 0x9e3779b97f4a7c15L;
            z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
            z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
            return z ^ (z >>> 31);
        }
    }
}
