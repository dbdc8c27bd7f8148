package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.Sizes;
import dev.holdfast.host.operate.SnapshotFiles;
import dev.holdfast.host.operate.SnapshotFiles.Imported;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code holdfast snapshots import}. */
@Command(
        name = "import",
        description = "Store what export wrote, after all of it was checked. It becomes the newest of its group.",
        sortOptions = false)
final class ImportSnapshot implements Callable<Integer> {

    private final SnapshotWay way;

    @Parameters(paramLabel = "FILE", description = "The file, or - for standard input.")
    private String file = "";

    @Mixin
    private final AsNewest asNewest = new AsNewest();

    ImportSnapshot(SnapshotWay way) {
        this.way = way;
    }

    @Override
    public Integer call() {
        Path path = way.surroundings().absolute(Path.of(file));
        if (!file.equals(ExportSnapshot.STANDARD) && !Files.exists(path)) {
            throw new CommandFailure(ExitCodes.NOTHING_FOUND, "There is no file " + path);
        }
        return way.toStore("import", true, (store, stores) -> {
            Imported imported = read(new SnapshotFiles(store, stores.modelStore(), stores.workflowStore()), path);
            SnapshotHeader header = imported.snapshot().header();
            ObjectNode json = CommandJson.object();
            json.set("from", SnapshotWay.from(store).toJson());
            json.set("header", SnapshotJson.header(header));
            json.put("new", imported.isNew());
            json.put("chunks", imported.chunks());
            json.put("archives", imported.archives());
            way.answer(json);
            String archives = imported.archives() > 0
                    ? ", and " + Sizes.count(imported.archives(), "archive") + " for the model store"
                    : "";
            String group = "revision " + header.revision() + " of group " + header.group();
            way.answer(
                    imported.isNew()
                            ? "Imported as " + group + ": " + header.name() + ", "
                                    + Sizes.count(imported.chunks(), "chunk") + archives
                            : "Snapshot " + header.name() + " is there already, as " + group
                                    + (imported.chunks() > 0 ? "; chunks that it lacked were added" : "") + archives);
            return 0;
        });
    }

    private Imported read(SnapshotFiles files, Path path) {
        try {
            return file.equals(ExportSnapshot.STANDARD)
                    ? files.importFrom(
                            new FileInputStream(FileDescriptor.in),
                            way.logLocation().resolve("work"),
                            asNewest.allowed())
                    : files.importFrom(path, asNewest.allowed());
        } catch (IOException e) {
            throw new CommandFailure("Nothing was imported from " + file + ": " + SnapshotFiles.why(e), e);
        }
    }
}
