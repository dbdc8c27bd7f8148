package dev.holdfast.host.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signals that tell a process to end, caught before the JVM begins to: once it has, libraries take down what running
 * requests still need. ONNX Runtime frees its environment in a hook of its own, beside every other hook.
 *
 * <p>{@code sun.misc.Signal}, the JDK's only interface to signals, is called by reflection, because javac warns of every use
 * of it and no annotation silences that. A JVM without it, or with {@code -Xrs}, ends by its hooks.
 */
final class StopSignals {

    private static final Logger log = LoggerFactory.getLogger(StopSignals.class);

    private StopSignals() {}

    /**
     * Has each of the signals told, on a thread of its own; one that the process was started to ignore stays ignored.
     *
     * @param told gets the exit code that the signal stands for
     */
    static void handle(IntConsumer told) {
        for (String name : List.of("TERM", "INT", "HUP")) {
            try {
                handle(name, told);
            } catch (ReflectiveOperationException | LinkageError e) {
                log.debug("SIG{} is left to the JVM", name, e);
            }
        }
    }

    private static void handle(String name, IntConsumer told) throws ReflectiveOperationException {
        Class<?> signals = Class.forName("sun.misc.Signal");
        Class<?> handlers = Class.forName("sun.misc.SignalHandler");
        Object signal = signals.getConstructor(String.class).newInstance(name);
        int exitCode = 128 + (int) signals.getMethod("getNumber").invoke(signal);
        InvocationHandler handles = (proxy, method, arguments) -> switch (method.getName()) {
            case "handle" -> {
                told.accept(exitCode);
                yield null;
            }
            case "hashCode" -> System.identityHashCode(proxy);
            case "equals" -> arguments != null && proxy == arguments[0];
            default -> "the host's handler of SIG" + name;
        };
        Object handler = Proxy.newProxyInstance(StopSignals.class.getClassLoader(), new Class<?>[] {handlers}, handles);
        try {
            Object before = signals.getMethod("handle", signals, handlers).invoke(null, signal, handler);
            Object ignored = handlers.getField("SIG_IGN").get(null);
            if (before == ignored) {
                signals.getMethod("handle", signals, handlers).invoke(null, signal, ignored);
            }
        } catch (InvocationTargetException e) {
            // The JVM keeps the signal for itself, or was told to leave signals alone.
            log.debug("SIG{} is left to the JVM", name, e);
        }
    }
}
