package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.NamedSnapshots;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.operate.SnapshotCheck;
import dev.holdfast.host.operate.SnapshotCheck.Problem;
import dev.holdfast.host.operate.SnapshotCheck.Report;
import dev.holdfast.host.operate.StoreGroup;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast snapshots verify}. */
@Command(
        name = "verify",
        description = "Read the last one, or those that are named, with every chunk that they need, and check each."
                + " Exit code 1 if anything is damaged or missing.",
        sortOptions = false)
final class VerifySnapshots implements Callable<Integer> {

    private static final int USERS_SHOWN = 3;

    private final SnapshotWay way;

    @Parameters(paramLabel = "NAME", arity = "0..*", description = "Their names, as list prints them.")
    private List<String> names = List.of();

    @Option(names = "--all", description = "Every snapshot of the group.")
    private boolean all;

    VerifySnapshots(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        if (all && !names.isEmpty()) {
            throw new WrongLine("verify takes names or --all, not both");
        }
        return way.toStore("verify", false, (store, stores) -> {
            Report report = report(store);
            if (way.arguments().json()) {
                way.answer(json(store, report));
            } else {
                print(report);
            }
            return report.problems().isEmpty() ? 0 : 1;
        });
    }

    private Report report(StoreGroup store) {
        if (all) {
            return SnapshotCheck.ofAll(store);
        }
        return SnapshotCheck.of(store, names.isEmpty() ? List.of(NamedSnapshots.LATEST) : names);
    }

    private static ObjectNode json(StoreGroup store, Report report) {
        ObjectNode json = CommandJson.object();
        json.set("from", SnapshotWay.from(store).toJson());
        json.put("snapshots", report.snapshots());
        json.put("states", report.states());
        json.put("chunks", report.chunks());
        json.put("bytes", report.bytes());
        ArrayNode problems = json.putArray("problems");
        report.problems().forEach(problem -> {
            ObjectNode one = problems.addObject();
            one.put("what", problem.what());
            ArrayNode by = one.putArray("neededBy");
            problem.neededBy().forEach(by::add);
        });
        return json;
    }

    private void print(Report report) {
        PrintWriter out = way.surroundings().out();
        for (Problem problem : report.problems()) {
            out.println(Screen.coloured(way.surroundings(), Screen.Colour.RED, "WRONG  " + problem.what()));
            List<String> by = problem.neededBy();
            by.stream().limit(USERS_SHOWN).forEach(user -> out.println("       needed by " + user));
            if (by.size() > USERS_SHOWN) {
                out.println("       and by " + (by.size() - USERS_SHOWN) + " more; --json has all");
            }
        }
        way.answer(Sizes.count(report.snapshots(), "snapshot") + ", " + Sizes.count(report.states(), "learned state")
                + ", " + Sizes.count(report.chunks(), "chunk") + " (" + Sizes.of(report.bytes()) + ") read: "
                + (report.problems().isEmpty()
                        ? "all is as it was saved"
                        : Sizes.count(report.problems().size(), "problem")));
    }
}
