package dev.holdfast.host.runtime;

/**
 * The process of one worker, which is started again after it has died. One thread starts it, asks it and closes it; the
 * other methods are for any thread.
 */
public interface ModelProcess extends Predictor, AutoCloseable {

    /**
     * Starts a process, which loads the model; what an earlier one left is gone by then.
     *
     * @throws ProcessStartException if it cannot be started, cannot load the model, or not in time, or is
     *     {@linkplain #kill killed}; no process is left then
     */
    void start();

    /** Whether a process runs that can answer. */
    boolean isUp();

    /** Why the process that was up last is no more, in a few words. */
    String ending();

    /** The process that runs, or that ran last. */
    ProcessStatus status();

    /** How many bytes of memory it holds that no other process shares with it; 0 where that is not known. */
    default long ownBytes() {
        return 0;
    }

    /** Ends the process at once; a start that is under way fails. */
    void kill();

    /** Ends the process in order, or after a moment by force. */
    @Override
    void close();
}
