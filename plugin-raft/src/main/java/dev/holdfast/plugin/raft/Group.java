package dev.holdfast.plugin.raft;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The snapshots and chunks of one group. */
final class Group {

    /**
     * A snapshot.
     *
     * @param line its header, as the SDK writes it on one line; only hosts read it
     */
    record Saved(String name, long revision, String saveId, String line, List<ContentFile> parts) {}

    /**
     * A chunk.
     *
     * @param putOn in milliseconds since 1970, by the clock of who put it
     */
    record Chunk(long putOn, ContentFile file) {}

    final NavigableMap<Long, Saved> snapshots = new TreeMap<>();
    final NavigableMap<String, Chunk> chunks = new TreeMap<>();
    private final Map<String, Saved> byName = new HashMap<>();
    /** The highest revision that ever was, for a removed one is not free again. */
    private long highest = -1;

    long highest() {
        return highest;
    }

    @Nullable
    Saved named(String name) {
        return byName.get(name);
    }

    @Nullable
    Saved last() {
        Map.Entry<Long, Saved> last = snapshots.lastEntry();
        return last == null ? null : last.getValue();
    }

    void add(Saved saved) {
        snapshots.put(saved.revision(), saved);
        byName.put(saved.name(), saved);
        highest = Math.max(highest, saved.revision());
    }

    boolean remove(String name) {
        Saved removed = byName.remove(name);
        if (removed != null) {
            snapshots.remove(removed.revision());
        }
        return removed != null;
    }

    boolean isEmpty() {
        return snapshots.isEmpty() && chunks.isEmpty();
    }

    void eachFile(Consumer<ContentFile> told) {
        snapshots.values().forEach(saved -> saved.parts().forEach(told));
        chunks.values().forEach(chunk -> told.accept(chunk.file()));
    }

    void writeTo(DataOutputStream out) throws IOException {
        out.writeLong(highest);
        out.writeInt(snapshots.size());
        for (Saved saved : snapshots.values()) {
            out.writeUTF(saved.name());
            out.writeLong(saved.revision());
            out.writeUTF(saved.saveId());
            out.writeUTF(saved.line());
            out.writeInt(saved.parts().size());
            for (ContentFile part : saved.parts()) {
                part.writeTo(out);
            }
        }
        out.writeInt(chunks.size());
        for (Map.Entry<String, Chunk> chunk : chunks.entrySet()) {
            out.writeUTF(chunk.getKey());
            out.writeLong(chunk.getValue().putOn());
            chunk.getValue().file().writeTo(out);
        }
    }

    static Group readFrom(DataInputStream in) throws IOException {
        Group group = new Group();
        group.highest = in.readLong();
        for (int left = Wire.readCount(in); left > 0; left--) {
            String name = in.readUTF();
            long revision = in.readLong();
            String saveId = in.readUTF();
            String line = in.readUTF();
            ContentFile[] parts = new ContentFile[Math.min(Wire.readCount(in), 1 << 16)];
            for (int i = 0; i < parts.length; i++) {
                parts[i] = ContentFile.readFrom(in);
            }
            group.add(new Saved(name, revision, saveId, line, List.of(parts)));
        }
        for (int left = Wire.readCount(in); left > 0; left--) {
            group.chunks.put(in.readUTF(), new Chunk(in.readLong(), ContentFile.readFrom(in)));
        }
        return group;
    }
}
