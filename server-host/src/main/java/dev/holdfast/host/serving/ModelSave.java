package dev.holdfast.host.serving;

import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.text.OneLine;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * What a model had learned when an operator saved it under an id.
 *
 * @param version the version that was saved
 * @param savedOn in milliseconds
 */
public record ModelSave(String version, StateReference state, Instant savedOn) {

    /** How many saves of one id are kept: the last one, and the one that it took the place of. */
    public static final int GENERATIONS = 2;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}");

    /** The name of the format in which the state is written. */
    public String format() {
        return state.format().name();
    }

    /** How large the state is. */
    public long bytes() {
        return state.bytes();
    }

    /**
     * Checks an id.
     *
     * @throws ServingException if it breaks the rule
     */
    public static String checkId(String id) {
        if (!ID.matcher(id).matches()) {
            throw new ServingException(
                    ServingException.Kind.BAD_REQUEST, "Save id '" + OneLine.name(id) + "' must match " + ID + ".");
        }
        return id;
    }
}
