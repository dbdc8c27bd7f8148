package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.OperatorStores;
import dev.holdfast.host.operate.HistoryCopy;
import dev.holdfast.host.operate.HistoryCopy.Report;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.operate.StoreGroup;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code holdfast snapshots copy}. */
@Command(
        name = "copy",
        description = "Copy the last one, or more, with what models have learned, from one store to another.",
        sortOptions = false)
final class CopySnapshots implements Callable<Integer> {

    private final SnapshotWay way;

    @Option(
            names = "--from",
            required = true,
            paramLabel = "STORE",
            description = "Where they are: a serializer's name, or a URL as --store takes it.")
    private String from = "";

    @Option(names = "--to", required = true, paramLabel = "STORE", description = "Where they go: the same.")
    private String to = "";

    @Option(
            names = "--to-group",
            paramLabel = "NAME",
            description = "The group that they go to. Default: that which they are of.")
    private Optional<String> toGroup = Optional.empty();

    @Option(names = "--all", description = "All of them.")
    private boolean all;

    @Option(names = "--since", paramLabel = "TIME", description = "Those taken then or later.")
    private Optional<String> since = Optional.empty();

    @Option(names = "--skip-damaged", description = "Leave out those that cannot be read, and say which.")
    private boolean skipDamaged;

    @Mixin
    private final AsNewest asNewest = new AsNewest();

    CopySnapshots(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        if (way.arguments().store().isPresent()) {
            throw new WrongLine("copy takes --from and --to in the place of --store");
        }
        if (all && since.isPresent()) {
            throw new WrongLine("copy takes --all or --since, not both");
        }
        since.ifPresent(text -> ListSnapshots.time("--since", text));
        return way.toStores("copy", this::copy);
    }

    private int copy(OperatorStores stores) {
        try (StoreGroup source = stores.open(Optional.of(from), way.arguments().group());
                StoreGroup target = stores.open(Optional.of(to), toGroup, source.group())) {
            way.requireNoHostBefore(target);
            way.say("From store " + source.store() + ", group " + source.group() + ", to store " + target.store()
                    + ", group " + target.group());
            way.sayWhatWaits(source);
            Report report = copy(new HistoryCopy(
                    source,
                    target,
                    skipDamaged,
                    asNewest.allowed(),
                    count -> way.progress(count + " snapshots copied")));
            way.progressDone();
            answer(source, target, report);
            return report.damaged().isEmpty() ? 0 : 1;
        }
    }

    private Report copy(HistoryCopy copy) {
        if (since.isPresent()) {
            return copy.since(ListSnapshots.time("--since", since.get()));
        }
        return all ? copy.everything() : copy.newest();
    }

    private void answer(StoreGroup source, StoreGroup target, Report report) {
        ObjectNode json = CommandJson.object();
        json.set("from", SnapshotWay.from(source).toJson());
        json.set("to", SnapshotWay.from(target).toJson());
        json.put("selected", report.selected());
        json.put("copied", report.copied());
        json.put("chunks", report.chunks());
        json.put("bytes", report.bytes());
        json.put("firstRevision", report.first());
        json.put("lastRevision", report.last());
        ArrayNode damaged = json.putArray("leftOut");
        report.damaged().forEach(damaged::add);
        way.answer(json);
        report.damaged().forEach(why -> way.answer("Left out " + why));
        way.answer(
                report.copied() == 0
                        ? "Nothing to copy: " + Sizes.count(report.selected(), "snapshot") + " of store "
                                + source.store() + " looked at, and those that can be read are in store "
                                + target.store()
                        : "Copied " + Sizes.count(report.copied(), "snapshot") + " of " + report.selected() + " and "
                                + Sizes.count(report.chunks(), "chunk") + " (" + Sizes.of(report.bytes())
                                + ") from store " + source.store() + " to store " + target.store() + ": revisions "
                                + report.first() + " to " + report.last());
    }
}
