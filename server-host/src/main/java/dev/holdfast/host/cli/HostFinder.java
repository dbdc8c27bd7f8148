package dev.holdfast.host.cli;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Says which running host a command means. */
final class HostFinder {

    private final RunFiles runFiles;

    HostFinder(RunFiles runFiles) {
        this.runFiles = runFiles;
    }

    /**
     * The host of the log location; else the only one of this user, unless the location is meant: the command line or
     * {@code LOG_LOCATION} named it, or a host that was killed has left its note there.
     *
     * @param command what the operator typed, for the cure
     * @return empty if none runs
     * @throws CommandFailure if there are several to choose from
     */
    Optional<RunningHost> find(LogLocation logLocation, String command) {
        Optional<RunningHost> here = runFiles.of(logLocation.directory());
        if (here.isPresent() || logLocation.named() || runFiles.hasNote(logLocation.directory())) {
            return here;
        }
        List<RunningHost> all = runFiles.all();
        if (all.size() > 1) {
            throw new CommandFailure("Several hosts run; choose one with holdfast " + command + " --log-location DIR:\n"
                    + all.stream().map(RunningHost::toLine).collect(Collectors.joining("\n")));
        }
        return all.stream().findFirst();
    }
}
