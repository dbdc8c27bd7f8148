package dev.holdfast.host.archive;

import static dev.holdfast.host.OnnxFiles.field;
import static dev.holdfast.host.OnnxFiles.message;
import static dev.holdfast.host.OnnxFiles.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.OnnxFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a bare model keeps its weights, and what the model's SHA-256 is then. */
class ExternalDataTest {

    @TempDir
    private Path directory;

    @Test
    void aModelWithItsWeightsInsideNeedsNothingElse() throws IOException {
        assertThat(names(OnnxFiles.divider())).isEmpty();
    }

    @Test
    void theFileWithTheWeightsIsFound() throws IOException {
        assertThat(names(OnnxFiles.adderWithWeightsIn("w.bin"))).containsExactly("w.bin");
        assertThat(names(OnnxFiles.adderWithWeightsIn("weights/w.bin"))).containsExactly("weights/w.bin");
    }

    @Test
    void aFileOutsideOfTheDirectoryIsNotTheModels() throws IOException {
        assertThat(names(OnnxFiles.adderWithWeightsIn("../w.bin"))).isEmpty();
        assertThat(names(OnnxFiles.adderWithWeightsIn("/etc/passwd"))).isEmpty();
        assertThat(names(OnnxFiles.adderWithWeightsIn("\0"))).isEmpty();
    }

    @Test
    void weightsOfAnInnerGraphASparseTensorAndAFunctionAreFound() throws IOException {
        byte[] inner = graph(field(5, tensor("inner.bin")));
        byte[] branch = field(1, message(field(4, "If"), field(5, message(field(1, "then_branch"), field(6, inner)))));
        byte[] constant = field(1, message(field(4, "Constant"), field(5, message(field(5, tensor("constant.bin"))))));
        byte[] sparse = field(15, message(field(1, tensor("values.bin")), field(2, tensor("indices.bin"))));
        byte[] function = message(field(1, "f"), field(7, message(field(5, message(field(10, tensor("f.bin")))))));
        byte[] model = message(number(1, 8), field(7, graph(branch, constant, sparse)), field(25, function));

        assertThat(names(model)).containsExactly("constant.bin", "f.bin", "indices.bin", "inner.bin", "values.bin");
    }

    @Test
    void numbersThatAreWrittenLongerThanNeededHideNothing() throws IOException {
        byte[] graph = graph(field(5, tensor("hidden.bin")));
        byte[] longTag = {(byte) 0xba, (byte) 0x80, (byte) 0x00};
        byte[] longSize = {(byte) (graph.length | 0x80), (byte) 0x80, 0x00};

        assertThat(names(message(longTag, longSize, graph))).containsExactly("hidden.bin");
    }

    @Test
    void anyBytesAtAllAreRead() throws IOException {
        Random random = new Random(7);
        byte[] whole = OnnxFiles.adderWithWeightsIn("w.bin");
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = Arrays.copyOf(whole, random.nextInt(whole.length + 20));
            for (int j = random.nextInt(4); j > 0 && bytes.length > 0; j--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            assertThat(names(bytes)).hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void theDigestOfABareModelChangesWithItsWeights() throws IOException {
        OnnxFiles.write(directory, "m.onnx", OnnxFiles.adderWithWeightsIn("w.bin"));
        Files.write(directory.resolve("w.bin"), new byte[8]);
        String before = digest();
        assertThat(digest()).isEqualTo(before);

        Files.write(directory.resolve("w.bin"), new byte[] {1, 0, 0, 0, 0, 0, 0, 0});

        assertThat(digest()).isNotEqualTo(before);
    }

    @Test
    void aSnapshotOfAVersionThatCountedTheFileAloneMeansTheSameModel() throws Exception {
        byte[] model = OnnxFiles.adderWithWeightsIn("w.bin");
        OnnxFiles.write(directory, "m.onnx", model);
        Files.write(directory.resolve("w.bin"), new byte[8]);
        String alone =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(model));

        try (DirectoryModelStore store = store();
                Archive archive = store.open("m.onnx")) {
            assertThat(archive.is(alone)).isTrue();
            assertThat(archive.is(archive.sha256())).isTrue();
            assertThat(archive.sha256()).isNotEqualTo(alone);
            assertThat(archive.is("0".repeat(64))).isFalse();
        }
    }

    @Test
    void weightsThatAreReplacedUnderTheirOldTimeAreSeen() throws IOException {
        OnnxFiles.write(directory, "m.onnx", OnnxFiles.adderWithWeightsIn("w.bin"));
        Path weights = Files.write(directory.resolve("w.bin"), new byte[8]);
        var time = Files.getLastModifiedTime(weights);
        try (DirectoryModelStore store = store()) {
            String before = digest(store);
            Files.write(weights, new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
            Files.setLastModifiedTime(weights, time);

            assertThat(digest(store)).isNotEqualTo(before);
        }
    }

    @Test
    void weightsThatAreGoneAreNamed() throws IOException {
        OnnxFiles.write(directory, "m.onnx", OnnxFiles.adderWithWeightsIn("w.bin"));

        assertThatThrownBy(this::digest)
                .isInstanceOf(ArchiveException.class)
                .hasMessage(
                        "Archive m.onnx keeps weights in the file 'w.bin', which is not beside it in the model store");
    }

    private String digest() {
        try (DirectoryModelStore store = store()) {
            return digest(store);
        }
    }

    private static String digest(DirectoryModelStore store) {
        try (Archive archive = store.open("m.onnx")) {
            return archive.sha256();
        }
    }

    private DirectoryModelStore store() {
        return new DirectoryModelStore(
                directory, directory.resolve("work"), UrlPolicy.of("", false), ArchiveLimits.defaults());
    }

    private List<String> names(byte[] model) throws IOException {
        Path file = OnnxFiles.write(directory, "m.onnx", model);
        return ExternalData.of(file).stream()
                .map(data -> directory.relativize(data).toString())
                .toList();
    }

    private static byte[] graph(byte[]... fields) {
        return message(message(fields), field(2, "g"));
    }

    private static byte[] tensor(String location) {
        return message(field(8, "t"), field(13, message(field(1, "location"), field(2, location))), number(14, 1));
    }
}
