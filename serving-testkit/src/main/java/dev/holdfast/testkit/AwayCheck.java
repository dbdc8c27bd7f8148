package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Calls into a serializer while its store is out of reach: each ends in time, and says so or gives the right answer.
 *
 * @param limit what one call may take
 */
record AwayCheck(Outage outage, Duration limit) {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** A call that reads; where it gives anything it is this. */
    void expect(String method, Callable<?> call, Object right) throws Exception {
        Object given;
        try {
            given = inTime(method, call);
        } catch (StoreUnavailableException e) {
            return;
        } catch (Exception e) {
            throw new AssertionError(
                    method + " while the store " + outage
                            + " must throw StoreUnavailableException, for nobody can tell what"
                            + " is there; it throws " + OneLineReason.of(e),
                    e);
        }
        assertThat(given)
                .as(
                        "what %s gives while the store %s: where it cannot be read that is a StoreUnavailableException;"
                                + " \"nothing there\" would start a host with no models",
                        method, outage)
                .isEqualTo(right);
    }

    /** A call that writes. Whether it has ended well. */
    boolean written(String method, Callable<?> call) throws Exception {
        try {
            inTime(method, call);
            return true;
        } catch (StoreUnavailableException e) {
            return false;
        } catch (Exception e) {
            throw new AssertionError(
                    method + " while the store " + outage + " must throw StoreUnavailableException; it throws "
                            + OneLineReason.of(e),
                    e);
        }
    }

    /** On a thread of its own, which is left behind if it hangs. */
    private <T> T inTime(String method, Callable<T> call) throws Exception {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = new Thread(task, "contract-" + method);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            return fail(
                    "%s while the store %s has not ended within %s ms: give the client time-outs of its own, for"
                            + " connecting and for every answer",
                    method, outage, limit.toMillis());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        }
    }

    /**
     * Calls until the store is there: time-outs that are short for an outage are too short for a machine that is busy, and a
     * pool may take a while to find out that the store is back.
     */
    static <T> T patiently(Callable<T> call) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return call.call();
            } catch (StoreUnavailableException e) {
                if (System.nanoTime() > end) {
                    throw new AssertionError(
                            "The store can be reached, and the serializer has said otherwise for "
                                    + PATIENCE.toSeconds() + " s: " + OneLineReason.of(e),
                            e);
                }
            }
            LockSupport.parkNanos(20_000_000);
        }
    }
}
