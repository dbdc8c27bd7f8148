package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.NamedSnapshots;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast snapshots tag}. */
@Command(
        name = "tag",
        description = "Tag one, so that neither prune nor a host removes it; or take the tag off.",
        sortOptions = false)
final class TagSnapshot implements Callable<Integer> {

    private final SnapshotWay way;

    @Parameters(paramLabel = "NAME", description = "Its name, as list prints it, or latest.")
    private String name = "";

    @ArgGroup(multiplicity = "1")
    private Which which = new Which();

    /** One of the two has to be said. */
    static final class Which {

        @Option(names = "--keep", required = true, description = "It stays.")
        private boolean keep;

        @Option(names = "--no-keep", required = true, description = "It stays no longer than others.")
        @SuppressWarnings("UnusedVariable") // The other one says it.
        private boolean noKeep;
    }

    TagSnapshot(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        return way.toEither("tag", true, (source, from) -> {
            String name = NamedSnapshots.name(source, this.name);
            ObjectNode json = CommandJson.object();
            json.set("from", from.toJson());
            json.put("name", name);
            json.put("kept", which.keep);
            NamedSnapshots.helping(name, source, () -> {
                if (which.keep) {
                    source.keep(name);
                    way.answer("Snapshot " + name + " is kept");
                } else {
                    way.answer("Snapshot " + name
                            + (source.release(name) ? " is not kept any longer" : " was not tagged"));
                }
                return name;
            });
            way.answer(json);
            return 0;
        });
    }
}
