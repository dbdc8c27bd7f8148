package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The snapshots of one group of a fleet.
 *
 * <p>A save is one entry of the replicated log, and whether it conflicts is decided where the entry is applied, so by every
 * peer alike. The parts of a text that is too long for an entry come before it; a save whose parts are not there is refused,
 * and sent again with them.
 */
final class RaftSnapshotSerializer implements SnapshotSerializer {

    /** A part of a text; what is left of it goes with the save. */
    private static final int PART_BYTES = 1 << 20;

    private final String group;
    private final String place;
    private final Calls calls;
    private final Optional<Peer> peer;
    private final Clock clock;
    private final RaftChunkStore chunks;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicReference<Runnable> letGo = new AtomicReference<>(() -> {});

    RaftSnapshotSerializer(String group, String place, Calls calls, Optional<Peer> peer, Clock clock) {
        this.group = group;
        this.place = place;
        this.calls = calls;
        this.peer = peer;
        this.clock = clock;
        this.chunks = new RaftChunkStore(group, place, calls, clock, this::requireOpen);
    }

    @Override
    public void save(Snapshot snapshot) {
        saveAll(List.of(snapshot));
    }

    /** As many as an entry takes go in one entry. */
    @Override
    public void saveAll(List<Snapshot> snapshots) {
        requireOpen();
        snapshots.forEach(snapshot -> snapshot.header().requireGroup(group));
        long end = calls.newDeadline();
        List<Snapshot> together = new ArrayList<>();
        long bytes = 0;
        for (Snapshot snapshot : snapshots) {
            // The header is below 2 KB.
            long more = Math.min(snapshot.header().size(), PART_BYTES) + 2048;
            if (!together.isEmpty() && bytes + more > Wire.MOST_BYTES) {
                saveTogether(together, end);
                together.clear();
                bytes = 0;
            }
            together.add(snapshot);
            bytes += more;
        }
        if (!together.isEmpty()) {
            saveTogether(together, end);
        }
    }

    private void saveTogether(List<Snapshot> snapshots, long end) {
        SnapshotHeader first = snapshots.get(0).header();
        String failure = "Snapshot " + first.name()
                + (snapshots.size() == 1 ? "" : " and the " + (snapshots.size() - 1) + " after it")
                + " could not be saved in " + place;
        for (int attempt = 1; ; attempt++) {
            for (Snapshot snapshot : snapshots) {
                stage(snapshot, failure, end);
            }
            byte answer = saved(snapshots, failure, end);
            if (answer != Wire.PARTS_MISSING) {
                return;
            }
            if (attempt == 2) {
                throw new StoreUnavailableException(failure + ": the peers have dropped the parts of its text, which"
                        + " happens after an hour by the clocks of the hosts; compare their clocks");
            }
        }
    }

    /** Sends all of a long text but its last part. */
    private void stage(Snapshot snapshot, String failure, long end) {
        int parts = stagedParts(snapshot);
        if (parts == 0) {
            return;
        }
        byte[] text = snapshot.toBytes();
        for (int number = 0; number < parts; number++) {
            int part = number;
            calls.change(failure, end, Wire.request(Wire.STAGE, out -> {
                out.writeLong(clock.millis());
                out.writeUTF(snapshot.header().saveId());
                out.writeInt(part);
                Wire.writeBytes(out, Arrays.copyOfRange(text, part * PART_BYTES, (part + 1) * PART_BYTES));
            }));
        }
    }

    private static int stagedParts(Snapshot snapshot) {
        return (int) (Math.max(0, snapshot.header().size() - 1) / PART_BYTES);
    }

    private byte saved(List<Snapshot> snapshots, String failure, long end) {
        byte[] change = Wire.request(Wire.SAVE, out -> {
            out.writeLong(clock.millis());
            out.writeUTF(group);
            out.writeInt(snapshots.size());
            for (Snapshot snapshot : snapshots) {
                write(snapshot, out);
            }
        });
        return read(calls.change(failure, end, change), in -> {
            byte answer = in.readByte();
            switch (answer) {
                case Wire.DONE, Wire.PARTS_MISSING -> {
                    return answer;
                }
                case Wire.NAME_TAKEN -> throw SnapshotConflictException.ofName(named(snapshots, in.readUTF()));
                case Wire.REVISION_TAKEN ->
                    throw SnapshotConflictException.ofRevision(named(snapshots, in.readUTF()), in.readLong());
                case Wire.NOT_FOLLOWED -> throw notFollowed(named(snapshots, in.readUTF()), in);
                default -> throw notUnderstood(answer);
            }
        });
    }

    private static void write(Snapshot snapshot, DataOutputStream out) throws IOException {
        SnapshotHeader header = snapshot.header();
        out.writeUTF(header.name());
        out.writeLong(header.revision());
        out.writeUTF(header.saveId());
        out.writeUTF(header.follows().orElse(""));
        out.writeUTF(header.toLine());
        int staged = stagedParts(snapshot);
        out.writeInt(staged);
        byte[] text = snapshot.toBytes();
        Wire.writeBytes(out, Arrays.copyOfRange(text, staged * PART_BYTES, text.length));
    }

    private static SnapshotHeader named(List<Snapshot> snapshots, String name) {
        return snapshots.stream()
                .map(Snapshot::header)
                .filter(header -> header.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new StoreUnavailableException(
                        "A peer answered for snapshot '" + Text.printable(name) + "', which it was not asked to save"));
    }

    private SnapshotConflictException notFollowed(SnapshotHeader header, DataInputStream in) throws IOException {
        String newest = in.readUTF();
        long revision = in.readLong();
        String saveId = in.readUTF();
        return new SnapshotConflictException("Snapshot " + header.name() + " follows save-id "
                + header.follows().orElse("") + ", and "
                + (newest.isEmpty()
                        ? "group " + group + " of " + place + " has no snapshot"
                        : "the newest one of group " + group + " of " + place + " is " + newest + " of revision "
                                + revision + ", save-id " + saveId));
    }

    @Override
    public Optional<Snapshot> getLast() {
        requireOpen();
        return snapshot(
                "The last snapshot could not be read from " + place,
                Wire.request(Wire.LAST, out -> out.writeUTF(group)));
    }

    @Override
    public Optional<String> lastSaveId() {
        requireOpen();
        DataInputStream answer = calls.ask(
                "The last snapshot could not be looked at in " + place,
                calls.newDeadline(),
                Wire.request(Wire.LAST_SAVE_ID, out -> out.writeUTF(group)));
        return read(answer, in -> {
            byte what = in.readByte();
            if (what == Wire.ABSENT) {
                return Optional.empty();
            }
            requireDone(what);
            return Optional.of(in.readUTF());
        });
    }

    /** This host's own peer tells, when it has applied the save; a client has none. */
    @Override
    public void onSave(Runnable told) {
        requireOpen();
        peer.ifPresent(own -> letGo.getAndSet(own.onSave(told)).run());
    }

    @Override
    public Snapshot get(String name) {
        requireOpen();
        if (!SnapshotHeader.isName(name)) {
            throw SnapshotNotFoundException.of(name, place);
        }
        return snapshot("Snapshot " + name + " could not be read from " + place, Wire.request(Wire.NAMED, out -> {
                    out.writeUTF(group);
                    out.writeUTF(name);
                }))
                .orElseThrow(() -> SnapshotNotFoundException.of(name, "group " + group + " of " + place));
    }

    /** What a peer says of a snapshot: its parts, and their contents where those are small. */
    private record Found(String line, List<ContentFile> parts, ByteArrayOutputStream contents) {}

    private Optional<Snapshot> snapshot(String failure, byte[] question) {
        long end = calls.newDeadline();
        while (true) {
            Optional<Found> found = read(calls.ask(failure, end, question), this::found);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            SnapshotHeader header = SnapshotHeader.fromLine(found.get().line(), place);
            Snapshot.requireBounded(header);
            if (fetched(found.get(), header, failure, end)) {
                return Optional.of(Snapshot.read(header, found.get().contents().toByteArray()));
            }
            // Removed while its parts were fetched: asked again, there is none, or another one.
        }
    }

    private Optional<Found> found(DataInputStream in) throws IOException {
        byte answer = in.readByte();
        if (answer == Wire.ABSENT) {
            return Optional.empty();
        }
        if (answer == Wire.DAMAGED) {
            throw new SnapshotCorruptException(
                    "Snapshot " + in.readUTF() + " is damaged on the peer that leads: " + in.readUTF()
                            + "; let another peer lead, or let this one join the fleet again with an empty directory");
        }
        requireDone(answer);
        Found found = new Found(in.readUTF(), new ArrayList<>(), new ByteArrayOutputStream());
        for (int left = Wire.readCount(in); left > 0; left--) {
            found.parts().add(ContentFile.readFrom(in));
        }
        for (int left = Wire.readCount(in); left > 0; left--) {
            found.contents().write(Wire.readBytes(in));
        }
        return Optional.of(found);
    }

    /** @return false if a part is not there any more */
    private boolean fetched(Found found, SnapshotHeader header, String failure, long end) {
        long length = found.parts().stream().mapToLong(ContentFile::length).sum();
        if (length > Snapshot.MOST_BYTES) {
            throw new SnapshotCorruptException("Snapshot " + header.name() + " is damaged: its parts have " + length
                    + " bytes, more than a snapshot may have");
        }
        if (found.contents().size() == length) {
            return true;
        }
        for (ContentFile part : found.parts()) {
            byte[] question = Wire.request(Wire.FILE, out -> {
                out.writeUTF(group);
                part.writeTo(out);
            });
            boolean there = read(calls.ask(failure, end, question), in -> {
                byte answer = in.readByte();
                if (answer == Wire.ABSENT) {
                    return false;
                }
                if (answer == Wire.DAMAGED) {
                    in.readUTF();
                    throw new SnapshotCorruptException(
                            "Snapshot " + header.name() + " is damaged on the peer that leads: " + in.readUTF());
                }
                requireDone(answer);
                found.contents().write(Wire.readBytes(in));
                return true;
            });
            if (!there) {
                return false;
            }
        }
        return true;
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        requireOpen();
        String failure = "The snapshots in " + place + " could not be listed";
        long end = calls.newDeadline();
        long before = request.pageToken().map(RaftSnapshotSerializer::revision).orElse(Long.MAX_VALUE);
        List<SnapshotHeader> headers = new ArrayList<>();
        while (true) {
            long from = before;
            // One more than are needed, to know whether there is a next page.
            int wanted = request.limit() - headers.size() + 1;
            byte[] question = Wire.request(Wire.LIST, out -> {
                out.writeUTF(group);
                out.writeLong(from);
                out.writeInt(wanted);
            });
            List<Line> lines = read(calls.ask(failure, end, question), RaftSnapshotSerializer::lines);
            for (Line line : lines) {
                if (headers.size() == request.limit()) {
                    return SnapshotPage.of(headers, PageToken.of(Long.toString(before)));
                }
                before = line.revision();
                line.header(place).filter(request::accepts).ifPresent(headers::add);
            }
            if (lines.size() < wanted) {
                return SnapshotPage.last(headers);
            }
        }
    }

    private record Line(long revision, String text) {

        /** Empty where it cannot be read: such a one is not listed. */
        Optional<SnapshotHeader> header(String place) {
            try {
                return Optional.of(SnapshotHeader.fromLine(text, place));
            } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
                return Optional.empty();
            }
        }
    }

    private static List<Line> lines(DataInputStream in) throws IOException {
        requireDone(in.readByte());
        List<Line> lines = new ArrayList<>();
        for (int left = Wire.readCount(in); left > 0; left--) {
            lines.add(new Line(in.readLong(), in.readUTF()));
        }
        return lines;
    }

    /** The revision that a page ended with. */
    private static long revision(String token) {
        try {
            return Long.parseLong(PageToken.place(token));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "Page token '" + Text.printable(token) + "' is not one that serializer raft gave", e);
        }
    }

    @Override
    public boolean delete(String name) {
        requireOpen();
        if (!SnapshotHeader.isName(name)) {
            return false;
        }
        byte[] change = Wire.request(Wire.DELETE, out -> {
            out.writeLong(clock.millis());
            out.writeUTF(group);
            out.writeUTF(name);
        });
        DataInputStream answer =
                calls.change("Snapshot " + name + " could not be removed from " + place, calls.newDeadline(), change);
        return read(answer, in -> in.readByte() == Wire.DONE);
    }

    @Override
    public OptionalLong count() {
        requireOpen();
        DataInputStream answer = calls.ask(
                "The snapshots in " + place + " could not be counted",
                calls.newDeadline(),
                Wire.request(Wire.COUNT, out -> out.writeUTF(group)));
        return OptionalLong.of(read(answer, in -> {
            requireDone(in.readByte());
            return in.readInt();
        }));
    }

    @Override
    public void removeEmptyGroup() {
        requireOpen();
        byte[] change = Wire.request(Wire.REMOVE_GROUP, out -> {
            out.writeLong(clock.millis());
            out.writeUTF(group);
        });
        calls.change("Group " + group + " could not be removed from " + place, calls.newDeadline(), change);
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return Optional.of(chunks);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            letGo.getAndSet(() -> {}).run();
            try {
                calls.close();
            } finally {
                peer.ifPresent(Peer::close);
            }
        }
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("The serializer of group " + group + " of " + place + " is closed");
        }
    }

    /** Reads an answer. */
    interface Reader<T> {
        T of(DataInputStream in) throws IOException;
    }

    static <T> T read(DataInputStream answer, Reader<T> reader) {
        try {
            return reader.of(answer);
        } catch (IOException e) {
            throw new StoreUnavailableException(
                    "A peer's answer cannot be read: " + Text.reason(e) + "; run the same version on all hosts", e);
        }
    }

    static void requireDone(byte answer) {
        if (answer != Wire.DONE) {
            throw notUnderstood(answer);
        }
    }

    private static StoreUnavailableException notUnderstood(byte answer) {
        return new StoreUnavailableException("A peer answered " + answer
                + ", which is no answer to what it was asked; run the same version on all hosts");
    }
}
