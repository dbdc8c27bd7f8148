package dev.holdfast.host.crash;

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes which runs of one model version are inside native code. Costs a run a few writes to memory; nothing is forced to
 * the disk. Safe for several threads.
 */
public final class Runs implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Runs.class);

    private static final Run NOT_NOTED = well -> {};

    private final @Nullable WorkFile work;
    private final ModelFile model;
    private final Queue<WorkFile.Slot> idle = new ConcurrentLinkedQueue<>();
    private volatile boolean proven;
    private volatile boolean closed;
    private volatile boolean failed;

    /** One run, until it is told how it ended. */
    public interface Run {
        /** @param well whether the model answered */
        void ended(boolean well);
    }

    Runs(@Nullable WorkFile work, ModelFile model) {
        this.work = work;
        this.model = model;
    }

    /** Runs of a model without native code; nothing is recorded. */
    public static Runs notNoted() {
        return new Runs(null, new ModelFile("", "", "", ""));
    }

    /** Begins a run. */
    public Run begin() {
        if (work == null || failed) {
            return NOT_NOTED;
        }
        WorkFile.Slot slot = idle.poll();
        if (slot == null) {
            try {
                slot = work.slot(model.toLine());
            } catch (IOException | RuntimeException e) {
                failed = true;
                notWritten(e);
                return NOT_NOTED;
            }
        }
        WorkFile.Slot own = slot;
        own.mark((proven ? Phase.RUNNING : Phase.FIRST_RUN).sign());
        return well -> {
            own.rest();
            if (well) {
                proven = true;
            }
            if (closed) {
                own.close();
            } else {
                idle.add(own);
            }
        };
    }

    /** To be called after the last run. */
    @Override
    public void close() {
        closed = true;
        for (WorkFile.Slot slot = idle.poll(); slot != null; slot = idle.poll()) {
            slot.close();
        }
    }

    static void notWritten(Exception e) {
        log.warn("The load record cannot be written: {}", e.toString());
    }
}
