package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;

class WholeAnswersTest {

    private final AtomicInteger askedForRoom = new AtomicInteger();

    private String answer(long mostHeld, boolean thereIsRoom) throws Exception {
        WholeAnswers answers = new WholeAnswers(mostHeld, () -> {
            askedForRoom.incrementAndGet();
            return thereIsRoom;
        });
        answers.setHandler(new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) throws Exception {
                for (String piece : new String[] {"one", "two", "three"}) {
                    try (Blocker.Callback blocker = Blocker.callback()) {
                        response.write(false, bytes(piece), blocker);
                        blocker.block();
                    }
                }
                response.write(true, bytes("four"), callback);
                return true;
            }
        });
        Server server = new Server();
        LocalConnector connector = new LocalConnector(server);
        server.addConnector(connector);
        server.setHandler(answers);
        server.start();
        try {
            return connector.getResponse("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        } finally {
            server.stop();
        }
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void piecesGoOutAsOneAnswerOfKnownLength() throws Exception {
        assertThat(answer(100, false)).contains("\r\nContent-Length: 15\r\n").endsWith("\r\n\r\nonetwothreefour");
        assertThat(askedForRoom).hasValue(0);
    }

    @Test
    void whatIsBeyondTheMemorysShareGoesOutPieceByPieceInItsOrder() throws Exception {
        assertThat(answer(7, false)).doesNotContain("Content-Length").endsWith("\r\n\r\nonetwothreefour");
        assertThat(askedForRoom).hasValue(1);
        // There was room, and another answer took it.
        assertThat(answer(0, true)).doesNotContain("Content-Length").endsWith("\r\n\r\nonetwothreefour");
        assertThat(askedForRoom).hasValue(2);
    }
}
