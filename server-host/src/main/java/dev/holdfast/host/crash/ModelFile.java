package dev.holdfast.host.crash;

import dev.holdfast.host.text.ModelNames;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A version of a model and the content that it is loaded from: what can be under suspicion.
 *
 * @param archive the archive's file name in the model store
 * @param sha256 of the archive; empty if it is not known yet
 */
public record ModelFile(String model, String version, String archive, String sha256) {

    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}|");

    /** The fields in a line; the rule for names leaves no tab in them. */
    String toLine() {
        return String.join("\t", model, version, archive, sha256);
    }

    /** Empty if the fields are not what {@link #toLine} writes: a damaged file accuses nobody. */
    static Optional<ModelFile> of(List<String> fields) {
        boolean whole = fields.size() == 4
                && ModelNames.isAllowed(fields.get(0))
                && ModelNames.isAllowed(fields.get(1))
                && ModelNames.isSafe(fields.get(2))
                && DIGEST.matcher(fields.get(3)).matches();
        return whole
                ? Optional.of(new ModelFile(fields.get(0), fields.get(1), fields.get(2), fields.get(3)))
                : Optional.empty();
    }

    /** Whether both are the same version with the same content; an unknown content counts as the same. */
    boolean isSame(ModelFile other) {
        return model.equals(other.model)
                && version.equals(other.version)
                && (sha256.equals(other.sha256) || sha256.isEmpty() || other.sha256.isEmpty());
    }

    /** Whether a thread of this name loads or runs this version, by the names that the serving room gives its threads. */
    boolean isWorkOf(String thread) {
        String name = model + "-" + version;
        return thread.equals("load-" + name)
                || (thread.startsWith("worker-" + name + "-")
                        && thread.substring(("worker-" + name + "-").length())
                                .chars()
                                .allMatch(c -> c >= '0' && c <= '9'));
    }

    @Override
    public String toString() {
        return "model " + model + " version " + version;
    }
}
