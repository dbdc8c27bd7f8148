package dev.holdfast.host.plugins;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.slf4j.MDC;

/**
 * What surrounds the code of a plugin while it runs. Libraries that load classes through the thread's context class loader find
 * the plugin's, and log lines name the plugin.
 *
 * @param plugin what stands under {@value #MDC_KEY} in the logging context
 * @param loader the context class loader
 * @param path its jar or directory; empty for what is built in
 */
record PluginContext(String plugin, ClassLoader loader, Optional<Path> path) {

    static final String MDC_KEY = "plugin";

    /**
     * Runs code on this thread, which has no logging context of its own, and leaves the thread as it was.
     *
     * @param loggingContext what the one who asked for it had
     */
    void run(Map<String, String> loggingContext, Runnable body) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        MDC.setContextMap(loggingContext);
        MDC.put(MDC_KEY, plugin);
        try {
            body.run();
        } finally {
            MDC.clear();
            thread.setContextClassLoader(before);
        }
    }

    /** What has gone wrong in the plugin, with the cure where that is known. */
    String told(Throwable failure) {
        return path.flatMap(where -> MissingClass.reason(failure, DropIn.at(where)))
                .orElseGet(failure::toString);
    }

    static Map<String, String> loggingContextOfCaller() {
        Map<String, String> context = MDC.getCopyOfContextMap();
        return context == null ? Map.of() : context;
    }
}
