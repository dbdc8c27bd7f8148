package dev.holdfast.host.serving;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a model version has done since it was loaded here for the first time.
 *
 * @param lastMillis when it last ran, in milliseconds since 1970; 0 for never
 * @param success requests that were answered, from their arrival to the end of their run
 * @param fail those that were taken and failed, also those that never ran
 * @param queue how long those that were answered waited for their run
 * @param run how long their runs took
 * @param batches the runs of each size of batch, by it
 */
public record InferenceStatistics(
        long lastMillis, Times success, Times fail, Times queue, Times run, SortedMap<Integer, Times> batches) {

    /** Of a version that was not asked yet. */
    public static final InferenceStatistics NONE =
            new InferenceStatistics(0, Times.NONE, Times.NONE, Times.NONE, Times.NONE, new TreeMap<>());

    /** How many there were, and how long all of them took together. */
    public record Times(long count, long nanos) {

        static final Times NONE = new Times(0, 0);
    }

    /** How often the model has run. */
    public long runs() {
        return batches.values().stream().mapToLong(Times::count).sum();
    }
}
