package dev.holdfast.host.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code holdfast snapshots undo}. */
@Command(
        name = "undo",
        description =
                "Let the running host go back to before the last restore or change. A second undo takes the first back.",
        sortOptions = false)
final class UndoRestore implements Callable<Integer> {

    private final SnapshotWay way;

    @Option(names = "--yes", description = "Do not ask; needed where there is no terminal to ask on.")
    private boolean yes;

    UndoRestore(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        RestoreSteps.requireAnswer(way, yes);
        return way.toHost("undo", (api, from) -> {
            RestoreSteps.requireDecided(api);
            return RestoreSteps.restore(way, api, from, api.manage("GET", "/snapshots/undo"), yes);
        });
    }
}
