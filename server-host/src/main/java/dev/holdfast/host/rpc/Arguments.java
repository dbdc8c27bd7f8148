package dev.holdfast.host.rpc;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.text.Utf8;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageTypeException;
import org.msgpack.core.MessageUnpacker;

/**
 * The arguments of a call, taken one after the other. One that is missing or of another type is a {@link MessagePackException};
 * those that nobody takes are passed over.
 */
final class Arguments {

    private final MessageUnpacker in;
    private int left;

    /** @param in where the array of the arguments begins */
    Arguments(MessageUnpacker in) throws IOException {
        this.in = in;
        this.left = in.unpackArrayHeader();
    }

    private void take() {
        if (left-- <= 0) {
            throw new MessageTypeException("An argument is missing");
        }
    }

    String text() throws IOException {
        take();
        return textOf(in);
    }

    /** Takes a list, each of whose values is read by itself. */
    <T> List<T> list(Read<T> each) throws IOException {
        take();
        return listOf(in, each);
    }

    /** Reads one value, whatever it consists of. */
    interface Read<T> {
        T from(MessageUnpacker in) throws IOException;
    }

    static <T> List<T> listOf(MessageUnpacker in, Read<T> each) throws IOException {
        int count = in.unpackArrayHeader();
        List<T> all = new ArrayList<>(Math.min(count, 64));
        for (int i = 0; i < count; i++) {
            all.add(each.from(in));
        }
        return all;
    }

    /** A text, also of the types that old clients and those of Python have for it. */
    static String textOf(MessageUnpacker in) throws IOException {
        int length =
                in.getNextFormat().getValueType().isBinaryType() ? in.unpackBinaryHeader() : in.unpackRawStringHeader();
        try {
            return Utf8.decode(in.readPayload(length));
        } catch (CharacterCodingException e) {
            throw new InvalidInputException("a text is not UTF-8", e);
        }
    }

    /** A number, which may be a whole one. */
    static double numberOf(MessageUnpacker in) throws IOException {
        return in.getNextFormat().getValueType().isIntegerType()
                ? in.unpackBigInteger().doubleValue()
                : in.unpackDouble();
    }

    /** Passes over what a struct has beyond the fields that are known. */
    static void skip(MessageUnpacker in, int fields) throws IOException {
        if (fields > 0) {
            in.skipValue(fields);
        }
    }

    /** The beginning of a pair, which has exactly two values. */
    static void pair(MessageUnpacker in) throws IOException {
        if (in.unpackArrayHeader() != 2) {
            throw new MessageTypeException("A pair has two values");
        }
    }
}
