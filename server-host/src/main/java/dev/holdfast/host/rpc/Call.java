package dev.holdfast.host.rpc;

import dev.holdfast.host.runtime.InvalidInputException;
import java.io.IOException;
import java.util.OptionalLong;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;

/**
 * A call as it was sent: {@code [0, id, method, arguments]}, or {@code [2, method, arguments]}, which is not answered.
 *
 * @param arguments where their array begins
 */
record Call(OptionalLong id, String method, MessageUnpacker arguments) {

    private static final int REQUEST = 0;
    private static final int NOTIFICATION = 2;
    private static final long LARGEST_ID = 0xffff_ffffL;

    /** @throws GarbageException if it is no call */
    static Call read(byte[] bytes) {
        try {
            MessageUnpacker in = MessagePack.newDefaultUnpacker(bytes);
            int fields = in.unpackArrayHeader();
            int type = in.unpackInt();
            if (type == REQUEST && fields == 4) {
                long id = in.unpackLong();
                if (id >= 0 && id <= LARGEST_ID) {
                    return new Call(OptionalLong.of(id), Arguments.textOf(in), in);
                }
            } else if (type == NOTIFICATION && fields == 3) {
                return new Call(OptionalLong.empty(), Arguments.textOf(in), in);
            }
        } catch (IOException | MessagePackException | InvalidInputException e) {
            throw new GarbageException("it is no call: " + e.getMessage());
        }
        throw new GarbageException("it is no call");
    }
}
