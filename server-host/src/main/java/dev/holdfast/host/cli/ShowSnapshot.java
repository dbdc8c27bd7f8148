package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.NamedSnapshots;
import dev.holdfast.host.operate.SnapshotSummary;
import dev.holdfast.sdk.Snapshot;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast snapshots show}. */
@Command(
        name = "show",
        description = "Show one: its header, its models and what they have learned.",
        sortOptions = false)
final class ShowSnapshot implements Callable<Integer> {

    private final SnapshotWay way;

    @Parameters(paramLabel = "NAME", description = "Its name, as list prints it, or latest.")
    private String name = "";

    @Option(names = "--text", description = "Print its text as it is stored.")
    private boolean text;

    ShowSnapshot(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        return way.toEither("show", false, (source, from) -> {
            Snapshot snapshot = NamedSnapshots.find(source, name);
            if (text) {
                way.surroundings().out().print(snapshot.text());
            } else if (way.arguments().json()) {
                ObjectNode json = CommandJson.object();
                json.set("from", from.toJson());
                json.setAll(SnapshotJson.summary(SnapshotSummary.of(snapshot)));
                way.surroundings().out().print(CommandJson.pretty(json));
            } else {
                way.surroundings().out().print(SummaryText.of(SnapshotSummary.of(snapshot)));
            }
            return 0;
        });
    }
}
