package dev.holdfast.plugin.raft;

import dev.holdfast.plugin.raft.ContentFiles.DamagedException;
import dev.holdfast.plugin.raft.Group.Chunk;
import dev.holdfast.plugin.raft.Group.Saved;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;

/**
 * What is replicated: every peer has the same after the same entries of the log.
 *
 * <p>So nothing here looks at a clock, a setting or anything else of this machine; the time is that of the entries. Headers
 * and ids are in memory, contents in {@link ContentFiles}. One thread applies; many ask meanwhile.
 */
final class StoreState {

    /** After which time a part of a text that no save came for is removed, by the clocks of the hosts. */
    private static final long STAGED_FOR_MILLIS = 3_600_000;

    private static final Group NOTHING = new Group();

    private record Staged(long on, ContentFile file) {}

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final ContentFiles files;
    private final NavigableMap<String, Group> groups = new TreeMap<>();
    /** Parts of large texts, by save-id and number, whose save has not come yet. */
    private final NavigableMap<String, Staged> staged = new TreeMap<>();

    StoreState(ContentFiles files) {
        this.files = files;
    }

    /** An entry that this version does not know; to leave it out would make this copy another one. */
    static final class TooNewException extends IOException {

        private static final long serialVersionUID = 1;

        TooNewException(String message) {
            super(message);
        }
    }

    /** Gives the files of an entry their names. */
    private final class Contents {

        private final long index;
        private int number;

        Contents(long index) {
            this.index = index;
        }

        ContentFile write(byte[] content) throws IOException {
            return files.write(index + "-" + number++, content);
        }
    }

    /** Whether an entry of the log saves snapshots. */
    static boolean isSave(ByteString entry) {
        return entry.size() > 1 && entry.byteAt(1) == Wire.SAVE;
    }

    /**
     * Does what an entry of the log says.
     *
     * @param index the entry's
     * @return the answer for who sent it
     * @throws IOException if it cannot be done here; then this peer must not go on
     */
    byte[] apply(long index, byte[] entry) throws IOException {
        DataInputStream in = Wire.open(entry);
        int version = in.readUnsignedByte();
        byte what = in.readByte();
        if (version > Wire.VERSION || what < Wire.STAGE || what > Wire.DELETE_CHUNKS) {
            throw new TooNewException("Entry " + index + " of the log is of form " + version + "." + what
                    + ", which a newer version of Holdfast wrote; update this host, whose version knows form "
                    + Wire.VERSION);
        }
        long now = in.readLong();
        Contents contents = new Contents(index);
        lock.writeLock().lock();
        try {
            staged.values().removeIf(one -> one.on() < now - STAGED_FOR_MILLIS);
            return switch (what) {
                case Wire.STAGE -> stage(in, now, contents);
                case Wire.SAVE -> save(in, contents);
                case Wire.DELETE -> delete(in);
                case Wire.REMOVE_GROUP -> removeGroup(in);
                case Wire.PUT_CHUNKS -> putChunks(in, now, contents);
                default -> deleteChunks(in);
            };
        } finally {
            lock.writeLock().unlock();
        }
    }

    private byte[] stage(DataInputStream in, long now, Contents contents) throws IOException {
        staged.put(partKey(in.readUTF(), in.readInt()), new Staged(now, contents.write(Wire.readBytes(in))));
        return answer(Wire.DONE);
    }

    private static String partKey(String saveId, int number) {
        return saveId + "/" + number;
    }

    private byte[] save(DataInputStream in, Contents contents) throws IOException {
        String name = in.readUTF();
        Group group = groups.computeIfAbsent(name, unknown -> new Group());
        for (int left = Wire.readCount(in); left > 0; left--) {
            byte[] refused = saveOne(group, in, contents);
            if (refused.length > 0) {
                return refused;
            }
        }
        return answer(Wire.DONE);
    }

    /** @return why it is refused; empty if it is saved */
    private byte[] saveOne(Group group, DataInputStream in, Contents contents) throws IOException {
        String name = in.readUTF();
        long revision = in.readLong();
        String saveId = in.readUTF();
        String follows = in.readUTF();
        String line = in.readUTF();
        int stagedParts = Wire.readCount(in);
        byte[] text = Wire.readBytes(in);
        Saved there = group.named(name);
        if (there != null && there.saveId().equals(saveId) && there.revision() == revision) {
            return new byte[0];
        }
        byte[] refused = refusal(group, name, revision, follows);
        if (refused.length > 0) {
            return refused;
        }
        List<ContentFile> parts = new ArrayList<>();
        for (int number = 0; number < stagedParts; number++) {
            Staged part = staged.get(partKey(saveId, number));
            if (part == null) {
                return answer(Wire.PARTS_MISSING);
            }
            parts.add(part.file());
        }
        for (int number = 0; number < stagedParts; number++) {
            staged.remove(partKey(saveId, number));
        }
        if (text.length > 0) {
            parts.add(contents.write(text));
        }
        group.add(new Saved(name, revision, saveId, line, List.copyOf(parts)));
        return new byte[0];
    }

    private static byte[] refusal(Group group, String name, long revision, String follows) {
        if (group.named(name) != null) {
            return Wire.message(out -> {
                out.writeByte(Wire.NAME_TAKEN);
                out.writeUTF(name);
            });
        }
        if (group.highest() >= revision) {
            return Wire.message(out -> {
                out.writeByte(Wire.REVISION_TAKEN);
                out.writeUTF(name);
                out.writeLong(group.highest());
            });
        }
        Saved last = group.last();
        if (!follows.isEmpty() && (last == null || !last.saveId().equals(follows))) {
            return Wire.message(out -> {
                out.writeByte(Wire.NOT_FOLLOWED);
                out.writeUTF(name);
                out.writeUTF(last == null ? "" : last.name());
                out.writeLong(last == null ? -1 : last.revision());
                out.writeUTF(last == null ? "" : last.saveId());
            });
        }
        return new byte[0];
    }

    private byte[] delete(DataInputStream in) throws IOException {
        Group group = groups.get(in.readUTF());
        return answer(group != null && group.remove(in.readUTF()) ? Wire.DONE : Wire.ABSENT);
    }

    private byte[] removeGroup(DataInputStream in) throws IOException {
        String name = in.readUTF();
        Group group = groups.get(name);
        if (group != null && group.isEmpty()) {
            groups.remove(name);
        }
        return answer(Wire.DONE);
    }

    private byte[] putChunks(DataInputStream in, long now, Contents contents) throws IOException {
        Group group = groups.computeIfAbsent(in.readUTF(), unknown -> new Group());
        for (int left = Wire.readCount(in); left > 0; left--) {
            String id = in.readUTF();
            byte[] content = Wire.readBytes(in);
            Chunk before = group.chunks.get(id);
            long putOn = before == null ? now : Math.max(now, before.putOn());
            group.chunks.put(id, new Chunk(putOn, contents.write(content)));
        }
        return answer(Wire.DONE);
    }

    private byte[] deleteChunks(DataInputStream in) throws IOException {
        Group group = groups.getOrDefault(in.readUTF(), NOTHING);
        long putBefore = in.readLong();
        int removed = 0;
        for (String id : Wire.readTexts(in)) {
            Chunk chunk = group.chunks.get(id);
            if (chunk != null && chunk.putOn() < putBefore) {
                group.chunks.remove(id);
                removed++;
            }
        }
        int count = removed;
        return Wire.message(out -> {
            out.writeByte(Wire.DONE);
            out.writeInt(count);
        });
    }

    private static byte[] answer(byte what) {
        return new byte[] {what};
    }

    /**
     * Answers a question.
     *
     * @throws IOException if it cannot be answered here
     */
    byte[] query(byte[] question) throws IOException {
        DataInputStream in = Wire.open(question);
        int version = in.readUnsignedByte();
        byte what = in.readByte();
        if (version > Wire.VERSION || what < Wire.LAST || what > Wire.LAST_SAVE_ID) {
            return answer(Wire.NOT_UNDERSTOOD);
        }
        String name = in.readUTF();
        return switch (what) {
            case Wire.LAST ->
                snapshot(locked(() -> Optional.ofNullable(group(name).last())));
            case Wire.NAMED -> {
                String wanted = in.readUTF();
                yield snapshot(locked(() -> Optional.ofNullable(group(name).named(wanted))));
            }
            case Wire.LIST -> list(name, in.readLong(), in.readInt());
            case Wire.COUNT -> {
                int count = locked(() -> group(name).snapshots.size());
                yield Wire.message(out -> {
                    out.writeByte(Wire.DONE);
                    out.writeInt(count);
                });
            }
            case Wire.LAST_SAVE_ID -> {
                Optional<Saved> last =
                        locked(() -> Optional.ofNullable(group(name).last()));
                yield Wire.message(out -> {
                    out.writeByte(last.isPresent() ? Wire.DONE : Wire.ABSENT);
                    out.writeUTF(last.map(Saved::saveId).orElse(""));
                });
            }
            case Wire.FILE -> file(ContentFile.readFrom(in));
            case Wire.CHUNKS -> chunks(name, Wire.readTexts(in));
            case Wire.PRESENT -> {
                List<String> ids = Wire.readTexts(in);
                List<String> present = locked(() ->
                        ids.stream().filter(group(name).chunks::containsKey).toList());
                yield Wire.message(out -> {
                    out.writeByte(Wire.DONE);
                    Wire.writeTexts(out, present);
                });
            }
            default -> chunkList(name, in.readUTF(), in.readInt());
        };
    }

    private interface Look<T> {
        T at();
    }

    private <T> T locked(Look<T> look) {
        lock.readLock().lock();
        try {
            return look.at();
        } finally {
            lock.readLock().unlock();
        }
    }

    private Group group(String name) {
        return groups.getOrDefault(name, NOTHING);
    }

    /** With its text where that is small; else who asks fetches the parts one by one. */
    private byte[] snapshot(Optional<Saved> found) throws IOException {
        if (found.isEmpty()) {
            return answer(Wire.ABSENT);
        }
        Saved saved = found.get();
        long length = saved.parts().stream().mapToLong(ContentFile::length).sum();
        List<byte[]> contents = new ArrayList<>();
        if (length <= Wire.MOST_BYTES) {
            for (ContentFile part : saved.parts()) {
                try {
                    contents.add(files.read(part));
                } catch (DamagedException | NoSuchFileException e) {
                    return damaged(saved.name(), e);
                }
            }
        }
        return Wire.message(out -> {
            out.writeByte(Wire.DONE);
            out.writeUTF(saved.line());
            out.writeInt(saved.parts().size());
            for (ContentFile part : saved.parts()) {
                part.writeTo(out);
            }
            out.writeInt(contents.size());
            for (byte[] content : contents) {
                Wire.writeBytes(out, content);
            }
        });
    }

    private static byte[] damaged(String name, IOException reason) {
        return Wire.message(out -> {
            out.writeByte(Wire.DAMAGED);
            out.writeUTF(name);
            out.writeUTF(
                    reason instanceof NoSuchFileException
                            ? reason.getMessage() + " is not there"
                            : reason.getMessage());
        });
    }

    private byte[] file(ContentFile file) throws IOException {
        try {
            byte[] content = files.read(file);
            return Wire.message(out -> {
                out.writeByte(Wire.DONE);
                Wire.writeBytes(out, content);
            });
        } catch (NoSuchFileException e) {
            return answer(Wire.ABSENT);
        } catch (DamagedException e) {
            return damaged(file.name(), e);
        }
    }

    private byte[] list(String name, long before, int limit) {
        List<Saved> page = locked(() -> group(name).snapshots.headMap(before, false).descendingMap().values().stream()
                .limit(limit)
                .toList());
        return Wire.message(out -> {
            out.writeByte(Wire.DONE);
            out.writeInt(page.size());
            for (Saved saved : page) {
                out.writeLong(saved.revision());
                out.writeUTF(saved.line());
            }
        });
    }

    /** As many of the chunks, in the order of the ids, as fit into an answer. */
    private byte[] chunks(String name, List<String> ids) throws IOException {
        Map<String, byte[]> contents = new TreeMap<>();
        int asked = 0;
        long bytes = 0;
        for (String id : ids) {
            Optional<Chunk> found = chunk(name, id);
            if (found.isPresent()) {
                Chunk chunk = found.get();
                if (bytes > 0 && bytes + chunk.file().length() > Wire.MOST_BYTES) {
                    break;
                }
                try {
                    contents.put(id, files.read(chunk.file()));
                } catch (NoSuchFileException e) {
                    if (found.equals(chunk(name, id))) {
                        return damaged(id, e);
                    }
                    // Put again or removed meanwhile: who asks does so again.
                    break;
                } catch (DamagedException e) {
                    return damaged(id, e);
                }
                bytes += chunk.file().length();
            }
            asked++;
        }
        int answered = asked;
        return Wire.message(out -> {
            out.writeByte(Wire.DONE);
            out.writeInt(answered);
            out.writeInt(contents.size());
            for (Map.Entry<String, byte[]> one : contents.entrySet()) {
                out.writeUTF(one.getKey());
                Wire.writeBytes(out, one.getValue());
            }
        });
    }

    private Optional<Chunk> chunk(String group, String id) {
        return locked(() -> Optional.ofNullable(group(group).chunks.get(id)));
    }

    private byte[] chunkList(String name, String after, int limit) {
        List<Map.Entry<String, Chunk>> page = locked(() -> {
            NavigableMap<String, Chunk> chunks = group(name).chunks;
            return chunks.tailMap(after, false).entrySet().stream()
                    .limit(limit)
                    .<Map.Entry<String, Chunk>>map(entry -> Map.entry(entry.getKey(), entry.getValue()))
                    .toList();
        });
        return Wire.message(out -> {
            out.writeByte(Wire.DONE);
            out.writeInt(page.size());
            for (Map.Entry<String, Chunk> chunk : page) {
                out.writeUTF(chunk.getKey());
                out.writeLong(chunk.getValue().putOn());
            }
        });
    }

    /** All that the state refers to. */
    List<ContentFile> allFiles() {
        return locked(() -> {
            List<ContentFile> all = new ArrayList<>();
            Consumer<ContentFile> add = all::add;
            groups.values().forEach(group -> group.eachFile(add));
            staged.values().forEach(one -> all.add(one.file()));
            return all;
        });
    }

    static Set<String> names(Collection<ContentFile> files) {
        Set<String> names = new HashSet<>();
        files.forEach(file -> names.add(file.name()));
        return names;
    }

    void writeTo(DataOutputStream out) throws IOException {
        lock.readLock().lock();
        try {
            out.writeInt(groups.size());
            for (Map.Entry<String, Group> group : groups.entrySet()) {
                out.writeUTF(group.getKey());
                group.getValue().writeTo(out);
            }
            out.writeInt(staged.size());
            for (Map.Entry<String, Staged> one : staged.entrySet()) {
                out.writeUTF(one.getKey());
                out.writeLong(one.getValue().on());
                one.getValue().file().writeTo(out);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Takes the place of what was there. */
    void readFrom(DataInputStream in) throws IOException {
        lock.writeLock().lock();
        try {
            groups.clear();
            staged.clear();
            for (int left = Wire.readCount(in); left > 0; left--) {
                groups.put(in.readUTF(), Group.readFrom(in));
            }
            for (int left = Wire.readCount(in); left > 0; left--) {
                staged.put(in.readUTF(), new Staged(in.readLong(), ContentFile.readFrom(in)));
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    void clear() {
        lock.writeLock().lock();
        try {
            groups.clear();
            staged.clear();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
