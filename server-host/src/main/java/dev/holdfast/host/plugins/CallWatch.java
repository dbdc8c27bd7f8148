package dev.holdfast.host.plugins;

import java.util.function.Supplier;

/**
 * Is told of each call into a drop-in before it begins, so that a call in which the process ends can be named. Called by many
 * threads at once.
 */
@FunctionalInterface
public interface CallWatch {

    /** Watches nothing. */
    CallWatch NONE = call -> () -> {};

    /**
     * A call is about to begin.
     *
     * @param call what is called, such as {@code save of serializer s3 of plugin s3-1.2.jar}
     * @return to be run when it has ended, however it has
     */
    Runnable begins(String call);

    /** Runs a call, and tells of it. */
    default <T> T around(String call, Supplier<T> body) {
        Runnable ended = begins(call);
        try {
            return body.get();
        } finally {
            ended.run();
        }
    }
}
