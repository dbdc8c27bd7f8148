package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.Pruning;
import dev.holdfast.host.operate.Sizes;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code holdfast snapshots prune}. */
@Command(
        name = "prune",
        description = "Say which a rule does not keep, and remove them with --yes. What was saved under a name or is"
                + " tagged, and the last one, always stay.",
        sortOptions = false)
final class PruneSnapshots implements Callable<Integer> {

    private static final String NONE = "0";

    private final SnapshotWay way;

    @Option(names = "--keep", paramLabel = "N", defaultValue = NONE, description = "The newest N stay.")
    private int keep;

    @Option(
            names = "--keep-days",
            paramLabel = "N",
            defaultValue = NONE,
            description = "Those that are younger than N days stay.")
    private int keepDays;

    @Option(
            names = "--keep-daily",
            paramLabel = "N",
            defaultValue = NONE,
            description = "The last one of each of the last N days stays, too.")
    private int keepDaily;

    @Option(names = "--yes", description = "Remove them; without it nothing is removed.")
    private boolean yes;

    PruneSnapshots(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        requireNotNegative("--keep", keep);
        requireNotNegative("--keep-days", keepDays);
        requireNotNegative("--keep-daily", keepDaily);
        if (keep == 0 && keepDays == 0) {
            throw new WrongLine(
                    "prune needs a rule of what stays: --keep N or --keep-days N, above 0; --keep-daily N goes beside"
                            + " one of them");
        }
        return way.toEither("prune", yes, (source, from) -> {
            source.partial().ifPresent(why -> {
                throw new CommandFailure("Nothing is removed. " + why);
            });
            Pruning found = Pruning.find(
                    source, keep, keepDays, keepDaily, Clock.systemUTC().instant());
            int removed = yes ? found.removeFrom(source) : 0;
            ObjectNode json = CommandJson.object();
            json.set("from", from.toJson());
            json.put("removed", yes);
            json.put("bytes", found.bytes());
            ArrayNode snapshots = json.putArray("snapshots");
            found.remove().forEach(header -> snapshots.add(SnapshotJson.header(header)));
            way.answer(json);
            tell(found, removed);
            return 0;
        });
    }

    private void tell(Pruning found, int removed) {
        if (found.remove().isEmpty()) {
            way.answer("Nothing to remove");
        } else if (yes) {
            way.answer("Removed " + removed + " of " + found.days() + ": " + Sizes.of(found.bytes())
                    + " of text. Chunks that no snapshot needs any more go within an hour of a host's run");
        } else {
            way.answer("Would remove " + found.days() + ": " + Sizes.of(found.bytes()) + " of text");
        }
        way.answer("What stays: " + found.stays());
        if (!yes && !found.remove().isEmpty()) {
            way.answer("To remove them: the same with --yes");
        }
    }

    private static void requireNotNegative(String option, int value) {
        if (value < 0) {
            throw new WrongLine(option + " '" + value + "' must be 0 or more");
        }
    }
}
