package dev.holdfast.host.http;

import java.time.Duration;

/**
 * What callers of one listener may take of it.
 *
 * @param connections how many there may be at once; 0 for any number
 * @param perAddress how many of them may come from one address; 0 for any number
 * @param head how long the head of a request may take from its first byte on
 * @param body how long a body may take
 * @param leastRate how many bytes of a body must come a second, after {@link #GRACE}; 0 for any rate
 * @param largestBody {@code max_request_size}, in bytes
 * @param answer how long an answer may wait to be taken whole
 */
record CallerLimits(
        int connections,
        int perAddress,
        Duration head,
        Duration body,
        int leastRate,
        int largestBody,
        Duration answer) {

    /** How long a body, or who takes an answer, may be slower than the rate: a connection may stall once. */
    static final Duration GRACE = Duration.ofSeconds(5);

    /** A sentence if a body of which so much has come in a time comes too slowly. */
    String slow(long received, Duration since) {
        if (since.compareTo(body) > 0) {
            return "The request's body did not arrive whole within request_body_timeout, " + body.toSeconds() + " s.";
        }
        boolean trickles = since.compareTo(GRACE) > 0 && received * 1000 < leastRate * since.toMillis();
        return trickles
                ? "The request's body came more slowly than request_least_rate, " + leastRate + " bytes a second."
                : "";
    }
}
