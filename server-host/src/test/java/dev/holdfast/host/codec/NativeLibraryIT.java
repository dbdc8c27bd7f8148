package dev.holdfast.host.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.holdfast.sdk.Codec;
import dev.holdfast.testsupport.JavaProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryIT {

    private static final byte[] TEXT = "model ".repeat(30_000).getBytes(StandardCharsets.US_ASCII);

    private static final Pattern LIBRARIES = Pattern.compile(
            " (com[.]github[.]luben|org[.]xerial|net[.]jpountz|org[.]tukaani|io[.]airlift|org[.]apache[.]commons)[.]");

    @TempDir
    Path directory;

    private static NativeLibrary missing(String codec) {
        return new NativeLibrary(codec, () -> {
            throw new UnsatisfiedLinkError("/tmp/lib.so: failed to map segment\nGeneral advice");
        });
    }

    private static List<Codec> withoutLibraries() {
        return List.of(new SnappyCodec(missing("snappy")), new ZstdCodec(3, missing("zstd")));
    }

    @Test
    void aMissingLibraryIsNamedWithTheDirectoryAndTheCure() {
        for (Codec codec : withoutLibraries()) {
            String message = "Codec " + codec.name() + " needs its native library, which cannot be loaded by way of the"
                    + " temporary directory " + System.getProperty("java.io.tmpdir")
                    + "; let programs be executed there, name another directory with"
                    + " HOLDFAST_JAVA_OPTS=-Djava.io.tmpdir=DIR, or choose the codec gz:"
                    + " java.lang.UnsatisfiedLinkError: /tmp/lib.so: failed to map segment";

            assertThatIOException()
                    .isThrownBy(() -> codec.compress(new ByteArrayOutputStream()))
                    .withMessage(message);
            assertThatExceptionOfType(UncheckedIOException.class)
                    .isThrownBy(() -> codec.compress(TEXT))
                    .withMessage(message);
        }
    }

    @Test
    void withoutItsLibraryACodecStillReads() throws IOException {
        byte[] random = new byte[200_000];
        new Random(1).nextBytes(random);
        for (Codec codec : withoutLibraries()) {
            Codec whole = CodecsTest.named(codec.name());

            assertThat(codec.decompress(whole.compress(TEXT), TEXT.length)).isEqualTo(TEXT);
            assertThat(codec.decompress(whole.compress(random), random.length)).isEqualTo(random);
        }
    }

    @Test
    void withoutItsLibraryACodecFindsDamageToo() throws IOException {
        byte[] content = new byte[300];
        new Random(1).nextBytes(content);
        System.arraycopy(TEXT, 0, content, 100, 150);
        for (Codec codec : withoutLibraries()) {
            byte[] compressed = CodecsTest.named(codec.name()).compress(content);
            for (int i = 0; i < compressed.length; i++) {
                byte[] damaged = compressed.clone();
                damaged[i] ^= (byte) (1 << (i % 8));
                byte[] cut = Arrays.copyOf(compressed, i);
                assertThatIOException().as("cut at %s", i).isThrownBy(() -> codec.decompress(cut, content.length));
                try {
                    assertThat(codec.decompress(damaged, content.length))
                            .as("%s, byte %s changed", codec.name(), i)
                            .isEqualTo(content);
                } catch (IOException e) {
                    assertThat(e).hasMessageMatching("(?s).+");
                }
            }
        }
    }

    @Test
    void itIsLoadedOnceHoweverOftenItIsAskedFor() throws IOException {
        AtomicInteger loads = new AtomicInteger();
        NativeLibrary library = new NativeLibrary("zstd", loads::incrementAndGet);
        assertThat(loads).hasValue(0);

        library.require();
        library.require();

        assertThat(library.isLoaded()).isTrue();
        assertThat(loads).hasValue(1);
    }

    @Test
    void nothingOfTheLibrariesIsLoadedBeforeACodecIsUsed() throws Exception {
        Path loaded = directory.resolve("loaded");

        run("-Xlog:class+load:file=" + loaded, "list");

        assertThat(Files.readString(loaded)).contains("dev.holdfast.host.codec.LazyCodec");
        try (Stream<String> lines = Files.lines(loaded)) {
            assertThat(lines.filter(line -> LIBRARIES.matcher(line).find())).isEmpty();
        }
    }

    @Test
    void whereTheTemporaryDirectoryCannotBeUsedOnlyWritingWithTwoCodecsFails() throws Exception {
        for (Codec codec : Codecs.all()) {
            Files.write(directory.resolve(codec.name()), codec.compress(TEXT));
        }

        String said = run("-Djava.io.tmpdir=" + directory.resolve("absent"), "use", directory.toString());

        assertThat(said.lines())
                .containsExactly(
                        "none reads, writes",
                        "gz reads, writes",
                        "bz2 reads, writes",
                        "xz reads, writes",
                        "snappy reads, does not write",
                        "lz4 reads, writes",
                        "zstd reads, does not write");
    }

    @Test
    void theLibrariesLeaveNothingBehindInTheTemporaryDirectory() throws Exception {
        Path files = Files.createDirectory(directory.resolve("files"));
        Path temporary = Files.createDirectory(directory.resolve("tmp"));
        for (Codec codec : Codecs.all()) {
            Files.write(files.resolve(codec.name()), codec.compress(TEXT));
        }

        run("-Djava.io.tmpdir=" + temporary, "use", files.toString(), "halt");

        try (Stream<Path> left = Files.list(temporary)) {
            // LZ4's, which its next load an hour later removes.
            assertThat(left.map(path -> path.getFileName().toString()).filter(name -> !name.startsWith("liblz4-java-")))
                    .isEmpty();
        }
    }

    private String run(String option, String... arguments) throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        Process process = JavaProcess.with(List.of("-Xshare:auto", option), UseOfCodecs.class, arguments)
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return Files.readString(output);
    }

    /** What a JVM of its own does. */
    static final class UseOfCodecs {

        public static void main(String[] arguments) throws IOException {
            List<Codec> codecs = Codecs.all();
            if (arguments[0].equals("use")) {
                for (Codec codec : codecs) {
                    byte[] compressed = Files.readAllBytes(Path.of(arguments[1], codec.name()));
                    boolean reads = Arrays.equals(codec.decompress(compressed, TEXT.length), TEXT);
                    System.out.println(codec.name()
                            + (reads ? " reads" : " misreads")
                            + (writes(codec) ? ", writes" : ", does not write"));
                }
            }
            if (arguments.length > 2) {
                System.out.flush();
                // As after a kill: no hook of the JVM runs.
                Runtime.getRuntime().halt(0);
            }
        }

        private static boolean writes(Codec codec) {
            try {
                codec.compress(new ByteArrayOutputStream()).close();
                return true;
            } catch (IOException e) {
                return false;
            }
        }
    }
}
