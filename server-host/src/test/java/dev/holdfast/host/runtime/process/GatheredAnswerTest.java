package dev.holdfast.host.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.Header;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatheredAnswerTest {

    private static HandlerAnswer piece(int status, String body, String more) {
        return HandlerAnswer.of(
                status,
                "a/b",
                List.of(new Header("ts_stream_next", more), new Header("x", body)),
                body.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void piecesBecomeOneAnswerWithTheHeadOfTheFirstWhereAWholeOneIsWanted() {
        GatheredAnswer gathered = GatheredAnswer.whole(8);

        gathered.add(piece(201, "one", "true"));
        gathered.add(piece(202, "two", "true"));
        assertThat(gathered.isEnded()).isFalse();
        gathered.add(piece(203, "3", "false"));

        assertThat(gathered.isEnded()).isTrue();
        assertThat(gathered.answer().status()).isEqualTo(201);
        assertThat(gathered.answer().headers()).containsExactly(new Header("x", "one"));
        assertThat(gathered.answer().bytes()).asString().isEqualTo("onetwo3");
    }

    @Test
    void piecesThatAreTooLargeTogetherFailAndAreReadToTheirEnd() {
        GatheredAnswer gathered = GatheredAnswer.whole(5);

        gathered.add(piece(200, "one", "true"));
        gathered.add(piece(200, "two", "true"));
        assertThat(gathered.isEnded()).isFalse();
        gathered.add(piece(200, "", "false"));

        assertThat(gathered.answer().failed()).isTrue();
        assertThat(gathered.answer().message())
                .isEqualTo("The pieces of the handler's answer are larger than max_response_size, 5 bytes.");
    }

    @Test
    void whoTakesPiecesGetsAllButTheLast() {
        List<String> taken = new ArrayList<>();
        GatheredAnswer gathered =
                GatheredAnswer.inPieces(piece -> taken.add(new String(piece.bytes(), StandardCharsets.UTF_8)));

        gathered.add(piece(200, "one", "true"));
        gathered.add(piece(200, "two", "false"));

        assertThat(taken).containsExactly("one");
        assertThat(gathered.answer().bytes()).asString().isEqualTo("two");
        assertThat(gathered.answer().headers()).containsExactly(new Header("x", "two"));
    }
}
