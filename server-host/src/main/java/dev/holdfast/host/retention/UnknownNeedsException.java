package dev.holdfast.host.retention;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** It is unknown which chunks some snapshots need, so no chunk can be removed; the message says why. */
public final class UnknownNeedsException extends RuntimeException {

    private static final long serialVersionUID = 1;
    private static final int MOST_NAMED = 10;

    /** @param snapshots the names of the snapshots, by the reason */
    UnknownNeedsException(Map<String, ? extends Collection<String>> snapshots) {
        super("No chunk is removed, because it cannot be told what these snapshots need: "
                + some(
                        snapshots.entrySet().stream()
                                .map(entry -> some(entry.getValue(), ", ") + " (" + entry.getKey() + ")")
                                .toList(),
                        "; ")
                + ". Bring back what is missing, or give these snapshots up: holdfast snapshots delete NAME...");
    }

    private UnknownNeedsException(String message) {
        super(message);
    }

    /** So many are there, and another number was read. */
    static UnknownNeedsException miscounted(long counted, long read) {
        return new UnknownNeedsException("No chunk is removed, because the store counts " + counted
                + (counted == 1 ? " snapshot" : " snapshots") + " of the group and " + read
                + (read == 1 ? " was" : " were") + " read: "
                + (read < counted
                        ? "what it does not list may need any chunk. If this is said again and again, look for what"
                                + " it leaves out: an entry without a readable header, an index that lacks columns"
                        : "its count is wrong and proves nothing. If this is said again and again, mend the count"));
    }

    private static String some(Collection<String> all, String separator) {
        List<String> named = new ArrayList<>(all);
        if (named.size() <= MOST_NAMED) {
            return String.join(separator, named);
        }
        return String.join(separator, named.subList(0, MOST_NAMED)) + " and " + (named.size() - MOST_NAMED) + " more";
    }
}
