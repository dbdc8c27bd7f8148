package dev.holdfast.host.serving;

import dev.holdfast.host.text.OneLine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes what is no longer needed; a failure is logged and undoes nothing. */
final class Closing {

    private static final Logger log = LoggerFactory.getLogger(Closing.class);

    private Closing() {}

    static void quietly(String what, Runnable close) {
        try {
            close.run();
        } catch (RuntimeException | Error e) {
            log.warn("{} could not be let go of, and may stay until the host ends: {}", what, OneLine.of(e));
            log.debug("{} could not be let go of", what, e);
        }
    }
}
