package dev.holdfast.sdk;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A header and the text that it describes, known to belong together.
 *
 * <p>A snapshot cannot be made of a text whose length or SHA-256 differs from its header's, so a serializer that gives
 * back what it read has checked it.
 */
public final class Snapshot {

    /** How many bytes a text has at most: 64 MiB. A store that says more of one need not read it. */
    public static final int MOST_BYTES = 64 << 20;

    private final SnapshotHeader header;
    private final byte[] text;

    private Snapshot(SnapshotHeader header, byte[] text) {
        this.header = header;
        this.text = text;
    }

    /**
     * What a store holds under a header.
     *
     * @param text the bytes as they were read; copied
     * @throws SnapshotCorruptException if they are not those that were saved; the message tells what differs
     */
    public static Snapshot read(SnapshotHeader header, byte[] text) {
        requireBounded(header);
        if (text.length != header.size()) {
            throw new SnapshotCorruptException("Snapshot " + header.name() + " is damaged: it has " + text.length
                    + " bytes where its header says " + header.size());
        }
        String sha256 = sha256(text);
        if (!sha256.equals(header.sha256())) {
            throw new SnapshotCorruptException("Snapshot " + header.name() + " is damaged: its SHA-256 is " + sha256
                    + " where its header says " + header.sha256());
        }
        return new Snapshot(header, text.clone());
    }

    /**
     * What a plugin asks before it takes memory for a text of which the header says the size.
     *
     * @throws SnapshotCorruptException if no snapshot is that large
     */
    public static void requireBounded(SnapshotHeader header) {
        if (header.size() > MOST_BYTES) {
            throw new SnapshotCorruptException("Snapshot " + header.name() + " is damaged: its header says "
                    + header.size() + " bytes, more than the " + MOST_BYTES + " that a snapshot may have");
        }
    }

    /**
     * A new snapshot: completes the header with the text's size and SHA-256.
     *
     * @param header everything but size and sha256; left as it is
     * @param text copied
     * @throws IllegalArgumentException if it is longer than {@link #MOST_BYTES}
     */
    public static Snapshot create(SnapshotHeader.Builder header, byte[] text) {
        if (text.length > MOST_BYTES) {
            throw new IllegalArgumentException(
                    "A snapshot's text of " + text.length + " bytes is longer than " + MOST_BYTES);
        }
        return new Snapshot(header.copy().size(text.length).sha256(sha256(text)).build(), text.clone());
    }

    public SnapshotHeader header() {
        return header;
    }

    /** The text's bytes; the caller's own copy. */
    public byte[] toBytes() {
        return text.clone();
    }

    /** The text's bytes as a stream, without a copy; closing it is not needed. */
    public InputStream openStream() {
        return new TextStream(text);
    }

    /** The text, which a host writes in UTF-8. */
    public String text() {
        return new String(text, StandardCharsets.UTF_8);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Snapshot snapshot && header.equals(snapshot.header);
    }

    @Override
    public int hashCode() {
        return header.hashCode();
    }

    @Override
    public String toString() {
        return header.toString();
    }
}
