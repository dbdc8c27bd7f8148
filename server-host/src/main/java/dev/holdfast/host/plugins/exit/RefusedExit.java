package dev.holdfast.host.plugins.exit;

import dev.holdfast.host.text.OneLine;
import java.lang.StackWalker.StackFrame;
import java.net.URL;
import java.security.CodeSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Thrown when a plugin tries to end the process; public only for the plugins' classes, whose calls of {@code exit} and {@code
 * halt} {@link ExitRewriter} redirects here.
 *
 * <p>An error, so that code that swallows exceptions does not swallow this. It is also logged where it happens, because a
 * plugin may catch it, or throw it on a thread of its own.
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

    /** The first place on the stack that is neither this class nor the JDK, and the jar that has it. */
    private static String caller() {
        return StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
                .walk(frames -> frames.filter(frame -> frame.getDeclaringClass() != RefusedExit.class
                                && !frame.getClassName().startsWith("java.")
                                && !frame.getClassName().startsWith("jdk."))
                        .findFirst())
                .map(frame -> frame.toStackTraceElement() + jar(frame))
                .orElse("from nowhere in its own code");
    }

    private static String jar(StackFrame frame) {
        return Optional.ofNullable(
                        frame.getDeclaringClass().getProtectionDomain().getCodeSource())
                .map(CodeSource::getLocation)
                .map(URL::getPath)
                .map(path -> " of " + OneLine.of(path.substring(path.lastIndexOf('/') + 1)))
                .orElse("");
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

    /** For messages that tell what a failure is. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // getMessage() begins with the call, which other messages quote.
    public String toString() {
        return "it " + getMessage();
    }
}
