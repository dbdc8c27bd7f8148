package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;

/**
 * A peer's directory: {@code peer.properties} says of which fleet and peer it is and in which form, {@code lock} is held by the
 * process that is the peer, and {@code log} is Ratis' own.
 */
final class PeerDirectory {

    private static final int FORM = 1;
    private static final String OWNER = "peer.properties";

    private PeerDirectory() {}

    /** Makes the directory, mode 0700, unless it is there. */
    static void make(Path directory) {
        try {
            if (!Files.isDirectory(directory)) {
                Path parent = directory.getParent();
                if (parent != null) {
                    Files.createDirectories(parent);
                }
                if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                    Files.createDirectory(
                            directory,
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                } else {
                    Files.createDirectory(directory);
                }
            }
        } catch (IOException e) {
            throw unusable(directory, e);
        }
    }

    static StoreUnavailableException unusable(Path directory, IOException reason) {
        return new StoreUnavailableException(
                "snapshot.raft.directory '" + directory + "' cannot be used by this peer: " + Text.reason(reason)
                        + ". Check the disk, the directory's owner and its mode",
                reason);
    }

    static Path log(Path directory) {
        return directory.resolve("log");
    }

    /** Whether a peer that was a member of a fleet has been here: Ratis keeps who else is one. */
    static boolean isMember(Settings settings) {
        return Files.exists(log(settings.directory())
                .resolve(settings.groupId().getUuid().toString())
                .resolve("current")
                .resolve("raft-meta.conf"));
    }

    /**
     * Requires that the directory is this peer's, and makes an empty one so.
     *
     * @throws ConfigurationException if it is another peer's, or not one of a peer at all
     * @throws SnapshotFormatTooNewException if a newer version of Holdfast made it
     */
    static void claim(Settings settings, String id) {
        Path directory = settings.directory();
        Path owner = directory.resolve(OWNER);
        try {
            if (Files.exists(owner)) {
                requireOwn(owner, settings, id);
                return;
            }
            requireEmpty(directory);
            Path half = directory.resolve(OWNER + ".half");
            Files.writeString(half, "form=" + FORM + "\nfleet=" + settings.fleet() + "\nid=" + id + "\n");
            ContentFiles.Durable.force(half);
            Files.move(half, owner, StandardCopyOption.ATOMIC_MOVE);
            ContentFiles.Durable.forceDirectory(directory);
        } catch (IOException e) {
            throw unusable(directory, e);
        }
    }

    private static void requireEmpty(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                if (!name.equals("lock") && !name.equals(OWNER + ".half")) {
                    throw new ConfigurationException("snapshot.raft.directory '" + directory + "' has " + name
                            + " in it and no " + OWNER + ", so it is not one of a peer; name an empty directory");
                }
            }
        }
    }

    private static void requireOwn(Path owner, Settings settings, String id) throws IOException {
        Properties found = new Properties();
        try (var reader = Files.newBufferedReader(owner)) {
            found.load(reader);
        }
        String form = found.getProperty("form", "");
        if (!form.matches("[0-9]{1,6}")) {
            throw new ConfigurationException(owner + " is damaged: its form '" + Text.printable(form)
                    + "' must be a whole number; the other peers have"
                    + " what is stored: remove this peer from the fleet, empty the directory, and let it join again");
        }
        if (Integer.parseInt(form) > FORM) {
            throw new SnapshotFormatTooNewException(owner + " is of form " + form
                    + ", which a newer version of Holdfast made; update this host, whose version knows form " + FORM);
        }
        String fleet = found.getProperty("fleet", "");
        if (!fleet.equals(settings.fleet())) {
            throw new ConfigurationException("snapshot.raft.directory '" + owner.getParent() + "' is that of fleet '"
                    + Text.printable(fleet) + "', and snapshot.raft.fleet is '" + settings.fleet()
                    + "'; set the fleet to that, or name another directory");
        }
        String peer = found.getProperty("id", "");
        if (!peer.equals(id)) {
            throw new ConfigurationException("snapshot.raft.directory '" + owner.getParent() + "' is that of peer '"
                    + Text.printable(peer) + "', and snapshot.raft.id is '" + id
                    + "'; set the id to that, or name another directory");
        }
    }
}
