package ${package};

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The snapshots of one group as a row of records, numbered 1, 2, 3, ... without a gap, revisions rising.
 *
 * <pre>
 *   place   1      2      3      4
 *           r=1    r=2    r=5    (free: whoever gets its record in here has the next snapshot)
 * </pre>
 *
 * <p>A record is a line with the header and, behind it, the text's bytes. Hosts that save at the same time all try
 * for the one free place, and the store lets one of them have it; so there is no lock, and nothing to mend after a
 * crash. A deleted snapshot leaves its line at its place, for a gap would hide what is behind it. Any store will do
 * that can put a record only where none is, and reads what was written last: {@link ${className}Client} is the part to
 * change. Nobody else may remove records: what is behind a gap is not seen.
 */
final class ${className}Serializer implements SnapshotSerializer {

    private static final String DELETED = " deleted=true";

    /** More often than hosts can be faster; a store that shows old answers would keep us here for ever. */
    private static final int MOST_TRIES = 100;

    private final String group;
    private final ${className}Client client;
    /** Where each name is, of the places 1 to {@code known}: a memory of what does not change. */
    private final Map<String, Long> places = new HashMap<>();

    private long known;
    private volatile boolean closed;

    ${className}Serializer(String group, ${className}Client client) {
        this.group = group;
        this.client = client;
    }

    @Override
    public void save(Snapshot snapshot) {
        requireOpen();
        SnapshotHeader header = snapshot.header();
        header.requireGroup(group);
        byte[] record = record(header.toLine(), snapshot.toBytes());
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            long last = lastPlace();
            Optional<Entry> ofName = find(header.name());
            if (ofName.isPresent()) {
                // The save-id in the header tells this very save, whose answer was lost, from another one.
                if (ofName.get().header().equals(header) && client.putIfAbsent(ofName.get().place(), record)) {
                    return;
                }
                throw SnapshotConflictException.ofName(header);
            }
            long highest = highestRevision(last);
            if (highest >= header.revision()) {
                throw SnapshotConflictException.ofRevision(header, highest);
            }
            requireFollowed(header, last);
            if (client.putIfAbsent(last + 1, record)) {
                return;
            }
            // Another host was faster, and what was looked at above is no longer so.
        }
        throw new StoreUnavailableException(client + " says that the place after the last one is taken, and does not"
                + " show what is there; it must read what was written last");
    }

    @Override
    public Optional<Snapshot> getLast() {
        requireOpen();
        for (long place = lastPlace(); place > 0; place--) {
            Optional<Snapshot> snapshot = read(place);
            if (snapshot.isPresent()) {
                return snapshot;
            }
        }
        return Optional.empty();
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        requireOpen();
        long free = lastPlace() + 1;
        long place = request.pageToken()
                .map(token -> Math.min(free, Long.parseLong(PageToken.place(token))))
                .orElse(free);
        List<SnapshotHeader> headers = new ArrayList<>();
        while (--place > 0) {
            Optional<Entry> entry = entry(place);
            if (entry.isEmpty() || entry.get().deleted() || !request.accepts(entry.get().header())) {
                continue;
            }
            if (headers.size() == request.limit()) {
                return SnapshotPage.of(headers, PageToken.of(Long.toString(place + 1)));
            }
            headers.add(entry.get().header());
        }
        return SnapshotPage.last(headers);
    }

    @Override
    public Snapshot get(String name) {
        requireOpen();
        return find(name).flatMap(entry -> read(entry.place()))
                .orElseThrow(() -> SnapshotNotFoundException.of(name, client.toString()));
    }

    @Override
    public boolean delete(String name) {
        requireOpen();
        Optional<Entry> entry = find(name);
        entry.ifPresent(there -> client.replace(
                there.place(), record(there.header().toLine() + DELETED, new byte[0])));
        return entry.isPresent();
    }

    @Override
    public void removeEmptyGroup() {
        requireOpen();
        long last = lastPlace();
        for (long place = 1; place <= last; place++) {
            if (entry(place).filter(Entry::deleted).isEmpty()) {
                return; // a snapshot, or what cannot be read and so may be one
            }
        }
        client.remove(last);
    }

    @Override
    public void close() {
        closed = true;
        client.close();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The serializer is closed");
        }
    }

    /** The last place that is taken, 0 if none is; by doubling and halving, so that a million cost forty looks. */
    private long lastPlace() {
        long free = 1;
        while (client.firstLine(free).isPresent()) {
            free *= 2;
        }
        long taken = free / 2;
        while (free - taken > 1) {
            long between = (taken + free) >>> 1;
            if (client.firstLine(between).isPresent()) {
                taken = between;
            } else {
                free = between;
            }
        }
        return taken;
    }

    /** The revision of the last record, also of a deleted one, whose revision stays taken; -1 if there is none. */
    private long highestRevision(long last) {
        for (long place = last; place > 0; place--) {
            Optional<Entry> entry = entry(place);
            if (entry.isPresent()) {
                return entry.get().header().revision();
            }
        }
        return -1;
    }

    /**
     * That the newest snapshot is the one that the header names as its predecessor. Looked at before the next place is
     * taken, which fails where another host was faster: so between the two nothing can come in.
     */
    private void requireFollowed(SnapshotHeader header, long last) {
        if (header.follows().isEmpty()) {
            return;
        }
        String follows = "Snapshot " + header.name() + " follows save-id "
                + header.follows().get() + ", and the newest one in " + client + " is ";
        for (long place = last; place > 0; place--) {
            Optional<Entry> entry = entry(place);
            if (entry.isEmpty()) {
                return; // a damaged line, which does not tell its save-id: the revision alone decides
            }
            SnapshotHeader newest = entry.get().header();
            if (!entry.get().deleted()) {
                if (newest.saveId().equals(header.follows().get())) {
                    return;
                }
                throw new SnapshotConflictException(follows + newest.name() + " of revision " + newest.revision()
                        + ", save-id " + newest.saveId());
            }
        }
        throw new SnapshotConflictException(follows + "no snapshot at all");
    }

    /** The snapshot of a name, unless it is deleted. Reads the headers that came since the last call. */
    private synchronized Optional<Entry> find(String name) {
        for (long last = lastPlace(); known < last; known++) {
            entry(known + 1).ifPresent(entry -> places.put(entry.header().name(), entry.place()));
        }
        return Optional.ofNullable(places.get(name)).flatMap(this::entry).filter(entry -> !entry.deleted());
    }

    /** What the line of a place says; empty if it is damaged. */
    private Optional<Entry> entry(long place) {
        return client.firstLine(place).flatMap(line -> {
            try {
                return Optional.of(new Entry(place, SnapshotHeader.fromLine(line), line.endsWith(DELETED)));
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        });
    }

    private record Entry(long place, SnapshotHeader header, boolean deleted) {}

    /** The snapshot of a place, checked; empty if it is deleted. */
    private Optional<Snapshot> read(long place) {
        byte[] record = client.get(place).orElse(new byte[0]);
        int end = 0;
        while (end < record.length && record[end] != '\n') {
            end++;
        }
        String line = new String(record, 0, end, StandardCharsets.UTF_8);
        if (line.endsWith(DELETED)) {
            return Optional.empty();
        }
        SnapshotHeader header = SnapshotHeader.fromLine(line, "record " + place + " of " + client);
        byte[] text = new byte[Math.max(0, record.length - end - 1)];
        System.arraycopy(record, record.length - text.length, text, 0, text.length);
        return Optional.of(Snapshot.read(header, text));
    }

    private static byte[] record(String line, byte[] text) {
        byte[] start = (line + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] record = new byte[start.length + text.length];
        System.arraycopy(start, 0, record, 0, start.length);
        System.arraycopy(text, 0, record, start.length, text.length);
        return record;
    }
}
