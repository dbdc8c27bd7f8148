package dev.holdfast.host.plugins.torchserve;

import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens instead when a plugin for TorchServe wants to end the process; public for the plugin's classes alone, whose
 * calls of {@code exit} and {@code halt} {@link ExitRewriter} leads here.
 *
 * <p>An error, so that what passes over a plugin's exceptions does not pass over this. It is logged where it happens too,
 * because a plugin may catch it, or be on a thread of its own.
 */
@SuppressWarnings("DoNotCallSuggester") // Called by rewritten classes alone.
public final class RefusedExit extends Error {

    private static final long serialVersionUID = 1;

    private static final Logger log = LoggerFactory.getLogger(RefusedExit.class);

    private RefusedExit(String call) {
        super("called " + call + ", which is refused here");
        log.warn(
                "A plugin {}: {}, on thread {}",
                getMessage(),
                caller(),
                Thread.currentThread().getName());
    }

    /** The first line of the stack that is neither this class nor the JDK. */
    private String caller() {
        return Arrays.stream(getStackTrace())
                .filter(frame -> !frame.getClassName().equals(RefusedExit.class.getName())
                        && !frame.getClassName().startsWith("java."))
                .findFirst()
                .map(StackTraceElement::toString)
                .orElse("from nowhere in its own code");
    }

    /** In the place of {@link System#exit}. */
    public static void exit(int status) {
        throw new RefusedExit("System.exit(" + status + ")");
    }

    /** In the place of {@link Runtime#exit}. */
    public static void exit(Runtime runtime, int status) {
        throw new RefusedExit("Runtime.exit(" + status + ")");
    }

    /** In the place of {@link Runtime#halt}. */
    public static void halt(Runtime runtime, int status) {
        throw new RefusedExit("Runtime.halt(" + status + ")");
    }
}
