package dev.holdfast.host.runtime;

import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateSource;
import java.time.Duration;

/**
 * A model whose requests change it, so that it has a state that must outlive the process.
 *
 * <pre>
 *   requests ─▶ state ── capture() ─▶ chunks, snapshot          chunks ── restore() ─▶ state ── restored() ─▶ requests
 *                 ▲            (a short pause)                   (decoded and checked whole, then swapped)
 *                 └── goes on changing while the capture is read
 * </pre>
 *
 * <p>Safe for use by several threads: requests, captures and a restore may come at once.
 */
public interface StatefulModel extends LoadedModel {

    /** Its memory is what it has learned. */
    @Override
    default boolean mayRest() {
        return false;
    }

    /** How this model writes its state, and the fingerprint of the settings without which it means nothing. */
    StateFormat stateFormat();

    /**
     * What the model has learned, as of one moment that no request straddles. Requests wait while the view is taken, and
     * go on while it is read.
     */
    StateCapture capture();

    /**
     * Takes a stored state in place of its own. All of it is decoded and checked before anything changes: after an
     * exception the model is what it was.
     *
     * @throws dev.holdfast.host.state.StateException if the state is damaged, or not one that this model can take
     * @throws dev.holdfast.sdk.StoreUnavailableException if the store does not answer
     */
    void restore(StateSource source);

    /** Makes anew what is never stored, such as caches and threads; called after a restore and before the next request. */
    default void restored() {}

    /** How often requests have changed the state since the model was loaded; never falls. A restore is no such change. */
    long updates();

    /** When the state is to be stored without being asked for; by default after 1,000 updates or 30 s. */
    default SaveRule saveRule() {
        return SaveRule.DEFAULT;
    }

    /**
     * A state that has changed is stored when either is reached.
     *
     * @param updates since it was stored last; 1 or more
     * @param time since it was stored last; more than none
     */
    record SaveRule(long updates, Duration time) {

        public static final SaveRule DEFAULT = new SaveRule(1000, Duration.ofSeconds(30));

        public SaveRule {
            if (updates < 1 || time.isZero() || time.isNegative()) {
                throw new IllegalArgumentException(
                        "A state is stored after 1 or more updates and some time, not " + updates + " and " + time);
            }
        }
    }
}
