package dev.holdfast.host.runtime.process;

import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.Header;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What has come of the answer to one request. A handler may give it in pieces, each of which says whether another one follows;
 * they are passed on, or made one answer where who asks can only take a whole one.
 */
final class GatheredAnswer {

    private static final String MORE = "ts_stream_next";

    private final Optional<Consumer<HandlerAnswer>> taker;
    private final int longest;
    private final ByteArrayOutputStream pieces = new ByteArrayOutputStream();
    private @Nullable HandlerAnswer first;
    private @Nullable HandlerAnswer failure;
    private @Nullable HandlerAnswer ended;

    private GatheredAnswer(Optional<Consumer<HandlerAnswer>> taker, int longest) {
        this.taker = taker;
        this.longest = longest;
    }

    /** @param taker given every piece but the last */
    static GatheredAnswer inPieces(Consumer<HandlerAnswer> taker) {
        return new GatheredAnswer(Optional.of(taker), Integer.MAX_VALUE);
    }

    /** @param longest how many bytes all pieces may have together */
    static GatheredAnswer whole(int longest) {
        return new GatheredAnswer(Optional.empty(), longest);
    }

    /** What comes to an end that has none yet. */
    void end(HandlerAnswer last) {
        if (ended == null) {
            ended = last;
        }
    }

    boolean isEnded() {
        return ended != null;
    }

    void add(HandlerAnswer given) {
        boolean more = given.headers().stream()
                .anyMatch(header -> header.name().equals(MORE) && header.value().equals("true"));
        HandlerAnswer piece = withoutMark(given);
        if (taker.isPresent()) {
            pass(piece, more, taker.get());
        } else {
            gather(piece, more);
        }
    }

    private static HandlerAnswer withoutMark(HandlerAnswer given) {
        List<Header> headers = new ArrayList<>(given.headers());
        headers.removeIf(header -> header.name().equals(MORE));
        return new HandlerAnswer(given.status(), given.contentType(), headers, given.body(), given.failed());
    }

    /** After a piece that was too large, nothing can follow: the answer has failed, and what still comes is passed over. */
    private void pass(HandlerAnswer piece, boolean more, Consumer<HandlerAnswer> to) {
        if (failure == null && piece.failed()) {
            failure = piece;
        }
        if (!more) {
            end(failure == null ? piece : failure);
        } else if (failure == null) {
            to.accept(piece);
        }
    }

    private void gather(HandlerAnswer piece, boolean more) {
        if (!more && first == null) {
            end(piece);
            return;
        }
        if (first == null) {
            first = piece;
        }
        byte[] bytes = piece.bytes();
        if (failure == null && piece.failed()) {
            failure = piece;
        } else if (failure == null && pieces.size() + (long) bytes.length > longest) {
            failure = HandlerAnswer.failure(
                    500,
                    "The pieces of the handler's answer are larger than max_response_size, " + longest + " bytes.");
        } else if (failure == null) {
            pieces.writeBytes(bytes);
        }
        if (!more) {
            end(
                    failure == null
                            ? HandlerAnswer.of(
                                    first.status(), first.contentType(), first.headers(), pieces.toByteArray())
                            : failure);
        }
    }

    /** All of the answer, or what comes after the pieces that were passed on. */
    HandlerAnswer answer() {
        return ended == null ? HandlerAnswer.failure(500, "Worker died.") : ended;
    }
}
