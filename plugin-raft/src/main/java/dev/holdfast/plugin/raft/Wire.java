package dev.holdfast.plugin.raft;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * What stands in an entry of the log, in a question and in an answer: the version of the form, what is to be done, and then
 * the values in the order in which they are read. Numbers are as {@link DataOutputStream} writes them, texts are in its UTF-8.
 */
final class Wire {

    /** A peer that meets a higher one in its log stops: what it left out would make its copy another one. */
    static final int VERSION = 1;

    /** So that an entry stays well under the 4 MB that the log takes, and an answer too. */
    static final int MOST_BYTES = 2 << 20;

    // Changes
    static final byte STAGE = 1;
    static final byte SAVE = 2;
    static final byte DELETE = 3;
    static final byte REMOVE_GROUP = 4;
    static final byte PUT_CHUNKS = 5;
    static final byte DELETE_CHUNKS = 6;

    // Questions
    static final byte LAST = 32;
    static final byte NAMED = 33;
    static final byte LIST = 34;
    static final byte COUNT = 35;
    static final byte FILE = 36;
    static final byte CHUNKS = 37;
    static final byte PRESENT = 38;
    static final byte CHUNK_LIST = 39;
    static final byte LAST_SAVE_ID = 40;

    // Answers
    static final byte DONE = 0;
    static final byte ABSENT = 1;
    static final byte DAMAGED = 2;
    static final byte NAME_TAKEN = 3;
    static final byte REVISION_TAKEN = 4;
    static final byte NOT_FOLLOWED = 5;
    static final byte PARTS_MISSING = 6;
    static final byte NOT_UNDERSTOOD = 7;

    private Wire() {}

    /** Writes a message's values. */
    interface Body {
        void writeTo(DataOutputStream out) throws IOException;
    }

    static byte[] message(Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            body.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException("An array of bytes takes all that is written", e);
        }
        return bytes.toByteArray();
    }

    /** A change or a question. */
    static byte[] request(byte what, Body body) {
        return message(out -> {
            out.writeByte(VERSION);
            out.writeByte(what);
            body.writeTo(out);
        });
    }

    static DataInputStream open(byte[] message) {
        return new DataInputStream(new ByteArrayInputStream(message));
    }

    static void writeTexts(DataOutputStream out, Collection<String> texts) throws IOException {
        out.writeInt(texts.size());
        for (String text : texts) {
            out.writeUTF(text);
        }
    }

    static List<String> readTexts(DataInputStream in) throws IOException {
        int count = readCount(in);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(in.readUTF());
        }
        return texts;
    }

    static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static byte[] readBytes(DataInputStream in) throws IOException {
        int length = readCount(in);
        if (length > in.available()) {
            throw new IOException("A message says that " + length + " bytes follow, and " + in.available() + " do");
        }
        return in.readNBytes(length);
    }

    static int readCount(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0) {
            throw new IOException("A message has the count " + count);
        }
        return count;
    }
}
