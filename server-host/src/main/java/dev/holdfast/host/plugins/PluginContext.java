package dev.holdfast.host.plugins;

import java.util.Map;
import org.slf4j.MDC;

/**
 * What surrounds the code of a plugin while it runs. Libraries that load classes through the thread's context class loader find
 * the plugin's, and log lines name the plugin.
 *
 * @param plugin what stands under {@value #MDC_KEY} in the logging context
 * @param loader the context class loader
 */
record PluginContext(String plugin, ClassLoader loader) {

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

    static Map<String, String> loggingContextOfCaller() {
        Map<String, String> context = MDC.getCopyOfContextMap();
        return context == null ? Map.of() : context;
    }
}
