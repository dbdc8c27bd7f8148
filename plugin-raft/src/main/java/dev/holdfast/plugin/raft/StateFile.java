package dev.holdfast.plugin.raft;

import dev.holdfast.plugin.raft.ContentFiles.DamagedException;
import dev.holdfast.plugin.raft.ContentFiles.Durable;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.ratis.server.protocol.TermIndex;

/**
 * A snapshot of the state up to an entry of the log, as one file beside the directory of the contents:
 *
 * <pre>
 *   state.&lt;term&gt;_&lt;index&gt;:  "holdfast raft state\n"  version  the state  SHA-256 of all before
 * </pre>
 *
 * <p>A peer that finds a damaged one does not start: what Ratis keeps beside its files is compared with nothing.
 */
final class StateFile {

    static final int VERSION = 1;

    private static final String MAGIC = "holdfast raft state\n";
    private static final int DIGEST = 32;
    private static final Pattern NAME = Pattern.compile("state\\.([0-9]{1,18})_([0-9]{1,18})");

    private StateFile() {}

    static Path write(Path directory, TermIndex upTo, StoreState state) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeBytes(MAGIC);
            out.writeInt(VERSION);
            out.writeLong(upTo.getTerm());
            out.writeLong(upTo.getIndex());
            state.writeTo(out);
            out.flush();
            out.write(digest(bytes.toByteArray()));
        }
        Files.createDirectories(directory);
        Path file = directory.resolve("state." + upTo.getTerm() + "_" + upTo.getIndex());
        Path half = directory.resolve("state.half");
        Files.write(half, bytes.toByteArray());
        Durable.force(half);
        Files.move(half, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Durable.forceDirectory(directory);
        return file;
    }

    /** @throws IOException if it is damaged, or a newer version of Holdfast wrote it */
    static TermIndex read(Path file, StoreState state) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int length = bytes.length - DIGEST;
        if (length < MAGIC.length() + Integer.BYTES) {
            throw damaged(file, "it has " + bytes.length + " bytes");
        }
        if (!Arrays.equals(digest(Arrays.copyOf(bytes, length)), Arrays.copyOfRange(bytes, length, bytes.length))) {
            throw damaged(file, "its SHA-256 is not the one that it ends with");
        }
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, 0, length))) {
            if (!new String(in.readNBytes(MAGIC.length()), java.nio.charset.StandardCharsets.US_ASCII).equals(MAGIC)) {
                throw damaged(file, "it does not begin with " + MAGIC.strip());
            }
            int version = in.readInt();
            if (version > VERSION) {
                throw new StoreState.TooNewException(file + " is of version " + version
                        + ", which a newer version of Holdfast wrote; update this host, whose version knows "
                        + VERSION);
            }
            TermIndex upTo = TermIndex.valueOf(in.readLong(), in.readLong());
            state.readFrom(in);
            return upTo;
        } catch (EOFException e) {
            throw damaged(file, "it ends too early");
        }
    }

    private static DamagedException damaged(Path file, String reason) {
        return new DamagedException(file + " is damaged: " + reason
                + "; the other peers have its content: remove this peer from the fleet, empty its directory, and let it"
                + " join again");
    }

    /** Those of a directory, by their indexes. */
    static NavigableMap<Long, Path> all(Path directory) throws IOException {
        NavigableMap<Long, Path> all = new TreeMap<>();
        if (!Files.isDirectory(directory)) {
            return all;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
                if (name.matches()) {
                    all.put(Long.parseLong(name.group(2)), file);
                }
            }
        }
        return all;
    }

    private static byte[] digest(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
