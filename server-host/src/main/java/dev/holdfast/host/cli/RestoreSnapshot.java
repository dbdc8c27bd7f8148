package dev.holdfast.host.cli;

import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code holdfast snapshots restore}. */
@Command(
        name = "restore",
        description =
                "Let the running host serve what one holds, with the fewest steps: models that do not differ go on"
                        + " without a failed request. What was served before is saved under a name first. The configuration stays.",
        sortOptions = false)
final class RestoreSnapshot implements Callable<Integer> {

    private final SnapshotWay way;

    @Mixin
    private final SnapshotChoice which = new SnapshotChoice();

    @Option(names = "--yes", description = "Do not ask; needed where there is no terminal to ask on.")
    private boolean yes;

    RestoreSnapshot(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        Instant now = Clock.systemUTC().instant();
        which.check(now);
        RestoreSteps.requireAnswer(way, yes);
        return way.toHost("restore", (api, from) -> {
            RestoreSteps.requireDecided(api);
            String name = which.find(new HostSource(api), now);
            return RestoreSteps.restore(
                    way, api, from, api.manage("GET", "/snapshots/" + HostApi.encode(name) + "/plan"), yes);
        });
    }
}
