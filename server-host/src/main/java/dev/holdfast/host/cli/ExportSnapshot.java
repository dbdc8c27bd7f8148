package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.NamedSnapshots;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.operate.SnapshotFiles;
import dev.holdfast.host.operate.SnapshotFiles.Exported;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.Snapshot;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast snapshots export}. */
@Command(
        name = "export",
        description = "Write one with all that its models have learned into a file.",
        sortOptions = false)
final class ExportSnapshot implements Callable<Integer> {

    static final String STANDARD = "-";

    private final SnapshotWay way;

    @Parameters(index = "0", paramLabel = "NAME", description = "Its name, as list prints it, or latest.")
    private String name = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "The file, or - for standard output.")
    private String file = "";

    @Option(names = "--archives", description = "With the archives of its models, from the model store.")
    private boolean archives;

    @Option(names = "--force", description = "Replace a file that is there.")
    private boolean force;

    ExportSnapshot(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        if (file.equals(STANDARD) && way.arguments().json()) {
            throw new WrongLine("--json and the file - would both go to standard output");
        }
        return way.toStore("export", false, (store, stores) -> {
            Snapshot snapshot = NamedSnapshots.find(store, name);
            Exported exported = export(new SnapshotFiles(store, stores.modelStore(), stores.workflowStore()), snapshot);
            ObjectNode json = CommandJson.object();
            json.set("from", SnapshotWay.from(store).toJson());
            json.set("header", SnapshotJson.header(exported.snapshot().header()));
            json.put("chunks", exported.chunks());
            json.put("files", exported.files());
            way.answer(json);
            String what = "Exported " + exported.snapshot().header().name() + ": "
                    + Sizes.count(exported.chunks(), "chunk")
                    + (archives ? ", " + Sizes.count(exported.files(), "file") + " of archives" : "");
            if (file.equals(STANDARD)) {
                way.say(what);
            } else {
                way.answer(what);
            }
            return 0;
        });
    }

    private Exported export(SnapshotFiles files, Snapshot snapshot) {
        try {
            if (!file.equals(STANDARD)) {
                return files.export(snapshot, archives, way.surroundings().absolute(Path.of(file)), force);
            }
            // Not through the writer of messages, for these are bytes.
            OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 20);
            Exported exported = files.export(snapshot, archives, out);
            out.flush();
            return exported;
        } catch (IOException e) {
            throw new CommandFailure(
                    "Snapshot " + snapshot.header().name() + " cannot be exported to " + file + ": " + OneLine.of(e),
                    e);
        }
    }
}
