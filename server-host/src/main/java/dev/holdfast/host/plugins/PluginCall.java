package dev.holdfast.host.plugins;

import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One call into a plugin, run in the plugin's context. A result that comes after the call was given up is not lost. */
final class PluginCall<T> extends FutureTask<T> {

    private static final Logger log = LoggerFactory.getLogger(PluginCall.class);

    private static final ThreadLocal<@Nullable PluginCall<?>> running = new ThreadLocal<>();

    private final PluginContext context;
    private final Consumer<T> late;
    private final Map<String, String> loggingContext = PluginContext.loggingContextOfCaller();
    /** The result of a call that was given up; written and read by the thread that runs it. */
    private @Nullable T tooLate;

    /**
     * A call that its caller is about to hand to another thread.
     *
     * @param late takes the result if the call was cancelled before it came
     */
    PluginCall(PluginContext context, Supplier<T> body, Consumer<T> late) {
        super(body::get);
        this.context = context;
        this.late = late;
    }

    /**
     * Whether the caller has stopped waiting for the call that runs on this thread. A plugin may have cleared the interrupt
     * that said so, so code that goes on after a plugin's failure asks here.
     */
    static boolean isGivenUp() {
        PluginCall<?> call = running.get();
        return call != null && call.isCancelled();
    }

    @Override
    public void run() {
        running.set(this);
        try {
            context.run(loggingContext, () -> {
                super.run();
                letGo();
            });
        } finally {
            running.remove();
        }
    }

    /** Called with the result, which a cancelled task drops. */
    @Override
    protected void set(T result) {
        super.set(result);
        if (isCancelled()) {
            tooLate = result;
        }
    }

    /** Runs after the interrupt of a caller that gave up has arrived, so that it cannot hit this code. */
    private void letGo() {
        T result = tooLate;
        tooLate = null;
        if (result == null) {
            return;
        }
        Thread.interrupted();
        try {
            late.accept(result);
        } catch (Throwable e) {
            log.debug("A result of plugin {} that came too late could not be let go of", context.plugin(), e);
        }
    }
}
