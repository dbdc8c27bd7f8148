package dev.holdfast.host.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.HandlerRequest.Parameter;
import dev.holdfast.host.runtime.Header;
import dev.holdfast.host.runtime.process.WireReader.MalformedException;
import dev.holdfast.host.runtime.process.WireReader.Reply;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.GatheringByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WireTest {

    private static final int LONGEST = 1000;

    /** Writes what a worker, or the host, sends. */
    private static final class Sent {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final DataOutputStream out = new DataOutputStream(bytes);

        Sent field(String text) throws IOException {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            out.writeInt(utf8.length);
            out.write(utf8);
            return this;
        }

        Sent number(int value) throws IOException {
            out.writeInt(value);
            return this;
        }

        Sent answer(String id, String body) throws IOException {
            return field(id)
                    .field("text/x")
                    .number(201)
                    .field("Made")
                    .number(1)
                    .field("A")
                    .field("b")
                    .field(body);
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }

    private static Sent reply() throws IOException {
        return new Sent().number(200).field("fine");
    }

    private static Reply read(byte[] sent, int most) throws IOException {
        return new WireReader(Channels.newChannel(new ByteArrayInputStream(sent)), LONGEST).read(most);
    }

    @Test
    void anAnswerIsReadWithAllThatItSays() throws IOException {
        Reply reply =
                read(reply().answer("r1", "one").answer("r2", "").number(-1).bytes(), 2);

        assertThat(reply.code()).isEqualTo(200);
        assertThat(reply.message()).isEqualTo("fine");
        assertThat(reply.answers()).containsOnlyKeys("r1", "r2");
        HandlerAnswer one = reply.answers().get("r1");
        assertThat(one.status()).isEqualTo(201);
        assertThat(one.contentType()).isEqualTo("text/x");
        assertThat(one.headers()).containsExactly(new Header("A", "b"));
        assertThat(new String(one.bytes(), StandardCharsets.UTF_8)).isEqualTo("one");
    }

    @Test
    void aBodyThatIsTooLongIsPassedOverAndWhatFollowsIsRead() throws IOException {
        Sent sent = reply().answer("r1", "x".repeat(LONGEST + 1)).answer("r2", "x".repeat(LONGEST));

        Reply reply = read(sent.number(-1).bytes(), 2);

        assertThat(reply.answers().get("r1").failed()).isTrue();
        assertThat(reply.answers().get("r1").message()).contains("1001 bytes", "max_response_size, 1000 bytes");
        assertThat(reply.answers().get("r2").bytes()).hasSize(LONGEST);
    }

    @Test
    void whatNoWorkerSaysIsRefusedByName() throws IOException {
        assertMalformed(new Sent().number(200).number(-7), "a message of -7 bytes");
        assertMalformed(new Sent().number(200).number(Integer.MAX_VALUE), "a message of 2147483647 bytes");
        assertMalformed(reply().number(1 << 21), "a request id of 2097152 bytes");
        assertMalformed(reply().field("r").field("").number(200).field("").number(1001), "1001 headers");
        assertMalformed(
                reply().field("r").field("").number(200).field("").number(0).number(-2), "a body of -2 bytes");
        assertMalformed(reply().answer("r", "").answer("s", "").number(-1), "more than 1 answers");
    }

    private static void assertMalformed(Sent sent, String why) {
        assertThatThrownBy(() -> read(sent.bytes(), 1))
                .isInstanceOf(MalformedException.class)
                .hasMessage(why);
    }

    @Test
    void anAnswerThatIsCutOffAnywhereIsAnEnd() throws IOException {
        byte[] whole = reply().answer("r1", "one").number(-1).bytes();

        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> read(part, 1)).as("%d bytes", length).isInstanceOf(EOFException.class);
        }
    }

    @Test
    void whateverComesIsReadOrRefusedAndTakesNoMemoryOnItsWord() throws IOException {
        byte[] good = reply().answer("r1", "one").answer("r2", "two").number(-1).bytes();
        long seed = 16;
        Random random = new Random(seed);
        int read = 0;

        for (int i = 0; i < 20_000; i++) {
            byte[] sent = good.clone();
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                sent[random.nextInt(sent.length)] = (byte) random.nextInt(256);
            }
            try {
                Reply reply = read(sent, 2);
                assertThat(reply.answers().values()).allMatch(answer -> answer.bytes().length <= LONGEST);
                read++;
            } catch (IOException e) {
                assertThat(e)
                        .as("seed %d, round %d", seed, i)
                        .isInstanceOfAny(EOFException.class, MalformedException.class);
            }
        }

        assertThat(read).isPositive();
    }

    @Test
    void aBatchIsWrittenAsTheWireWantsIt() throws IOException {
        HandlerRequest request = new HandlerRequest(
                "r1",
                List.of(new Header("A", "ä")),
                List.of(Parameter.of("body", "text/plain", "x".getBytes(StandardCharsets.UTF_8))));
        Sent wanted = new Sent();
        wanted.out.write('I');
        wanted.field("r1").field("A").field("ä").number(-1);
        wanted.field("body").field("text/plain").field("x").number(-1).number(-1);

        Sink sink = new Sink(Integer.MAX_VALUE);
        WireWriter.predict(List.of(request)).to(sink);

        assertThat(sink.taken.toByteArray()).isEqualTo(wanted.bytes());
    }

    @Test
    void anOrderToLoadIsWrittenAsTheWireWantsIt() throws IOException {
        Sent wanted = new Sent();
        wanted.out.write('L');
        wanted.field("m").field("/d").number(4).field("h.py").number(-1).field("json");
        wanted.out.write(1);

        Sink sink = new Sink(Integer.MAX_VALUE);
        WireWriter.load("m", 4, new WorkerLaunch.LoadOrder("/d", "h.py", "json", true))
                .to(sink);

        assertThat(sink.taken.toByteArray()).isEqualTo(wanted.bytes());
    }

    @Test
    void largeValuesAreSentWholeThroughAChannelThatTakesLittle() throws IOException {
        List<HandlerRequest> requests = new ArrayList<>();
        for (int i = 0; i < 700; i++) {
            requests.add(new HandlerRequest(
                    "r" + i, List.of(), List.of(Parameter.of("body", "", new byte[4097 + i % 3]))));
        }
        Sink whole = new Sink(Integer.MAX_VALUE);
        Sink little = new Sink(1000);

        WireWriter.predict(requests).to(whole);
        WireWriter.predict(requests).to(little);

        assertThat(little.taken.toByteArray()).isEqualTo(whole.taken.toByteArray());
        assertThat(whole.taken.size()).isGreaterThan(700 * 4097);
    }

    @Test
    void requestsAndAnswersComeBackFromTensorsAsTheyWere() {
        HandlerRequest request = new HandlerRequest(
                "id",
                List.of(new Header("A", "b"), new Header("A", "c")),
                List.of(Parameter.of("x", "", new byte[] {1, 2}), Parameter.of("x", "t", new byte[0])));
        HandlerAnswer answer = HandlerAnswer.of(418, "a/b", List.of(new Header("C", "d")), new byte[] {3});

        HandlerRequest back = HandlerRequest.of(request.toTensors());
        HandlerAnswer answered = HandlerAnswer.of(answer.toTensors());

        assertThat(back.id()).isEqualTo("id");
        assertThat(back.headers()).isEqualTo(request.headers());
        assertThat(back.parameters()).extracting(Parameter::name).containsExactly("x", "x");
        assertThat(back.parameters().get(0).bytes()).containsExactly(1, 2);
        assertThat(answered.status()).isEqualTo(418);
        assertThat(answered.headers()).isEqualTo(answer.headers());
        assertThat(answered.failed()).isFalse();
        assertThat(HandlerAnswer.of(HandlerAnswer.failure(503, "no").toTensors())
                        .message())
                .isEqualTo("no");
    }

    /** Takes at most so many bytes a call. */
    private static final class Sink implements GatheringByteChannel {

        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        private final int most;

        Sink(int most) {
            this.most = most;
        }

        @Override
        public long write(ByteBuffer[] sources, int offset, int length) {
            int left = most;
            for (int i = offset; i < offset + length && left > 0; i++) {
                byte[] some = new byte[Math.min(left, sources[i].remaining())];
                sources[i].get(some);
                taken.writeBytes(some);
                left -= some.length;
            }
            return most - (long) left;
        }

        @Override
        public long write(ByteBuffer[] sources) {
            return write(sources, 0, sources.length);
        }

        @Override
        public int write(ByteBuffer source) {
            return (int) write(new ByteBuffer[] {source});
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
