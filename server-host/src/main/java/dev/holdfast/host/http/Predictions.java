package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceForm;
import dev.holdfast.host.api.InferenceOperations;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.text.OneLine;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs predictions and answers them when they are done; no thread waits. A prediction is cancelled when its caller goes. */
final class Predictions implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Predictions.class);
    private static final int THREADS = 16;
    private static final Pattern WORD = Pattern.compile("(?:^|_)([a-z])");

    private final InferenceOperations inference;
    private final Callers callers = new Callers();
    private final ExecutorService largeAnswers = DaemonThreads.pool("http-large-answer", THREADS);

    Predictions(InferenceOperations inference) {
        this.inference = inference;
    }

    /** Answers predictions on the model, and the version of it, that the path names. */
    Handler in(Function<Context, InferenceForm<InferenceAnswer>> form) {
        return context -> run(context, RequestNames.model(context), RequestNames.version(context), form.apply(context));
    }

    void run(Context context, String model, Optional<String> version, InferenceForm<InferenceAnswer> form)
            throws IOException {
        CompletableFuture<InferenceAnswer> answer = inference.predict(
                model,
                version,
                form,
                predicted -> {
                    Caller caller = callers.watch(context, () -> predicted.cancel(false));
                    predicted.whenComplete((done, failure) -> callers.answered(caller));
                },
                largeAnswers);
        if (answer.isDone()
                && !answer.isCompletedExceptionally()
                && PiecemealAnswer.of(context).isEmpty()) {
            answer(context, answer.join());
        } else {
            context.future(() -> answer.handle((ready, failure) -> finish(context, ready, failure))
                    .thenCompose(Function.identity()));
        }
    }

    /** Answers; where pieces were sent already, sends the last one, or lets the caller see that it will not come. */
    private static CompletableFuture<Void> finish(
            Context context, @Nullable InferenceAnswer ready, @Nullable Throwable failure) {
        Optional<PiecemealAnswer> pieces = PiecemealAnswer.of(context);
        if (ready != null) {
            if (pieces.isPresent()) {
                return pieces.get().end(ready.body());
            }
            answer(context, ready);
        } else if (pieces.isPresent()) {
            pieces.get().breakOff(OneLine.of(Objects.requireNonNull(failure)));
        } else {
            return CompletableFuture.failedFuture(Objects.requireNonNull(failure));
        }
        return CompletableFuture.completedFuture(null);
    }

    static void answer(Context context, InferenceAnswer answer) {
        begin(context, answer);
        try {
            // Past the library's stream, which asks for each answer whether it should be compressed.
            context.res().getOutputStream().write(answer.body());
        } catch (IOException e) {
            log.debug("The caller has gone before its answer", e);
        }
    }

    /** The status and the headers of an answer. */
    static void begin(Context context, InferenceAnswer answer) {
        HttpServletResponse response = context.res();
        answer.remarks().forEach((name, value) -> context.header(headerName(name), value.toString()));
        answer.headers().forEach(header -> response.setHeader(header.name(), header.value()));
        response.setStatus(answer.status());
        // None where a handler says none: that is what its callers know.
        response.setContentType(answer.contentType().isEmpty() ? null : answer.contentType());
    }

    /** Of a remark: {@code session_new} is {@code Holdfast-Session-New}. */
    private static String headerName(String remark) {
        return "Holdfast"
                + WORD.matcher(remark).replaceAll(word -> "-" + word.group(1).toUpperCase(Locale.ROOT));
    }

    @Override
    public void close() {
        callers.close();
        largeAnswers.shutdown();
    }
}
