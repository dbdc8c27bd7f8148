package dev.holdfast.host.state;

import java.util.regex.Pattern;

/**
 * The format of a state, and the model that it is for: both must match before a state is restored.
 *
 * @param name the format's name, such as {@code random-cut-forest}; matches {@code [a-z][a-z0-9-]{0,62}}
 * @param version of the format, 1 or more; a runtime reads its own and older ones
 * @param fingerprint a digest or a canonical text of those settings of the model without which the state means nothing,
 *     such as its dimensions; at most 200 printable ASCII characters without spaces
 */
public record StateFormat(String name, int version, String fingerprint) {

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
    private static final Pattern FINGERPRINT = Pattern.compile("[!-~]{0,200}");

    public StateFormat {
        require(NAME.matcher(name).matches(), "State format", name, NAME);
        require(version >= 1, "State format version", String.valueOf(version), Pattern.compile("[1-9][0-9]*"));
        require(FINGERPRINT.matcher(fingerprint).matches(), "State fingerprint", fingerprint, FINGERPRINT);
    }

    private static void require(boolean fits, String what, String value, Pattern rule) {
        if (!fits) {
            throw new IllegalArgumentException(what + " '" + value + "' must match " + rule);
        }
    }

    /**
     * Checks that a state of this format can be restored into a model that writes another.
     *
     * @param model what the running model writes
     * @throws StateMismatchException if the names, the versions or the fingerprints do not fit; the message says how
     */
    public void requireFits(StateFormat model) {
        if (!name.equals(model.name)) {
            throw new StateMismatchException(
                    "The state is of the format " + name + ", and the model learns in " + model.name);
        }
        if (version > model.version) {
            throw new StateMismatchException("The state is of version " + version + " of the format " + name
                    + ", and this host reads up to " + model.version + ": it takes a newer Holdfast");
        }
        if (!fingerprint.equals(model.fingerprint)) {
            throw new StateMismatchException("The state was learned by a model with the settings " + fingerprint
                    + ", and this model has " + model.fingerprint);
        }
    }
}
