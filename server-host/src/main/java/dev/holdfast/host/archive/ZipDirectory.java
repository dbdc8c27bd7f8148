package dev.holdfast.host.archive;

import dev.holdfast.host.archive.ArchiveException.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The check of a zip file's central directory (PKWARE's APPNOTE.TXT, sections 4.3.12 to 4.3.16) before the JDK takes
 * memory for it: how many entries there really are, and whether one is more than a file or a directory. The JDK's reader
 * shows neither.
 */
record ZipDirectory(FileChannel channel, ArchiveLimits limits, String name) {

    private static final int END_SIZE = 22;
    private static final int END = 0x06054b50;
    private static final int END64 = 0x06064b50;
    private static final int END64_SIZE = 56;
    private static final int LOCATOR64 = 0x07064b50;
    private static final int LOCATOR64_SIZE = 20;
    private static final int ENTRY = 0x02014b50;
    private static final int ENTRY_SIZE = 46;
    private static final int LONGEST_COMMENT = 0xffff;

    /** Names and extra fields of ordinary archives take about a hundred bytes an entry. */
    private static final int BYTES_AN_ENTRY = 4096;

    private static final int WINDOW = 1 << 20;

    private static final int FORMAT = 0170000;
    private static final int REGULAR = 0100000;
    private static final int DIRECTORY = 0040000;

    /** @throws ArchiveException if it is no zip, has too many entries, or holds a link or a device */
    static void check(Path file, ArchiveLimits limits, String name) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            new ZipDirectory(channel, limits, name).check();
        } catch (EOFException e) {
            throw new ArchiveException("Archive " + name + " is damaged: its list of entries is cut off", e);
        }
    }

    private void check() throws IOException {
        long end = endPosition();
        ByteBuffer record = read(end, END_SIZE);
        long size = record.getInt(12) & 0xffffffffL;
        long end64 = end64Position(end);
        if (end64 >= 0) {
            size = read(end64, END64_SIZE).getLong(40);
            end = end64;
        }
        if (size < 0 || size > end) {
            throw damaged("its list of entries is longer than the file");
        }
        if (size > (long) limits.entries() * BYTES_AN_ENTRY) {
            throw new ArchiveException(
                    Reason.TOO_BIG,
                    "Archive " + name + " has a list of entries of " + size + " bytes, which is too long");
        }
        checkEntries(end - size, end);
    }

    private void checkEntries(long from, long to) throws IOException {
        ByteBuffer window = ByteBuffer.allocate(0);
        long windowAt = from;
        int entries = 0;
        for (long position = from; position < to; entries++) {
            if (entries == limits.entries()) {
                throw new ArchiveException(
                        Reason.TOO_BIG, "Archive " + name + " has more than " + limits.entries() + " entries");
            }
            if (position + ENTRY_SIZE > to) {
                throw damaged("its list of entries is cut off");
            }
            if (position - windowAt + ENTRY_SIZE > window.capacity()) {
                windowAt = position;
                window = read(position, (int) Math.min(WINDOW, to - position));
            }
            int at = (int) (position - windowAt);
            if (window.getInt(at) != ENTRY) {
                throw damaged("its list of entries holds something else");
            }
            checkKind(window, at);
            position += ENTRY_SIZE
                    + Short.toUnsignedInt(window.getShort(at + 28))
                    + Short.toUnsignedInt(window.getShort(at + 30))
                    + Short.toUnsignedInt(window.getShort(at + 32));
        }
    }

    /** Unix tools keep a file's mode in the upper half of its attributes, whatever system they say they ran on. */
    private void checkKind(ByteBuffer window, int at) {
        int kind = (window.getInt(at + 38) >>> 16) & FORMAT;
        if (kind != 0 && kind != REGULAR && kind != DIRECTORY) {
            throw new ArchiveException(
                    "Archive " + name + " holds a link or a device; only files and directories may be in it");
        }
        if ((window.getShort(at + 8) & 1) != 0) {
            throw new ArchiveException("Archive " + name + " is encrypted; encrypted archives cannot be read");
        }
    }

    private long endPosition() throws IOException {
        long size = channel.size();
        if (size < END_SIZE) {
            throw damaged("it is no zip file");
        }
        int length = (int) Math.min(size, END_SIZE + LONGEST_COMMENT);
        ByteBuffer tail = read(size - length, length);
        for (int at = length - END_SIZE; at >= 0; at--) {
            if (tail.getInt(at) == END && at + END_SIZE + Short.toUnsignedInt(tail.getShort(at + 20)) == length) {
                return size - length + at;
            }
        }
        throw damaged("it is no zip file");
    }

    /** The position of the end record for large files; -1 where there is none. */
    private long end64Position(long end) throws IOException {
        if (end < LOCATOR64_SIZE) {
            return -1;
        }
        ByteBuffer locator = read(end - LOCATOR64_SIZE, LOCATOR64_SIZE);
        if (locator.getInt(0) != LOCATOR64) {
            return -1;
        }
        long position = locator.getLong(8);
        if (position < 0
                || position > end - LOCATOR64_SIZE - END64_SIZE
                || read(position, 4).getInt(0) != END64) {
            throw damaged("its list of entries for large files is not where it says");
        }
        return position;
    }

    private ByteBuffer read(long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, position + bytes.position()) < 0) {
                throw new EOFException();
            }
        }
        return bytes.flip();
    }

    private ArchiveException damaged(String how) {
        return new ArchiveException("Archive " + name + " is damaged: " + how);
    }
}
