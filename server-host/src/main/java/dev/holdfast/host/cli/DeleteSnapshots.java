package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.NamedSnapshots;
import dev.holdfast.host.operate.RefusedException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code holdfast snapshots delete}. */
@Command(name = "delete", description = "Remove some for good. The last one stays.", sortOptions = false)
final class DeleteSnapshots implements Callable<Integer> {

    private final SnapshotWay way;

    @Parameters(paramLabel = "NAME", arity = "1..*", description = "Their names, as list prints them.")
    private List<String> names = List.of();

    DeleteSnapshots(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        return way.toEither("delete", true, (source, from) -> {
            ObjectNode json = CommandJson.object();
            json.set("from", from.toJson());
            ArrayNode deleted = json.putArray("deleted");
            for (String typed : names) {
                String name = NamedSnapshots.name(source, typed);
                if (typed.equals(NamedSnapshots.LATEST)) {
                    // Also where it is a tag, which nobody means who says that.
                    throw new RefusedException(
                            "Snapshot " + name + " is not deleted: it is the last one, which the next start restores");
                }
                NamedSnapshots.helping(name, source, () -> {
                    source.delete(name);
                    return name;
                });
                deleted.add(name);
                way.answer("Snapshot \"" + name + "\" deleted");
            }
            way.answer(json);
            return 0;
        });
    }
}
