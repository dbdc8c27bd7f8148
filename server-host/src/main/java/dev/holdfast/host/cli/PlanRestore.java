package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code holdfast snapshots plan}. */
@Command(
        name = "plan",
        description = "Say what a restore on the running host would do, and do nothing.",
        sortOptions = false)
final class PlanRestore implements Callable<Integer> {

    private final SnapshotWay way;

    @Mixin
    private final SnapshotChoice which = new SnapshotChoice();

    PlanRestore(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        Instant now = Clock.systemUTC().instant();
        which.check(now);
        return way.toHost("plan", (api, from) -> {
            String name = which.find(new HostSource(api), now);
            JsonNode plan = api.manage("GET", "/snapshots/" + HostApi.encode(name) + "/plan");
            ObjectNode json = CommandJson.object();
            json.set("from", from.toJson());
            json.put("snapshot", name);
            RestoreSteps.actions(json, plan);
            way.answer(json);
            RestoreSteps.show(way, plan);
            return 0;
        });
    }
}
