package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceModel;
import dev.holdfast.host.api.ModelAnswer;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import io.javalin.http.Context;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Runs predictions and answers them when they are done; no thread waits for one. What nobody waits for any more is withdrawn.
 *
 * <p>The model's worker itself writes a small answer: measured, that takes a quarter less processor time than waking up a
 * thread that waited. A small answer fits into the socket's buffer, so that the worker never waits for the caller. A large
 * one might not, and is left to threads of its own.
 */
final class Predictions implements AutoCloseable {

    /** In JSON some tens of kilobytes. */
    private static final int MOST_ELEMENTS = 2_048;

    private static final int MOST_BYTES = 32_768;

    private static final int THREADS = 16;
    private static final Pattern WORD = Pattern.compile("(?:^|_)([a-z])");

    private final Callers callers = new Callers();
    private final ExecutorService largeAnswers = DaemonThreads.pool("http-large-answer", THREADS);

    /**
     * @param answer puts the outputs into the response, which has what the answer says of itself in its headers already
     */
    void run(Context context, InferenceModel model, List<Tensor> inputs, Consumer<ModelAnswer> answer) {
        ModelSignature signature = model.signature();
        // Bounded: the workers fail what is not answered within the model's response time-out.
        CompletableFuture<List<Tensor>> outputs = model.predict(inputs, predicted -> {
            Caller caller = callers.watch(context, () -> predicted.cancel(false));
            predicted.whenComplete((done, failure) -> callers.answered(caller));
        });
        Consumer<List<Tensor>> give = given -> {
            ModelAnswer whole = ModelAnswer.of(signature, given);
            headers(whole.remarks()).forEach(context::header);
            answer.accept(whole);
        };
        if (outputs.isDone() && !outputs.isCompletedExceptionally() && isSmall(outputs.join())) {
            give.accept(outputs.join());
        } else {
            context.future(() -> answered(outputs, give, largeAnswers));
        }
    }

    /** The remarks as headers: {@code session_new} is {@code Holdfast-Session-New}. */
    private static Map<String, String> headers(Map<String, Object> remarks) {
        Map<String, String> headers = new LinkedHashMap<>();
        remarks.forEach((name, value) -> headers.put(
                "Holdfast"
                        + WORD.matcher(name)
                                .replaceAll(word -> "-" + word.group(1).toUpperCase(Locale.ROOT)),
                value.toString()));
        return headers;
    }

    /**
     * Completes once the outputs are in the response; the completing thread sends it.
     *
     * <p>For a large answer that is a thread of {@code large}, whichever of the two is faster. A stage that is composed of two
     * futures would not see to that: where the second one has ended already, the worker goes on with what waits.
     */
    static CompletableFuture<Void> answered(
            CompletableFuture<List<Tensor>> outputs, Consumer<List<Tensor>> answer, Executor large) {
        CompletableFuture<Void> answered = new CompletableFuture<>();
        outputs.whenComplete((done, failure) -> {
            if (failure != null) {
                answered.completeExceptionally(failure);
                return;
            }
            try {
                Executor thread = isSmall(done) ? Runnable::run : large;
                thread.execute(() -> complete(answered, () -> answer.accept(done)));
            } catch (RejectedExecutionException e) {
                answered.completeExceptionally(e);
            }
        });
        return answered;
    }

    private static void complete(CompletableFuture<Void> answered, Runnable answer) {
        try {
            answer.run();
        } catch (RuntimeException | Error e) {
            answered.completeExceptionally(e);
            return;
        }
        answered.complete(null);
    }

    private static boolean isSmall(List<Tensor> outputs) {
        long elements = 0;
        long bytes = 0;
        for (Tensor output : outputs) {
            elements += output.count();
            if (output.elements() instanceof byte[][] texts) {
                for (byte[] text : texts) {
                    bytes += text.length;
                }
            }
        }
        return elements <= MOST_ELEMENTS && bytes <= MOST_BYTES;
    }

    @Override
    public void close() {
        callers.close();
        largeAnswers.shutdown();
    }
}
