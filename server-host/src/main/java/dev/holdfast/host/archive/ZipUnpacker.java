package dev.holdfast.host.archive;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Enumeration;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Unpacks one zip file into a directory. What the zip says of itself is never believed: sizes are counted, check sums computed,
 * names checked part by part.
 */
final class ZipUnpacker {

    private final ArchiveLimits limits;
    private final String name;
    private final long mostBytes;
    private final UnpackedPlaces places;
    private long written;

    private ZipUnpacker(Path file, Path into, ArchiveLimits limits, String name) throws IOException {
        this.places = new UnpackedPlaces(into, name);
        this.limits = limits;
        this.name = name;
        this.mostBytes = limits.unpackedBytes(Files.size(file));
    }

    /**
     * Unpacks. After a failure the directory holds a part of the content; removing it is the caller's duty.
     *
     * @param name the archive's name, for messages
     * @throws ArchiveException if the zip is damaged, over a limit, or holds a name or a link that is not safe
     * @throws IOException if this host's disc fails
     */
    static void unpack(Path file, Path into, ArchiveLimits limits, String name) throws IOException {
        ZipDirectory.check(file, limits, name);
        ZipUnpacker unpacker = new ZipUnpacker(file, into, limits, name);
        try (ZipFile zip = new ZipFile(file.toFile(), StandardCharsets.UTF_8)) {
            unpacker.unpackAll(zip);
        } catch (ZipException | IllegalArgumentException e) {
            // The JDK reports some damaged names and extra fields by the latter.
            throw new ArchiveException("Archive " + name + " is damaged: " + OneLine.of(e.getMessage()), e);
        }
    }

    private void unpackAll(ZipFile zip) throws IOException {
        if (zip.size() > limits.entries()) {
            throw tooBig("has " + zip.size() + " entries, more than " + limits.entries());
        }
        Enumeration<? extends ZipEntry> entries = zip.entries();
        while (entries.hasMoreElements()) {
            ZipEntry entry = entries.nextElement();
            Path target = places.of(entry.getName());
            try {
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                } else {
                    Files.createDirectories(target.getParent());
                    unpackFile(zip, entry, target);
                }
            } catch (FileAlreadyExistsException e) {
                throw new ArchiveException(
                        "Archive " + name + " holds '" + OneLine.name(entry.getName())
                                + "' both as a file and a directory",
                        e);
            }
        }
    }

    private void unpackFile(ZipFile zip, ZipEntry entry, Path target) throws IOException {
        if (entry.getSize() > mostBytes - written) {
            throw tooBig("unpacks to more than " + mostBytes + " bytes");
        }
        CRC32 sum = new CRC32();
        long size = 0;
        try (InputStream in = open(zip, entry);
                OutputStream out =
                        Files.newOutputStream(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] buffer = new byte[1 << 16];
            for (int count = read(in, entry, buffer); count >= 0; count = read(in, entry, buffer)) {
                size += count;
                // The size that it claims is within the limit, so stopping here is what bounds a lie.
                if (size > entry.getSize()) {
                    break;
                }
                sum.update(buffer, 0, count);
                out.write(buffer, 0, count);
            }
        }
        written += size;
        if (size != entry.getSize()) {
            throw damaged(entry, "is not as long as it says", null);
        }
        if (sum.getValue() != entry.getCrc()) {
            throw damaged(entry, "does not have the check sum that it says", null);
        }
    }

    private InputStream open(ZipFile zip, ZipEntry entry) {
        try {
            InputStream in = zip.getInputStream(entry);
            if (in == null) {
                throw damaged(entry, "cannot be read", null);
            }
            return in;
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(entry, "cannot be read", e);
        }
    }

    /** Reads from the zip; a failure here is the zip's, as against one of the file that is written. */
    private int read(InputStream in, ZipEntry entry, byte[] buffer) {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            throw damaged(entry, "cannot be read: " + OneLine.of(e.getMessage()), e);
        }
    }

    private ArchiveException damaged(ZipEntry entry, String how, @org.jspecify.annotations.Nullable Exception cause) {
        String message = "Archive " + name + " is damaged: its file '" + OneLine.name(entry.getName()) + "' " + how;
        return cause == null ? new ArchiveException(message) : new ArchiveException(message, cause);
    }

    private ArchiveException tooBig(String how) {
        return new ArchiveException(Reason.TOO_BIG, "Archive " + name + " " + how);
    }
}
