package dev.holdfast.host.http;

import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.RunningVersion;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;

/**
 * The predictions that run now. A request waits for its answer on its own thread, which was measured to cost no more
 * processor time than an asynchronous answer, and keeps slow callers from holding up a model's workers. So that waiting
 * ones never take all threads, and health can always be asked for, only so many wait at once.
 */
final class Predictions {

    private final Semaphore places;
    private final int most;

    Predictions(int most) {
        this.most = most;
        this.places = new Semaphore(most);
    }

    /**
     * @throws ApiException with 503 if too many wait already
     */
    List<Tensor> run(RunningVersion model, List<Tensor> inputs) {
        if (!places.tryAcquire()) {
            throw new ApiException(
                    503,
                    "ServiceUnavailableException",
                    "This host has " + most + " predictions under way and takes no more. Try again later.");
        }
        try {
            // Bounded: the workers fail what is not answered within the model's response time-out.
            return model.predict(inputs).get();
        } catch (ExecutionException e) {
            throw new CompletionException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiException(503, "ServiceUnavailableException", "This host is stopping.");
        } finally {
            places.release();
        }
    }
}
