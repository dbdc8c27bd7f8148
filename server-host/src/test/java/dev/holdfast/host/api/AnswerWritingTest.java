package dev.holdfast.host.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which thread sends an answer: this one is the model's worker, which must not wait for a caller that does not read. */
class AnswerWritingTest {

    /** A thread that is faster than the one that starts it. */
    private static final Executor FAST = task -> {
        Thread thread = new Thread(task, "large");
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    };

    private static List<Tensor> outputs(int elements) {
        return List.of(new Tensor("y", TensorType.FP32, new long[] {elements}, new float[elements]));
    }

    @ParameterizedTest
    @CsvSource({"2048, worker", "2049, large"})
    void aLargeAnswerIsSentByAThreadOfItsOwn(int elements, String expected) throws Exception {
        CompletableFuture<List<Tensor>> outputs = new CompletableFuture<>();
        AtomicReference<String> sender = new AtomicReference<>();
        CompletableFuture<Void> sent = AnswerWriting.write(outputs, List::size, FAST)
                .thenRun(() -> sender.set(Thread.currentThread().getName()));

        Thread worker = new Thread(() -> outputs.complete(outputs(elements)), "worker");
        worker.start();
        worker.join();

        sent.join();
        assertThat(sender).hasValue(expected);
    }

    @Test
    void whatFailsOnTheWayEndsTheRequestToo() {
        IllegalStateException failure = new IllegalStateException("no");

        assertThatThrownBy(AnswerWriting.write(CompletableFuture.failedFuture(failure), List::size, FAST)::join)
                .isInstanceOf(CompletionException.class)
                .hasCause(failure);
        for (int elements : new int[] {1, 5000}) {
            CompletableFuture<List<Tensor>> outputs = CompletableFuture.completedFuture(outputs(elements));
            assertThatThrownBy(AnswerWriting.write(
                            outputs,
                            done -> {
                                throw failure;
                            },
                            FAST)::join)
                    .hasCause(failure);
        }
        CompletableFuture<List<Tensor>> outputs = CompletableFuture.completedFuture(outputs(5000));
        Executor closed = task -> {
            throw new RejectedExecutionException("closed");
        };
        assertThatThrownBy(AnswerWriting.write(outputs, List::size, closed)::join)
                .hasCauseInstanceOf(RejectedExecutionException.class);
    }
}
