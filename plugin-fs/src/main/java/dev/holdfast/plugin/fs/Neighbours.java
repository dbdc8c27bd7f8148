package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * What lies beside a group that has no snapshot: snapshots of other groups, and copies under other names. An operator who
 * expects some there is told where they are; a failure to look is no obstacle.
 */
final class Neighbours {

    private static final Logger LOG = System.getLogger(FsSnapshotSerializer.class.getName());
    /** Enough to see of what kind a directory is. */
    private static final int LOOKED_AT = 100;

    private Neighbours() {}

    static void tell(Path directory, String group) {
        try {
            for (Path copy : files(directory)) {
                SnapshotHeader header = SnapshotFile.of(copy, group).header();
                if (header != null) {
                    LOG.log(
                            Level.WARNING,
                            "{0} is a copy of snapshot {1} of group {2}, and so none of group {3}: files are known by their"
                                    + " names. To start from it: --snapshot {0}",
                            copy,
                            header.name(),
                            header.group(),
                            group);
                    break;
                }
            }
            tellOfGroups(directory, group);
        } catch (IOException | DirectoryIteratorException e) {
            LOG.log(Level.DEBUG, "What lies beside {0} could not be looked at: {1}", directory, e);
        }
    }

    private static void tellOfGroups(Path directory, String group) throws IOException {
        Path base = group.equals("default") ? directory : directory.getParent();
        if (base == null || !Files.isDirectory(base)) {
            return;
        }
        TreeSet<String> others = new TreeSet<>();
        if (!group.equals("default") && holdsSome(base, "default")) {
            others.add("default");
        }
        for (Path below : entries(base)) {
            String name = String.valueOf(below.getFileName());
            if (!name.equals(group)
                    && !name.startsWith(".")
                    && Files.isDirectory(below, LinkOption.NOFOLLOW_LINKS)
                    && holdsSome(below, name)) {
                others.add(name);
            }
        }
        if (!others.isEmpty()) {
            LOG.log(
                    Level.INFO,
                    "Group {0} has no snapshot in {1}, where there are some of: {2}. The key snapshot_group says which group a"
                            + " host is of",
                    group,
                    base,
                    String.join(", ", others));
        }
    }

    private static boolean holdsSome(Path directory, String group) throws IOException {
        return files(directory).stream()
                .anyMatch(file -> SnapshotFile.of(file, group).listed());
    }

    private static List<Path> files(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        return entries(directory).stream()
                .filter(file -> SnapshotHeader.isName(String.valueOf(file.getFileName())))
                .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                .toList();
    }

    private static List<Path> entries(Path directory) throws IOException {
        List<Path> some = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            for (Path one : all) {
                if (some.size() == LOOKED_AT) {
                    break;
                }
                some.add(one);
            }
        }
        return some;
    }
}
