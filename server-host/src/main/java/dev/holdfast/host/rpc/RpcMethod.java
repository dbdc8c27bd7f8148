package dev.holdfast.host.rpc;

import java.io.IOException;
import org.msgpack.core.MessagePacker;

/**
 * A method that clients call.
 *
 * @param turn on which thread it runs
 * @param <M> the kind of model
 */
record RpcMethod<M>(Turn turn, Body<M> body) {

    enum Turn {
        /** It asks the model something and never waits: on the connection's own thread. */
        ASK,
        /** It changes the model, and waits for others that do: the connection's next call waits for it. */
        TEACH,
        /** It reads or writes files: calls that come after it may be answered before. */
        FILE
    }

    /** What a method does. */
    interface Body<M> {

        /**
         * @param in the arguments after the name; taken before anything is done
         * @throws org.msgpack.core.MessagePackException if an argument is missing or of another type
         */
        Reply call(CalledModel<M> model, Arguments in) throws IOException;
    }

    /** Writes the result. */
    interface Reply {
        void to(MessagePacker out) throws IOException;
    }

    static Reply truth(boolean value) {
        return out -> out.packBoolean(value);
    }
}
