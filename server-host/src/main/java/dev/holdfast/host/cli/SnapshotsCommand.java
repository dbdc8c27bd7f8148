package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.EditedSnapshot;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code holdfast snapshots}: the snapshots of a running host or of a store, and how the host stands with its store. */
@Command(
        name = "snapshots",
        description = "Look at the snapshots of the running host or of a store, move them, remove old ones; and how the"
                + " host stands with its store.",
        synopsisSubcommandLabel =
                "list | show | diff | plan | restore | undo | verify | export | import | copy | tag | delete | prune | accept | status | attach",
        sortOptions = false)
final class SnapshotsCommand implements Runnable {

    private final HoldfastCommand holdfast;

    @Mixin
    private final StoreArguments arguments = new StoreArguments();

    @Spec
    private @Nullable CommandSpec spec;

    SnapshotsCommand(HoldfastCommand holdfast) {
        this.holdfast = holdfast;
    }

    /** The command with those below it, which are in classes of their own. */
    static CommandLine line(HoldfastCommand holdfast) {
        SnapshotsCommand snapshots = new SnapshotsCommand(holdfast);
        CommandLine line = new CommandLine(snapshots);
        SnapshotWay way = new SnapshotWay(holdfast.surroundings(), holdfast::logLocation, snapshots.arguments);
        line.addSubcommand(new ListSnapshots(way));
        line.addSubcommand(new ShowSnapshot(way));
        line.addSubcommand(new DiffSnapshots(way));
        line.addSubcommand(new PlanRestore(way));
        line.addSubcommand(new RestoreSnapshot(way));
        line.addSubcommand(new UndoRestore(way));
        line.addSubcommand(new VerifySnapshots(way));
        line.addSubcommand(new ExportSnapshot(way));
        line.addSubcommand(new ImportSnapshot(way));
        line.addSubcommand(new CopySnapshots(way));
        line.addSubcommand(new TagSnapshot(way));
        line.addSubcommand(new DeleteSnapshots(way));
        line.addSubcommand(new PruneSnapshots(way));
        return line;
    }

    @Override
    public void run() {
        throw new ParameterException(
                Objects.requireNonNull(spec).commandLine(),
                "Missing command: list, show NAME, diff NAME NAME, verify, export NAME FILE, import FILE, copy, tag NAME,"
                        + " delete NAME..., prune, plan NAME, restore NAME, undo, accept FILE, status, or attach --take WHAT");
    }

    /** Those of this class go by a host or a file, and an option that does nothing must not seem to do something. */
    private void requireNoStore(String command) {
        if (!arguments.isEmpty()) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(),
                    "snapshots " + command + " takes no options of a store, of a configuration or of output");
        }
    }

    @Command(
            name = "accept",
            description = "Seal a snapshot's file anew that somebody has changed on purpose; needs no host that runs.")
    int accept(@Parameters(paramLabel = "FILE", description = "Where it is.") Path file) {
        requireNoStore("accept");
        PrintWriter out = holdfast.surroundings().out();
        try {
            EditedSnapshot.accept(holdfast.surroundings().absolute(file))
                    .ifPresentOrElse(
                            header -> out.println("Accepted " + file + ": snapshot " + header.name() + " of group "
                                    + header.group() + ", revision " + header.revision() + ", "
                                    + header.modelCount()
                                    + (header.modelCount() == 1 ? " model version" : " model versions")),
                            () -> out.println(file + " is as it was saved: nothing to accept"));
            return 0;
        } catch (NoSuchFileException e) {
            throw new CommandFailure("There is no file " + file, e);
        } catch (IOException e) {
            throw new CommandFailure(file + " cannot be read or written: " + OneLine.of(e), e);
        } catch (SnapshotStoreException e) {
            throw new CommandFailure("Not accepted, and left as it is: " + e.getMessage(), e);
        }
    }

    @Command(name = "status", description = "How the host stands with its store, and what waits for a decision.")
    int status() {
        JsonNode status = api("status").manage("GET", "/snapshots/status");
        PrintWriter out = holdfast.surroundings().out();
        out.printf(
                Locale.ROOT,
                "%s: store %s, group %s, revision %s%s%n",
                status.path("mode").asText(),
                status.path("store").asText(),
                status.path("group").asText(),
                status.path("revision").asText(),
                status.has("lastSnapshot") ? ", " + status.path("lastSnapshot").asText() : "");
        if (status.path("spooled").asInt() > 0) {
            out.println("Waiting on this host: " + status.path("spooled").asInt());
        }
        JsonNode journal = status.path("journal");
        if (journal.path("bytes").asLong() > 0 || journal.path("full").asBoolean()) {
            out.printf(
                    Locale.ROOT,
                    "Journal: %.1f of %d MiB%s%n",
                    journal.path("bytes").asLong() / (1024.0 * 1024),
                    journal.path("limit").asLong() >> 20,
                    journal.path("full").asBoolean() ? ", full" : "");
        }
        side(out, "Newer in the store", status.path("behind"));
        JsonNode divergence = status.path("divergence");
        if (!divergence.isMissingNode()) {
            out.println("Diverged since " + divergence.path("since").asText());
            side(out, "  both follow", divergence.path("base"));
            side(out, "  here", divergence.path("here"));
            side(out, "  in the store", divergence.path("store"));
            divergence.path("differences").forEach(difference -> out.println("  " + difference.asText()));
        }
        status.path("aside").forEach(name -> out.println("Kept aside on this host: " + name.asText()));
        status.path("notices").forEach(notice -> out.println(notice.asText()));
        return 0;
    }

    private static void side(PrintWriter out, String what, JsonNode side) {
        if (!side.isMissingNode()) {
            out.printf(
                    Locale.ROOT,
                    "%s: %s by host %s at %s%s%n",
                    what,
                    side.path("snapshot").asText(),
                    side.path("host").asText(),
                    side.path("createdOn").asText(),
                    side.path("callers").isEmpty()
                            ? ""
                            : ", asked for from "
                                    + String.join(
                                            ", ",
                                            StreamSupport.stream(
                                                            side.path("callers").spliterator(), false)
                                                    .map(JsonNode::asText)
                                                    .toList()));
        }
    }

    /** A value of {@code --take}, spelt as on the command line. */
    enum Take {
        store,
        local,
        merge
    }

    @Command(
            name = "attach",
            description = "End the detachment of a host from its store: go over to the store's last snapshot, make what"
                    + " the host serves the store's next one, or merge both. What loses is kept under a name.")
    int attach(
            @Option(
                            names = "--take",
                            required = true,
                            paramLabel = "store|local|merge",
                            description = "Whose state goes on.")
                    Take take) {
        JsonNode answer = api("attach").manage("POST", "/snapshots/attach?take=" + take);
        holdfast.surroundings().out().println(answer.path("status").asText());
        return 0;
    }

    private HostApi api(String command) {
        requireNoStore(command);
        RunFiles runFiles = new RunFiles(holdfast.surroundings().runDirectory());
        return new HostApi(new HostFinder(runFiles)
                .find(holdfast.logLocation(), "snapshots " + command)
                .orElseThrow(() -> new CommandFailure("Holdfast is not currently running.")));
    }
}
