package dev.holdfast.host.cli;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Says which running host a command means. */
record HostFinder(RunFiles runFiles) {

    /**
     * The host of the log location; else the only one of this user, unless the location is meant: the command line or
     * {@code LOG_LOCATION} named it, a host that was killed has left its note there, or its lock is taken.
     *
     * @param command what the operator typed, for the cure
     * @return empty if none runs
     * @throws CommandFailure if there are several to choose from, if the one still starts, or if it cannot be seen from here
     */
    Optional<RunningHost> find(LogLocation logLocation, String command) {
        Optional<RunningHost> here = runFiles.of(logLocation.directory());
        if (here.isPresent()) {
            return here;
        }
        LockFile.holder(logLocation.directory()).ifPresent(process -> {
            throw new CommandFailure("The host with the log location " + logLocation.directory() + " (pid "
                    + process.pid() + ") is not ready yet; try again when it is");
        });
        if (LockFile.isHeldUnseen(logLocation.directory())) {
            throw new CommandFailure(LockFile.unseen(logLocation.directory()));
        }
        if (logLocation.named() || runFiles.hasNote(logLocation.directory())) {
            return Optional.empty();
        }
        List<RunningHost> all = runFiles.all();
        List<RunningHost> unseen = runFiles.unseen();
        if (all.size() + unseen.size() > 1) {
            throw new CommandFailure("Several hosts run; choose one with holdfast " + command + " --log-location DIR:\n"
                    + Stream.concat(
                                    all.stream().map(RunningHost::toLine),
                                    unseen.stream().map(host -> host.toLine() + "  (cannot be seen from here)"))
                            .collect(Collectors.joining("\n")));
        }
        unseen.forEach(host -> {
            throw new CommandFailure(LockFile.unseen(host.logLocation()));
        });
        return all.stream().findFirst();
    }
}
