package dev.holdfast.host.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;

class MessageScannerTest {

    private static void random(MessagePacker out, Random random, int depth) throws IOException {
        switch (random.nextInt(depth > 8 ? 9 : 11)) {
            case 0 -> out.packNil();
            case 1 -> out.packBoolean(random.nextBoolean());
            case 2 -> out.packLong(random.nextLong() >> random.nextInt(64));
            case 3 -> out.packFloat(1);
            case 4 -> out.packDouble(1);
            case 5 -> out.packString("x".repeat(random.nextInt(3) == 0 ? random.nextInt(70_000) : random.nextInt(300)));
            case 6 -> {
                byte[] bytes = new byte[random.nextInt(400)];
                out.packBinaryHeader(bytes.length).writePayload(bytes);
            }
            case 7 -> {
                byte[] bytes = new byte[random.nextInt(400)];
                out.packExtensionTypeHeader((byte) 1, bytes.length).writePayload(bytes);
            }
            case 8 -> out.packInt(random.nextInt(200) - 100);
            case 9 -> {
                int size = random.nextInt(random.nextInt(4) == 0 ? 20 : 3);
                out.packArrayHeader(size);
                for (int i = 0; i < size; i++) {
                    random(out, random, depth + 1);
                }
            }
            default -> {
                int size = random.nextInt(4);
                out.packMapHeader(size);
                for (int i = 0; i < 2 * size; i++) {
                    random(out, random, depth + 1);
                }
            }
        }
    }

    /** A message after the other, which arrive in pieces of any size. */
    @Test
    void theEndOfEachMessageIsFoundHoweverItArrives() throws IOException {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            MessageScanner scanner = new MessageScanner(10_000_000);
            ByteBuf arrived = Unpooled.buffer();
            for (int message = 0; message < 3; message++) {
                byte[] bytes;
                try (MessageBufferPacker out = MessagePack.newDefaultBufferPacker()) {
                    out.packArrayHeader(4);
                    for (int i = 0; i < 4; i++) {
                        random(out, random, 1);
                    }
                    bytes = out.toByteArray();
                }
                int sent = 0;
                while (sent < bytes.length) {
                    int count = Math.min(1 + random.nextInt(random.nextBoolean() ? 3 : 5000), bytes.length - sent);
                    arrived.writeBytes(bytes, sent, count);
                    sent += count;
                    assertThat(scanner.scan(arrived))
                            .as("seed %s, message %s, %s of %s bytes", seed, message, sent, bytes.length)
                            .isEqualTo(sent == bytes.length ? bytes.length : -1);
                }
                arrived.skipBytes(bytes.length);
                arrived.discardReadBytes();
            }
        }
    }

    @Test
    void whatFollowsAMessageIsNotOfIt() {
        ByteBuf two = Unpooled.wrappedBuffer(new byte[] {(byte) 0x93, 2, (byte) 0xa0, (byte) 0x90, (byte) 0x93, 2});
        MessageScanner scanner = new MessageScanner(100);

        assertThat(scanner.scan(two)).isEqualTo(4);
        two.skipBytes(4);
        assertThat(scanner.scan(two)).isEqualTo(-1);
    }

    private static void assertRefused(int... bytes) {
        ByteBuf buffer = Unpooled.buffer();
        for (int one : bytes) {
            buffer.writeByte(one);
        }
        assertThatThrownBy(() -> new MessageScanner(1000).scan(buffer)).isInstanceOf(GarbageException.class);
    }

    @Test
    void whatIsTooLongIsRefusedByItsHead() {
        assertRefused(0x94, 0xda, 0x03, 0xe8);
        assertRefused(0x94, 0xdb, 0xff, 0xff, 0xff, 0xff);
        assertRefused(0x94, 0xdc, 0x03, 0xe8);
        assertRefused(0x94, 0xde, 0x02, 0x00);
        assertRefused(0x94, 0xdf, 0xff, 0xff, 0xff, 0xff);
        assertRefused(0x94, 0xc6, 0xff, 0xff, 0xff, 0xff);
        assertRefused(0x94, 0xc9, 0xff, 0xff, 0xff, 0xff);
    }

    @Test
    void whatIsNoMessageIsRefusedByItsFirstByte() {
        for (int type = 0; type < 256; type++) {
            if (type != 0x93 && type != 0x94) {
                assertRefused(type);
            }
        }
        assertRefused(0x94, 0xc1);
    }
}
