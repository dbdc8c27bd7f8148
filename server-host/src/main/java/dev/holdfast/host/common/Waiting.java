package dev.holdfast.host.common;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits for what must be known even by a thread that is interrupted. */
public final class Waiting {

    private Waiting() {}

    /** The result; an interrupt meanwhile is kept for later. */
    public static <T> T uninterruptibly(Future<T> future) throws ExecutionException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return future.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
