package dev.holdfast.examples.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The bytes are those that the protocol buffers manual gives on its page about the encoding, or follow from it. */
class ProtoMessageTest {

    @Test
    void numberIsAVarintWithItsLowestBitsFirst() {
        assertThat(hex(new ProtoMessage().number(1, 150))).isEqualTo("089601");
    }

    @Test
    void negativeNumberTakesTenBytes() {
        assertThat(hex(new ProtoMessage().number(1, -2))).isEqualTo("08feffffffffffffffff01");
    }

    @Test
    void textGoesAfterItsLength() {
        assertThat(hex(new ProtoMessage().text(2, "testing"))).isEqualTo("120774657374696e67");
    }

    @Test
    void messageIsAFieldOfBytes() {
        ProtoMessage inner = new ProtoMessage().number(1, 150);

        assertThat(hex(new ProtoMessage().message(3, inner))).isEqualTo("1a03089601");
    }

    @Test
    void fieldsFromSixteenOnHaveATagOfTwoBytes() {
        assertThat(hex(new ProtoMessage().number(16, 1))).isEqualTo("800101");
    }

    private static String hex(ProtoMessage message) {
        return HexFormat.of().formatHex(message.toBytes());
    }
}
