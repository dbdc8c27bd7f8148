package dev.holdfast.host.rpc;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;

/** A client as the generated ones of Jubatus are: calls, one after the other or several at once, and what is answered. */
public final class RpcClient implements AutoCloseable {

    private final Socket socket;
    private final MessageUnpacker in;
    private int last;

    public RpcClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(60_000);
        in = MessagePack.newDefaultUnpacker(new BufferedInputStream(socket.getInputStream()));
    }

    /** An answer: error and result, nil as null, arrays as lists, texts as {@link String}. */
    public record Answer(long id, Object error, Object result) {}

    /** A call that failed, with what it was answered. */
    public static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1;
        public final transient Answer answer;

        Failed(Answer answer) {
            super("error " + answer.error() + ", result " + answer.result());
            this.answer = answer;
        }
    }

    /** Calls and waits; the name of the model comes first. */
    public Object call(String method, Object... arguments) {
        List<Object> all = new ArrayList<>(List.of(""));
        all.addAll(List.of(arguments));
        return callPlainly(method, all);
    }

    /** Calls with these arguments, whatever they are. */
    public Object callPlainly(String method, List<?> arguments) {
        try {
            int id = send(method, arguments);
            Answer answer = receive().orElseThrow(() -> new IOException("The server has closed the connection"));
            if (answer.id() != id) {
                throw new IOException("Answer " + answer.id() + " to call " + id);
            }
            if (answer.error() != null) {
                throw new Failed(answer);
            }
            return answer.result();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a call and does not wait. */
    public int send(String method, List<?> arguments) throws IOException {
        int id = ++last;
        send(packed(List.of(0, id, method, arguments)));
        return id;
    }

    public void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    /** The next answer; empty when the server has closed the connection. */
    public Optional<Answer> receive() throws IOException {
        try {
            if (!in.hasNext()) {
                return Optional.empty();
            }
            List<?> answer = (List<?>) plain(in.unpackValue());
            return Optional.of(new Answer((Long) answer.get(1), answer.get(2), answer.get(3)));
        } catch (java.net.SocketException | org.msgpack.core.MessageInsufficientBufferException e) {
            return Optional.empty();
        }
    }

    public static byte[] packed(Object value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MessagePacker out =
                new MessagePack.PackerConfig().withStr8FormatSupport(false).newPacker(bytes)) {
            pack(out, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void pack(MessagePacker out, Object value) throws IOException {
        if (value instanceof List<?> list) {
            out.packArrayHeader(list.size());
            for (Object one : list) {
                pack(out, one);
            }
        } else if (value instanceof String text) {
            out.packString(text);
        } else if (value instanceof byte[] bytes) {
            out.packBinaryHeader(bytes.length).writePayload(bytes);
        } else if (value instanceof Double number) {
            out.packDouble(number);
        } else if (value instanceof Boolean truth) {
            out.packBoolean(truth);
        } else {
            out.packLong(((Number) value).longValue());
        }
    }

    private static Object plain(Value value) {
        if (value.isArrayValue()) {
            return value.asArrayValue().list().stream().map(RpcClient::plain).toList();
        }
        if (value.isMapValue()) {
            Map<Object, Object> map = new LinkedHashMap<>();
            value.asMapValue().map().forEach((key, one) -> map.put(plain(key), plain(one)));
            return map;
        }
        if (value.isStringValue()) {
            return value.asStringValue().asString();
        }
        if (value.isIntegerValue()) {
            return value.asIntegerValue().toLong();
        }
        if (value.isFloatValue()) {
            return value.asFloatValue().toDouble();
        }
        return value.isBooleanValue() ? value.asBooleanValue().getBoolean() : null;
    }

    /** A datum of one text under the key {@code t}. */
    public static List<Object> datum(String text) {
        return List.of(List.of(List.of("t", text)), List.of(), List.of());
    }

    /** Scores by label, of the answer to {@code classify}. */
    public static List<Map<String, Double>> scores(Object answer) {
        List<Map<String, Double>> all = new ArrayList<>();
        for (Object one : (List<?>) answer) {
            Map<String, Double> scores = new LinkedHashMap<>();
            for (Object score : (List<?>) one) {
                scores.put((String) ((List<?>) score).get(0), (Double) ((List<?>) score).get(1));
            }
            all.add(scores);
        }
        return all;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
