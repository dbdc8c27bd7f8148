package dev.holdfast.host.archive;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.text.OneLine;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks one {@code .tar.gz} file into a directory: POSIX.1-2001 (ustar and pax), with GNU tar's long names, as Python writes
 * it. Files and directories alone are taken; owners, modes and times are not.
 *
 * <p>Apache Commons Compress, which is there for a codec, takes a name of any length into memory; here it has a bound.
 */
final class TarUnpacker {

    private static final int BLOCK = 512;
    private static final int LONGEST_NAME_BLOCK = 1 << 16;

    private final InputStream in;
    private final ArchiveLimits limits;
    private final String name;
    private final long mostBytes;
    private final UnpackedPlaces places;
    private long written;

    private TarUnpacker(InputStream in, long mostBytes, Path into, ArchiveLimits limits, String name) {
        this.in = in;
        this.mostBytes = mostBytes;
        this.places = new UnpackedPlaces(into, name);
        this.limits = limits;
        this.name = name;
    }

    /**
     * Unpacks. After a failure the directory holds a part of the content; removing it is the caller's duty.
     *
     * @param name the archive's name, for messages
     * @throws ArchiveException if it is damaged, over a limit, or holds a name or a link that is not safe
     * @throws IOException if this host's disc fails
     */
    static void unpack(Path file, Path into, ArchiveLimits limits, String name) throws IOException {
        try (InputStream packed = Files.newInputStream(file);
                InputStream in = new BufferedInputStream(new GZIPInputStream(packed, 1 << 16), 1 << 16)) {
            new TarUnpacker(in, limits.unpackedBytes(Files.size(file)), into, limits, name).unpackAll();
        } catch (ZipException | EOFException e) {
            throw new ArchiveException(
                    "Archive " + name + " is damaged: " + OneLine.of(String.valueOf(e.getMessage())), e);
        }
    }

    private void unpackAll() throws IOException {
        byte[] header = new byte[BLOCK];
        int entries = 0;
        @Nullable String longName = null;
        long longSize = -1;
        while (readHeader(header)) {
            if (++entries > limits.entries()) {
                throw new ArchiveException(
                        Reason.TOO_BIG, "Archive " + name + " has more than " + limits.entries() + " entries");
            }
            long size = number(header, 124, 12);
            char type = (char) header[156];
            switch (type) {
                case 'x' -> {
                    byte[] records = small(size);
                    @Nullable String path = paxRecord(records, "path");
                    @Nullable String paxSize = paxRecord(records, "size");
                    longName = path == null ? longName : path;
                    longSize = paxSize == null ? longSize : parse(paxSize);
                }
                case 'g', 'K' -> small(size);
                case 'L' -> longName = text(small(size), 0, (int) size);
                default -> {
                    unpack(longName == null ? path(header) : longName, type, longSize < 0 ? size : longSize);
                    longName = null;
                    longSize = -1;
                }
            }
        }
    }

    private void unpack(String path, char type, long size) throws IOException {
        String inside = path.startsWith("./") ? path.substring(2) : path;
        boolean directory = type == '5' || inside.endsWith("/");
        if (!directory && type != '0' && type != '\0' && type != '7') {
            throw new ArchiveException(
                    "Archive " + name + " holds '" + OneLine.name(path) + "', which is neither a file nor a directory");
        }
        if (directory && (inside.isEmpty() || inside.equals("."))) {
            skip(size);
            return;
        }
        Path target = places.of(inside);
        try {
            if (directory) {
                Files.createDirectories(target);
                skip(size);
            } else {
                Files.createDirectories(target.getParent());
                unpackFile(target, size);
            }
        } catch (FileAlreadyExistsException e) {
            throw new ArchiveException(
                    "Archive " + name + " holds '" + OneLine.name(path) + "' both as a file and a directory", e);
        }
    }

    private void unpackFile(Path target, long size) throws IOException {
        if (size > mostBytes - written) {
            throw new ArchiveException(
                    Reason.TOO_BIG, "Archive " + name + " unpacks to more than " + mostBytes + " bytes");
        }
        written += size;
        try (OutputStream out =
                Files.newOutputStream(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] buffer = new byte[1 << 16];
            for (long left = size; left > 0; ) {
                int count = read(buffer, (int) Math.min(buffer.length, left));
                out.write(buffer, 0, count);
                left -= count;
            }
        }
        pad(size);
    }

    /** False at the end of the archive: a block of zeros, or the end of the file, where many programs leave the zeros out. */
    private boolean readHeader(byte[] header) throws IOException {
        int count = in.readNBytes(header, 0, BLOCK);
        if (count == 0 || isZero(header)) {
            return false;
        }
        if (count < BLOCK) {
            throw damaged("it is cut off");
        }
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        if (sum != number(header, 148, 8)) {
            throw damaged("it is no tar file, or an entry of it does not have the check sum that it says");
        }
        return true;
    }

    private static boolean isZero(byte[] block) {
        for (byte b : block) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    /** A field with octal digits, or, where the first bit is set, with a binary number. */
    private long number(byte[] header, int at, int length) {
        if ((header[at] & 0x80) != 0) {
            long value = 0;
            for (int i = at + Math.max(1, length - 8); i < at + length; i++) {
                value = (value << 8) | (header[i] & 0xff);
            }
            if (value < 0) {
                throw damaged("an entry has an impossible size");
            }
            return value;
        }
        String digits = text(header, at, length).strip();
        return digits.isEmpty() ? 0 : parse(digits, 8);
    }

    private long parse(String digits) {
        return parse(digits, 10);
    }

    private long parse(String digits, int radix) {
        try {
            long value = Long.parseLong(digits, radix);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw damaged("an entry has '" + OneLine.name(digits) + "' where a number must be");
    }

    private static String path(byte[] header) {
        boolean ustar = text(header, 257, 6).startsWith("ustar");
        String prefix = ustar && header[262] == 0 ? text(header, 345, 155) : "";
        String path = text(header, 0, 100);
        return prefix.isEmpty() ? path : prefix + "/" + path;
    }

    private static String text(byte[] bytes, int at, int length) {
        int end = at;
        while (end < at + length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, at, end - at, StandardCharsets.UTF_8);
    }

    /** Reads a record that gives the next entry its name or size; its length is bounded, because it is held in memory. */
    private byte[] small(long size) throws IOException {
        if (size > LONGEST_NAME_BLOCK) {
            throw damaged("the name of an entry takes more than " + LONGEST_NAME_BLOCK + " bytes");
        }
        byte[] bytes = new byte[(int) size];
        for (int at = 0; at < bytes.length; ) {
            byte[] part = new byte[bytes.length - at];
            int count = read(part, part.length);
            System.arraycopy(part, 0, bytes, at, count);
            at += count;
        }
        pad(size);
        return bytes;
    }

    /** A value of records like {@code 30 path=some/long/name\n}, whose numbers are their lengths in bytes. */
    private @Nullable String paxRecord(byte[] records, String key) {
        @Nullable String found = null;
        for (int at = 0; at < records.length; ) {
            int space = at;
            while (space < records.length && records[space] != ' ') {
                space++;
            }
            long length = parse(new String(records, at, space - at, StandardCharsets.US_ASCII));
            if (length <= space - at || length > records.length - at) {
                throw damaged("an entry has a pax record of an impossible length");
            }
            int end = at + (int) length;
            String record = new String(Arrays.copyOfRange(records, space + 1, end - 1), StandardCharsets.UTF_8);
            if (record.startsWith(key + "=")) {
                found = record.substring(key.length() + 1);
            }
            at = end;
        }
        return found;
    }

    private void pad(long size) throws IOException {
        skip((BLOCK - size % BLOCK) % BLOCK);
    }

    private void skip(long bytes) throws IOException {
        byte[] buffer = new byte[BLOCK];
        for (long left = bytes; left > 0; ) {
            left -= read(buffer, (int) Math.min(BLOCK, left));
        }
    }

    /** Reads from the archive; a failure here is the archive's, as against one of the file that is written. */
    private int read(byte[] buffer, int most) throws IOException {
        int count = in.read(buffer, 0, most);
        if (count <= 0) {
            throw damaged("it is cut off");
        }
        return count;
    }

    private ArchiveException damaged(String how) {
        return new ArchiveException("Archive " + name + " is damaged: " + how);
    }
}
