package dev.holdfast.host.cli;

import dev.holdfast.host.operate.NamedSnapshots;
import dev.holdfast.host.operate.SnapshotSource;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import java.time.Instant;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which snapshot a command means: by its name, or by a time. */
final class SnapshotChoice {

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "Its name, as list prints it, or latest.")
    private Optional<String> name = Optional.empty();

    @Option(
            names = "--at",
            paramLabel = "TIME",
            description = "The last one taken at that time or before: 2026-11-21T09:30:00Z, 2026-11-21, or '2h ago'.")
    private Optional<String> at = Optional.empty();

    /**
     * Refuses a line that does not say which, before anything is asked of a host.
     *
     * @throws WrongLine if neither is given, both are, or the time is none
     */
    void check(Instant now) {
        if (name.isPresent() == at.isPresent()) {
            throw new WrongLine("One of the two must be said: the snapshot's NAME, or --at TIME");
        }
        at.ifPresent(time -> PointInTime.parse("--at", time, now));
    }

    /** @throws SnapshotNotFoundException if there is none */
    String find(SnapshotSource source, Instant now) {
        if (at.isEmpty()) {
            return NamedSnapshots.find(source, name.orElseThrow()).header().name();
        }
        Instant time = PointInTime.parse("--at", at.get(), now);
        // The end of a period is not in it.
        ListRequest request = ListRequest.firstPage(1).until(time.plusMillis(1));
        return source.list(request).headers().stream()
                .findFirst()
                .map(SnapshotHeader::name)
                .orElseThrow(() -> none(source, time));
    }

    private static RuntimeException none(SnapshotSource source, Instant time) {
        String none = "No snapshot was taken at " + time + " or before";
        return source.partial()
                .<RuntimeException>map(why -> new CommandFailure(none + " of those that are seen. " + why))
                .orElseGet(() ->
                        new SnapshotNotFoundException(none + "; holdfast snapshots list shows those that there are"));
    }
}
