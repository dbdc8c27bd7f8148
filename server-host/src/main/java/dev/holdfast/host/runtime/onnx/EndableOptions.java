package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.holdfast.host.runtime.InferenceException;

/** Options of runs that another thread can tell to end, also when they are closed already. */
class EndableOptions implements AutoCloseable {

    private final OrtSession.RunOptions options = new OrtSession.RunOptions();
    /** Guarded by this: the library would use the options after they are freed. */
    private boolean closed;

    EndableOptions() throws OrtException {}

    OrtSession.RunOptions options() {
        return options;
    }

    final synchronized void end() {
        if (!closed) {
            try {
                options.setTerminate(true);
            } catch (OrtException e) {
                throw new InferenceException("A run cannot be told to end: " + e.getMessage(), e);
            }
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        options.close();
    }
}
