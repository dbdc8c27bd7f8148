package dev.holdfast.plugin.raft;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * A file with some content, as the state refers to it: one part of a text, or a chunk. Written once and never changed.
 *
 * @param name the index of the log's entry that brought it and its number in that entry, so the same on every peer
 * @param length 1 byte or more
 * @param md5 in 32 hexadecimal digits, for finding damage; it is what Ratis compares when it copies files
 */
record ContentFile(String name, int length, String md5) {

    void writeTo(DataOutputStream out) throws IOException {
        out.writeUTF(name);
        out.writeInt(length);
        out.writeUTF(md5);
    }

    static ContentFile readFrom(DataInputStream in) throws IOException {
        ContentFile file = new ContentFile(in.readUTF(), in.readInt(), in.readUTF());
        if (!file.name.matches("[0-9]{1,19}-[0-9]{1,9}")) {
            throw new IOException("'" + Text.printable(file.name) + "' is no name of a content file");
        }
        return file;
    }
}
