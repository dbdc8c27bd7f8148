package dev.holdfast.plugin.ddb;

import java.time.Duration;

/** The moment at which a call of the host has to end, however many requests it makes; for the thread of that call. */
final class Deadline {

    private long end;

    private Deadline(long end) {
        this.end = end;
    }

    static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos());
    }

    /** One that leaves this much time until the deadline itself. */
    Deadline earlierBy(Duration time) {
        return new Deadline(end - time.toNanos());
    }

    /** Does work that has a limit of its own, and puts off the end by the time that it takes. */
    void outside(Runnable work) {
        long begin = System.nanoTime();
        work.run();
        end += System.nanoTime() - begin;
    }

    Duration left() {
        return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
    }

    boolean isOver() {
        return left().isZero();
    }
}
