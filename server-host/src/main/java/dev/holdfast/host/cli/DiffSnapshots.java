package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.LearnedChunks;
import dev.holdfast.host.operate.NamedSnapshots;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.operate.SnapshotDiff;
import dev.holdfast.host.operate.SnapshotDiff.Line;
import dev.holdfast.host.operate.SnapshotDiff.NewChunks;
import dev.holdfast.host.operate.SnapshotSource;
import dev.holdfast.host.operate.StoreGroup;
import dev.holdfast.sdk.Snapshot;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code holdfast snapshots diff}. */
@Command(
        name = "diff",
        description = "Compare two: models, what they have learned, and the configuration, line by line.",
        sortOptions = false)
final class DiffSnapshots implements Callable<Integer> {

    private final SnapshotWay way;

    @Parameters(index = "0", paramLabel = "NAME", description = "The first one, or latest.")
    private String first = "";

    @Parameters(index = "1", paramLabel = "NAME", description = "The second one, or latest.")
    private String second = "";

    DiffSnapshots(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        return way.toEither("diff", false, (source, from) -> {
            Snapshot one = NamedSnapshots.find(source, first);
            Snapshot other = NamedSnapshots.find(source, second);
            SnapshotDiff diff = of(source, one, other);
            if (way.arguments().json()) {
                ObjectNode json = CommandJson.object();
                json.set("from", from.toJson());
                json.set("first", SnapshotJson.header(one.header()));
                json.set("second", SnapshotJson.header(other.header()));
                json.put("same", diff.isEmpty());
                array(json.putArray("models"), diff.models());
                array(json.putArray("learned"), diff.learned());
                array(json.putArray("config"), diff.config());
                way.answer(json);
            } else {
                print(diff);
            }
            return 0;
        });
    }

    private static SnapshotDiff of(SnapshotSource source, Snapshot one, Snapshot other) {
        Optional<LearnedChunks> learned =
                source instanceof StoreGroup store ? LearnedChunks.of(store) : Optional.empty();
        try {
            NewChunks counting = (before, after) -> learned.flatMap(chunks -> chunks.newChunks(before, after));
            return SnapshotDiff.of(one, other, counting);
        } finally {
            learned.ifPresent(LearnedChunks::close);
        }
    }

    private static void array(ArrayNode array, List<Line> lines) {
        lines.forEach(line -> {
            ObjectNode one = array.addObject();
            one.put("sign", line.sign().name().toLowerCase(Locale.ROOT));
            one.put("what", line.what());
            one.put("how", line.how());
        });
    }

    private void print(SnapshotDiff diff) {
        part("Models", diff.models());
        part("Learned states", diff.learned());
        part("Configuration", diff.config());
        if (!way.arguments().quiet()) {
            way.surroundings()
                    .out()
                    .println(
                            diff.isEmpty()
                                    ? "The two hold the same"
                                    : Sizes.count(diff.models().size(), "difference") + " of models, "
                                            + diff.learned().size() + " of what they have learned, "
                                            + diff.config().size() + " of the configuration");
        }
    }

    private void part(String heading, List<Line> lines) {
        PrintWriter out = way.surroundings().out();
        if (!lines.isEmpty()) {
            out.println(heading);
        }
        lines.forEach(line -> out.println(Screen.coloured(way.surroundings(), colour(line), line.toString())));
    }

    private static Screen.Colour colour(Line line) {
        return switch (line.sign()) {
            case ADDED -> Screen.Colour.GREEN;
            case REMOVED -> Screen.Colour.RED;
            case CHANGED -> Screen.Colour.YELLOW;
        };
    }
}
