package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.OrtException;
import dev.holdfast.host.runtime.InferenceException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The runs of a session that are under way, by their threads, so that others can end them. ONNX Runtime looks at the flag
 * between two operations, and between two rounds of a loop.
 *
 * <p>Each run has options of its own, which takes less than a tenth of a microsecond: a flag that was set stays set, and would
 * end the next run too. Safe for use by several threads.
 */
final class OnnxRuns {

    private final Map<Thread, Run> underWay = new ConcurrentHashMap<>();

    /** One run, from before it begins until after it has ended. */
    final class Run extends EndableOptions {

        private Run() throws OrtException {}

        @Override
        public synchronized void close() {
            underWay.remove(Thread.currentThread());
            super.close();
        }
    }

    /**
     * Begins a run of this thread, which closes it.
     *
     * @throws InferenceException if the thread was told to end before
     */
    Run begin() throws OrtException {
        Run run = new Run();
        underWay.put(Thread.currentThread(), run);
        // In this order: whoever sets the flag after this finds the run.
        if (Thread.currentThread().isInterrupted()) {
            run.close();
            throw new InferenceException("The run was told to end before it began");
        }
        return run;
    }

    /** Tells the run of a thread to end, if it has one. */
    void end(Thread thread) {
        Run run = underWay.get(thread);
        if (run != null) {
            run.end();
        }
    }
}
