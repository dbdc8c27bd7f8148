package dev.holdfast.host.runtime.process;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The other side of the wire, for workers in Java: binds a socket, serves one connection, and ends with it. */
public final class WorkerLoop {

    private static final int LARGEST = Integer.MAX_VALUE - 16;

    private WorkerLoop() {}

    /** What answers; called by one thread. */
    public interface Answerer {

        /** @throws RefusedException if it cannot be loaded */
        void load(WorkerLaunch.LoadOrder order);

        /**
         * The answers to a batch, in its order.
         *
         * @throws RefusedException if all of it fails
         */
        List<HandlerAnswer> answer(List<HandlerRequest> requests);
    }

    /** Why there is no answer. */
    public static final class RefusedException extends RuntimeException {

        private static final long serialVersionUID = 1;

        private final int code;

        public RefusedException(int code, String message, Throwable cause) {
            super(message, cause);
            this.code = code;
        }
    }

    /**
     * Serves the host until it closes the connection; where it ends meanwhile, whatever is being done, so does this process.
     *
     * @param socket where the host connects to; the directory lets nobody else in
     */
    public static void serve(Path socket, Answerer answerer) throws IOException {
        DaemonThreads.start("host-watch", WorkerLoop::endWithHost);
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            say(WorkerLaunch.STARTED);
            try (SocketChannel host = listener.accept()) {
                serve(host, new WireReader(host, LARGEST), answerer);
            }
        } catch (EOFException e) {
            // The host needs it no more.
        }
    }

    /** To the host, which reads what this process prints. */
    private static void say(String line) throws IOException {
        new FileOutputStream(FileDescriptor.out).write((line + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    private static void endWithHost() {
        try {
            while (System.in.read() >= 0) {
                // Nothing is said here.
            }
        } catch (IOException e) {
            // As at its end.
        }
        Runtime.getRuntime().halt(1);
    }

    private static void serve(SocketChannel host, WireReader reader, Answerer answerer) throws IOException {
        while (true) {
            WireReader.Order order = reader.order();
            WireWriter reply;
            try {
                if (order.load().isPresent()) {
                    answerer.load(order.load().get());
                    reply = WireWriter.reply(200, "loaded", Map.of());
                } else {
                    Map<String, HandlerAnswer> answers = new LinkedHashMap<>();
                    List<HandlerAnswer> given = answerer.answer(order.requests());
                    for (int i = 0; i < given.size(); i++) {
                        answers.put(order.requests().get(i).id(), given.get(i));
                    }
                    reply = WireWriter.reply(200, "answered", answers);
                }
            } catch (RefusedException e) {
                reply = WireWriter.reply(e.code, String.valueOf(e.getMessage()), Map.of());
            }
            reply.to(host);
        }
    }
}
