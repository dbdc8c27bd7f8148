package dev.holdfast.sdk;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;

/** Who may read and write a file with a secret, where the file system knows of that. */
final class SecretFile {

    private static final System.Logger LOG = System.getLogger(SecretFile.class.getName());

    private SecretFile() {}

    /** @throws ConfigurationException if the file is open to others, and this process's user, or nobody, can mend that */
    static void requirePrivate(String property, Path file) throws IOException {
        if (!file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        PosixFileAttributes found = Files.readAttributes(file, PosixFileAttributes.class);
        String mode = PosixFilePermissions.toString(found.permissions());
        if (isMine(file) && !mode.endsWith("------")) {
            throw new ConfigurationException(property + " '" + Rules.printable(file.toString())
                    + "' must be readable for nobody but its owner, and its mode is " + mode + "; chmod 600 " + file
                    + ", or mode 0400 where Docker or Kubernetes make the file of a secret");
        }
        if (found.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new ConfigurationException(property + " '" + Rules.printable(file.toString())
                    + "' must not be written by everyone, and its mode is " + mode + "; chmod o-w " + file);
        }
        if (found.permissions().contains(PosixFilePermission.OTHERS_READ)) {
            LOG.log(
                    Level.WARNING,
                    "{0} {1} belongs to user {2} and can be read by everyone; its mode is {3}",
                    property,
                    file,
                    found.owner().getName(),
                    mode);
        }
    }

    private static boolean isMine(Path file) throws IOException {
        Path self = Path.of("/proc/self");
        return Files.exists(self)
                ? Files.getAttribute(file, "unix:uid").equals(Files.getAttribute(self, "unix:uid"))
                : Files.getOwner(file).getName().equals(System.getProperty("user.name"));
    }
}
