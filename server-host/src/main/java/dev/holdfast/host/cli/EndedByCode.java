package dev.holdfast.host.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Finds out, while the process ends, which code has called {@code exit}; a signal leaves no such call. */
final class EndedByCode {

    private static final List<String> OF_THE_JDK = List.of("java.", "jdk.", "sun.");
    private static final String OURS = "dev.holdfast.host.";

    private EndedByCode() {}

    /**
     * The place of the call, for a message; empty if there was none, or it was this program's own. Works only in a shutdown
     * hook, because the thread that called {@code exit} waits for the hooks.
     */
    static Optional<String> find() {
        for (Map.Entry<Thread, StackTraceElement[]> thread :
                Thread.getAllStackTraces().entrySet()) {
            List<StackTraceElement> stack = Arrays.asList(thread.getValue());
            if (stack.stream().anyMatch(EndedByCode::isExit)) {
                return stack.stream()
                        .filter(frame -> OF_THE_JDK.stream().noneMatch(frame.getClassName()::startsWith))
                        .findFirst()
                        .filter(frame -> !frame.getClassName().startsWith(OURS))
                        .map(frame -> frame + " on thread " + thread.getKey().getName() + " called exit");
            }
        }
        return Optional.empty();
    }

    private static boolean isExit(StackTraceElement frame) {
        return frame.getClassName().equals("java.lang.Runtime")
                && frame.getMethodName().equals("exit");
    }

    /** Runs code that calls plugins; if a plugin ends the process meanwhile, prints which code did. */
    static <T> T telling(PrintWriter err, Supplier<T> body) {
        Thread hook = new Thread(
                () -> find().ifPresent(who -> {
                    err.println("A plugin ends the process: " + who);
                    err.flush();
                }),
                "who ends the process");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return body.get();
        } finally {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The process ends, and the hook has run.
            }
        }
    }
}
