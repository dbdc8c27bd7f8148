package dev.holdfast.host.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Journals for the tests of other rooms, which fail where these say so. */
public final class JournalWithFaults {

    private JournalWithFaults() {}

    /** Is told of each step on the disk before it is done, and may let it fail. */
    public interface Fault {
        void before(String step, Path file) throws IOException;
    }

    /** The journal of group {@code default} in store {@code ddb}, with a small reserve. */
    public static Journal open(Path logLocation, long maxBytes, Fault fault) {
        return Journal.open(
                logLocation,
                "ddb",
                "default",
                maxBytes,
                header -> Optional.empty(),
                (step, file) -> fault.before(step.name(), file),
                16 * 1024);
    }
}
