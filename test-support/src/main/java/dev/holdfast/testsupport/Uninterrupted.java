package dev.holdfast.testsupport;

import java.util.concurrent.CountDownLatch;

/** Code that does not give in to interrupts, as some plugins and engines do not. */
public final class Uninterrupted {

    private Uninterrupted() {}

    /** Waits for a latch whatever comes; an interrupt that came is there afterwards. */
    public static void await(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
