package dev.holdfast.host.runtime.classifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;

class ModelFileTest {

    @TempDir
    Path directory;

    private static OnlineClassifier model(String method) {
        return ClassifierVectors.model(ClassifierVectors.config(method));
    }

    private void load(OnlineClassifier model, byte[] bytes) throws IOException {
        Path file = Files.write(directory.resolve("loaded"), bytes);
        try (FileChannel channel = FileChannel.open(file)) {
            model.load(channel);
        }
    }

    private byte[] save(OnlineClassifier model, String id, long seconds) throws IOException {
        Path file = directory.resolve("saved");
        Files.deleteIfExists(file);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            model.save(channel, id, seconds);
        }
        return Files.readAllBytes(file);
    }

    @ParameterizedTest
    @ValueSource(strings = {"perceptron", "PA", "AROW"})
    void aFileOfTheOriginalIsWrittenAgainAsItWas(String method) throws IOException {
        byte[] golden = Files.readAllBytes(ClassifierVectors.file(method));
        Path file = ClassifierVectors.file(method);
        ClassifierConfig config = ClassifierConfig.of("test", text(golden));
        Learned learned = new Learned(config.method(), config.regularization());
        ModelFile.Saved saved;
        try (FileChannel channel = FileChannel.open(file)) {
            saved = ModelFile.read(channel, config, learned);
        }
        OnlineClassifier model = ClassifierVectors.model(config.text());
        load(model, golden);

        assertThat(saved.id()).isEqualTo("golden_" + method);
        assertThat(save(model, saved.id(), saved.seconds())).isEqualTo(golden);
    }

    /** The text of the configuration, which is the last of the system data. */
    private static String text(byte[] file) {
        String latin = new String(file, StandardCharsets.ISO_8859_1);
        int end = 48 + (int) ByteBuffer.wrap(file).getLong(32);
        return latin.substring(latin.indexOf("{"), end);
    }

    @ParameterizedTest
    @ValueSource(strings = {"perceptron", "PA", "AROW"})
    void aFileOfTheOriginalAnswersAsTheOriginalDid(String method) throws IOException {
        OnlineClassifier model = model(method);

        load(model, Files.readAllBytes(ClassifierVectors.file(method)));

        OnlineClassifierTest.assertScores(
                model.classify(ClassifierVectors.queries()),
                ClassifierVectors.scores(ClassifierVectors.results(method).path("after_load")));
        assertThat(model.labels()).isEqualTo(Map.of("politics", 2L, "sport", 3L, "tech", 2L));
    }

    @ParameterizedTest
    @ValueSource(strings = {"perceptron", "PA", "PA1", "PA2", "CW", "AROW", "NHERD"})
    void whatIsSavedIsLoadedAndLearnsOn(String method) throws IOException {
        OnlineClassifier model = ClassifierVectors.model(ClassifierVectors.config(method, 0.5));
        model.learn(ClassifierVectors.examples());
        model.setLabel("set");
        OnlineClassifier other = ClassifierVectors.model(ClassifierVectors.config(method, 0.5));

        load(other, save(model, "id", 1));
        model.learn(ClassifierVectors.examples());
        other.learn(ClassifierVectors.examples());

        assertThat(other.classify(ClassifierVectors.queries())).isEqualTo(model.classify(ClassifierVectors.queries()));
        assertThat(other.labels()).isEqualTo(model.labels());
    }

    @Test
    void aByteThatIsDamagedAnywhereIsRefusedAndNothingChanges() throws IOException {
        OnlineClassifier model = model("PA");
        model.learn(ClassifierVectors.examples().subList(0, 2));
        List<Map<String, Double>> before = model.classify(ClassifierVectors.queries());
        byte[] golden = Files.readAllBytes(ClassifierVectors.file("PA"));
        Random random = new Random(7);
        List<Integer> taken = new ArrayList<>();
        Path file = Files.write(directory.resolve("damaged"), golden);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            for (int i = 0; i < golden.length; i++) {
                byte damaged = (byte) (golden[i] ^ (1 + random.nextInt(255)));
                channel.write(ByteBuffer.wrap(new byte[] {damaged}), i);
                try {
                    model.load(channel);
                    taken.add(i);
                } catch (ModelFileException e) {
                    channel.write(ByteBuffer.wrap(golden, i, 1), i);
                }
            }
        }
        assertThat(taken).isEmpty();
        assertThat(model.classify(ClassifierVectors.queries())).isEqualTo(before);
    }

    @Test
    void aFileThatEndsTooEarlyIsRefusedWhereverItEnds() throws IOException {
        OnlineClassifier model = model("PA");
        byte[] golden = Files.readAllBytes(ClassifierVectors.file("PA"));
        for (int length = 0; length < golden.length; length += 13) {
            byte[] shorter = java.util.Arrays.copyOf(golden, length);
            assertThatThrownBy(() -> load(model, shorter)).hasMessage("cannot read input file");
        }
        assertThat(model.labels()).isEmpty();
    }

    /** Whoever knows the checksum can write anything: it is refused, or it is a model, and never an error of another kind. */
    @Test
    void damageUnderARightChecksumIsRefusedOrHarmless() throws IOException {
        OnlineClassifier model = model("AROW");
        byte[] golden = Files.readAllBytes(ClassifierVectors.file("AROW"));
        Random random = new Random(11);
        int refused = 0;
        for (int i = 0; i < 1500; i++) {
            byte[] damaged = golden.clone();
            for (int j = random.nextInt(3); j >= 0; j--) {
                damaged[48 + random.nextInt(golden.length - 48)] = (byte) random.nextInt(256);
            }
            try {
                load(model, summed(damaged));
                model.classify(ClassifierVectors.queries());
                model.learn(ClassifierVectors.examples());
            } catch (ModelFileException e) {
                refused++;
            }
        }
        assertThat(refused).isBetween(300, 1499);
    }

    private static byte[] summed(byte[] file) {
        CRC32 sum = new CRC32();
        sum.update(file, 0, 28);
        sum.update(file, 32, file.length - 32);
        ByteBuffer.wrap(file).putInt(28, (int) sum.getValue());
        return file;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0  | 00               | invalid file format",
                "15 | 02               | invalid format version: 2, expected 1",
                "16 | 000000000000000900000009 | cannot load model file created before v1.0.0: 0.9.9",
                "40 | 7fffffffffffffff | cannot read input file",
                "32 | ffffffffffffffff | cannot read input file",
                "28 | 00000000         | invalid crc32 checksum: c5a9f19c, expected 0",
            })
    void aHeaderThatDoesNotFitIsToldInTheWordsOfTheOriginal(int at, String hex, String message) throws IOException {
        byte[] bytes = Files.readAllBytes(ClassifierVectors.file("PA"));
        byte[] change = java.util.HexFormat.of().parseHex(hex.strip());
        System.arraycopy(change, 0, bytes, at, change.length);

        assertThatThrownBy(() -> load(model("PA"), bytes)).hasMessage(message);
    }

    private interface Packed {
        void to(MessagePacker packer) throws IOException;
    }

    private static byte[] packed(Packed content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MessagePacker packer = MessagePack.newDefaultPacker(bytes)) {
            content.to(packer);
        }
        return bytes.toByteArray();
    }

    private static byte[] file(byte[] system, byte[] user) throws IOException {
        ByteBuffer file = ByteBuffer.allocate(48 + system.length + user.length);
        file.put("jubatus\0".getBytes(StandardCharsets.US_ASCII));
        file.putLong(1)
                .putInt(1)
                .putInt(1)
                .putInt(1)
                .putInt(0)
                .putLong(system.length)
                .putLong(user.length);
        file.put(system).put(user);
        return summed(file.array());
    }

    private static byte[] system(int version, String type, String config) throws IOException {
        return packed(to -> to.packArrayHeader(5)
                .packInt(version)
                .packLong(1)
                .packString(type)
                .packString("id")
                .packString(config));
    }

    @Test
    void theSystemDataIsCheckedInTheOrderOfTheOriginal() throws IOException {
        String config = ClassifierVectors.config("PA");
        byte[] user = packed(to -> to.packArrayHeader(2).packInt(1).packNil());

        assertRefused(file(packed(to -> to.packInt(1)), user), "system data is broken");
        assertRefused(file(packed(to -> to.packArrayHeader(5).packInt(1)), user), "system data is broken");
        assertRefused(
                file(system(9, "regression", ""), user), "invalid system data version: saved version: 9, expected 1");
        assertRefused(
                file(system(1, "regression", ""), user), "server type mismatched: regression, expected classifier");
        assertRefused(
                file(system(1, "classifier", "{\"method\":1}"), user),
                "server config mismatched: {\"method\":1}, expected " + config);
        assertRefused(file(system(1, "classifier", config), user), "user data is broken");
        byte[] spaced = system(1, "classifier", config.replace(":", " :\n ").replace(",", " , "));
        assertRefused(file(spaced, packed(to -> to.packInt(7))), "invalid user container");
        assertRefused(
                file(spaced, packed(to -> to.packArrayHeader(2).packInt(2).packNil())),
                "user data version mismatched: 2, expected 1");
    }

    private void assertRefused(byte[] file, String message) {
        assertThatThrownBy(() -> load(model("PA"), file))
                .isInstanceOf(ModelFileException.class)
                .hasMessage(message);
    }

    @Test
    void keysInAnotherOrderAreTheSameConfigurationAndOneWithAPointIsNot() {
        ClassifierConfig config = ClassifierConfig.of(
                "test", "{\"method\":\"AROW\",\"parameter\":{\"regularization_weight\":1.0},\"converter\":{}}");

        assertThat(config.says("{\"converter\":{}, \"parameter\":{\"regularization_weight\":1.0},\"method\":\"AROW\"}"))
                .isTrue();
        assertThat(config.says("{\"converter\":{}, \"parameter\":{\"regularization_weight\":1},\"method\":\"AROW\"}"))
                .isFalse();
        assertThat(config.says("{")).isFalse();
    }

    @Test
    void aLengthThatLiesTakesNoMemory() throws IOException {
        byte[] system = system(1, "classifier", ClassifierVectors.config("PA"));
        byte[] user = packed(to -> to.packArrayHeader(2)
                .packInt(1)
                .packArrayHeader(2)
                .packArrayHeader(2)
                .packArrayHeader(4)
                .packMapHeader(Integer.MAX_VALUE)
                .packRawStringHeader(Integer.MAX_VALUE - 20));

        assertRefused(file(system, user), "user data is broken");
    }
}
