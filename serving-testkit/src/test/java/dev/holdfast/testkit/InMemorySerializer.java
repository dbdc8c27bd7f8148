package dev.holdfast.testkit;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testkit.InMemoryStore.Stored;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The smallest serializer that keeps the contract, and, where its store has a {@link Fault}, one that breaks it. */
final class InMemorySerializer implements SnapshotSerializer {

    private static final Comparator<SnapshotHeader> NEWEST_FIRST =
            Comparator.comparingLong(SnapshotHeader::revision).reversed();

    private final InMemoryStore store;
    private final String group;
    private final List<Snapshot> pending = new ArrayList<>();
    private @Nullable Snapshot cached;
    private long highest = -1;
    private int saves;
    private boolean closed;

    InMemorySerializer(InMemoryStore store, String group) {
        this.store = store;
        this.group = group;
    }

    @Override
    public void save(Snapshot snapshot) {
        if (has(Fault.CHECKS_THEN_ACTS_WITHOUT_LOCK)) {
            synchronized (store) {
                requireMine(snapshot);
                if (!check(snapshot, store.group(group))) {
                    return;
                }
            }
            // Time for the threads that save at the same moment to check too, also on one processor.
            LockSupport.parkNanos(1_000_000);
            synchronized (store) {
                put(snapshot);
            }
            return;
        }
        synchronized (store) {
            requireMine(snapshot);
            if (has(Fault.SWALLOWS_INTERRUPT)) {
                Thread.interrupted();
            }
            try {
                if (!check(snapshot, store.group(group))) {
                    return;
                }
            } catch (SnapshotConflictException e) {
                if (has(Fault.CONFLICT_STILL_STORES)) {
                    put(snapshot);
                } else if (has(Fault.COMMITS_REFUSED_SAVES_ON_CLOSE)) {
                    pending.add(snapshot);
                }
                throw e;
            }
            saves++;
            if (has(Fault.COMMITS_ON_CLOSE)) {
                pending.add(snapshot);
            } else if (!has(Fault.LOSES_EVERY_FIFTH_SAVE) || saves % 5 != 0) {
                put(snapshot);
            }
        }
    }

    private void requireMine(Snapshot snapshot) {
        if (!has(Fault.SAVES_AFTER_CLOSE)) {
            requireOpen();
        }
        if (!snapshot.header().group().equals(group) && !has(Fault.TAKES_SNAPSHOTS_OF_OTHER_GROUPS)) {
            throw new IllegalArgumentException("Not a snapshot of group " + group);
        }
    }

    /** Whether the snapshot is to be stored; false if it is there already. */
    private boolean check(Snapshot snapshot, Map<String, Stored> stored) {
        SnapshotHeader header = snapshot.header();
        Stored sameName = stored.get(key(header.name()));
        if (sameName != null
                && sameName.header().saveId().equals(header.saveId())
                && !has(Fault.REPORTS_ITS_OWN_RETRY_AS_CONFLICT)) {
            return false;
        }
        if (sameName != null && !has(Fault.REPLACES_SAME_NAME)) {
            throw new SnapshotConflictException("There is a snapshot " + header.name());
        }
        long last = stored.values().stream()
                .mapToLong(one -> one.header().revision())
                .max()
                .orElse(-1);
        if (!has(Fault.DELETE_FREES_REVISION)) {
            last = Math.max(last, highest);
        }
        boolean taken = header.revision() == last && !has(Fault.IGNORES_SAME_REVISION)
                || header.revision() < last && !has(Fault.IGNORES_LOWER_REVISION);
        if (taken) {
            throw new SnapshotConflictException("Revision " + last + " is there");
        }
        if (!has(Fault.IGNORES_PREDECESSOR)) {
            requireFollowed(header, stored);
        }
        return true;
    }

    private void requireFollowed(SnapshotHeader header, Map<String, Stored> stored) {
        Optional<SnapshotHeader> newest =
                stored.values().stream().map(Stored::header).max(Comparator.comparingLong(SnapshotHeader::revision));
        if (newest.isEmpty() && has(Fault.FOLLOWS_ANYTHING_IN_AN_EMPTY_GROUP)) {
            return;
        }
        if (header.follows().isPresent() && !header.follows().equals(newest.map(SnapshotHeader::saveId))) {
            throw new SnapshotConflictException("Snapshot " + header.name() + " follows "
                    + header.follows().get() + ", and the newest one is "
                    + newest.map(SnapshotHeader::name).orElse("no snapshot at all"));
        }
    }

    private void put(Snapshot snapshot) {
        SnapshotHeader header = snapshot.header();
        byte[] text = snapshot.toBytes();
        if (has(Fault.KEEPS_TEXT_AS_UTF_8)) {
            text = snapshot.text().getBytes(StandardCharsets.UTF_8);
        } else if (has(Fault.STRIPS_TRAILING_NEWLINE) && text.length > 0 && text[text.length - 1] == '\n') {
            text = Arrays.copyOf(text, text.length - 1);
        } else if (has(Fault.CUTS_AT_ONE_MEGABYTE)) {
            text = Arrays.copyOf(text, Math.min(text.length, 1 << 20));
        }
        Map<String, String> values = new LinkedHashMap<>(header.toMap());
        if (has(Fault.CUTS_TIME_TO_SECONDS)) {
            values.put(
                    "createdOn",
                    header.createdOn().truncatedTo(ChronoUnit.SECONDS).toString());
        } else if (has(Fault.FORGETS_SAVE_ID)) {
            values.put("saveId", "none");
        }
        store.group(group).put(key(header.name()), new Stored(SnapshotHeader.fromMap(values), text));
        highest = Math.max(highest, header.revision());
    }

    @Override
    public Optional<Snapshot> getLast() {
        synchronized (store) {
            requireOpen();
            if (has(Fault.CACHES_LAST) && cached != null) {
                return Optional.of(cached);
            }
            List<Stored> newestFirst = new ArrayList<>(store.group(group).values());
            newestFirst.sort(Comparator.comparing(Stored::header, order()));
            for (Stored stored : newestFirst) {
                try {
                    cached = read(stored);
                    return Optional.of(cached);
                } catch (SnapshotCorruptException e) {
                    if (has(Fault.REPORTS_DAMAGE_AS_EMPTY)) {
                        return Optional.empty();
                    }
                    if (!has(Fault.SHOWS_OLDER_ONE_ON_DAMAGE)) {
                        throw e;
                    }
                }
            }
            return Optional.empty();
        }
    }

    private Comparator<SnapshotHeader> order() {
        if (has(Fault.ORDERS_BY_NAME)) {
            return Comparator.comparing(SnapshotHeader::name).reversed();
        }
        if (has(Fault.ORDERS_BY_TIME)) {
            return Comparator.comparing(SnapshotHeader::createdOn).reversed();
        }
        return NEWEST_FIRST;
    }

    private Snapshot read(Stored stored) {
        if (has(Fault.GIVES_DAMAGED_TEXT)) {
            return Snapshot.create(
                    SnapshotHeader.builder()
                            .name(stored.header().name())
                            .kind(stored.header().kind())
                            .createdOn(stored.header().createdOn())
                            .group(stored.header().group())
                            .revision(stored.header().revision())
                            .host(stored.header().host())
                            .modelCount(stored.header().modelCount())
                            .saveId(stored.header().saveId()),
                    stored.text());
        }
        return Snapshot.read(stored.header(), stored.text());
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        synchronized (store) {
            requireOpen();
            List<SnapshotHeader> all = new ArrayList<>();
            for (Stored stored : store.group(group).values()) {
                if (accepts(request, stored.header()) && !(has(Fault.HIDES_DAMAGED_FROM_LISTS) && damaged(stored))) {
                    all.add(stored.header());
                }
            }
            all.sort(has(Fault.LISTS_OLDEST_FIRST) ? order().reversed() : order());
            int start = request.pageToken().map(token -> start(token, all)).orElse(0);
            int end = Math.min(all.size(), start + request.limit());
            List<SnapshotHeader> page = all.subList(Math.min(start, end), end);
            if (end == all.size() || page.isEmpty() || has(Fault.ENDS_AFTER_FIRST_PAGE)) {
                return SnapshotPage.last(page);
            }
            long token =
                    has(Fault.PAGES_BY_OFFSET) ? end : page.get(page.size() - 1).revision();
            return SnapshotPage.of(page, "after-" + token);
        }
    }

    private int start(String token, List<SnapshotHeader> all) {
        if (!token.matches("after-[0-9]{1,19}")) {
            if (has(Fault.TAKES_ANY_PAGE_TOKEN)) {
                return 0;
            }
            throw new IllegalArgumentException("Page token '" + token + "' is not one of this serializer's");
        }
        long after = Long.parseLong(token.substring(6));
        if (has(Fault.PAGES_BY_OFFSET)) {
            return (int) after;
        }
        int start = 0;
        while (start < all.size() && all.get(start).revision() >= after) {
            start++;
        }
        if (has(Fault.DROPS_FIRST_OF_EACH_NEXT_PAGE)) {
            return start + 1;
        }
        return has(Fault.REPEATS_LAST_ON_NEXT_PAGE) && all.size() - start > 1 ? start - 1 : start;
    }

    private boolean accepts(ListRequest request, SnapshotHeader header) {
        if (has(Fault.IGNORES_KIND)) {
            return request.from()
                            .map(from -> !header.createdOn().isBefore(from))
                            .orElse(true)
                    && request.until()
                            .map(until -> header.createdOn().isBefore(until))
                            .orElse(true);
        }
        if (has(Fault.FROM_IS_EXCLUSIVE) && request.from().equals(Optional.of(header.createdOn()))) {
            return false;
        }
        if (has(Fault.UNTIL_IS_INCLUSIVE) && request.until().equals(Optional.of(header.createdOn()))) {
            return true;
        }
        return request.accepts(header);
    }

    private static boolean damaged(Stored stored) {
        try {
            Snapshot.read(stored.header(), stored.text());
            return false;
        } catch (SnapshotCorruptException e) {
            return true;
        }
    }

    @Override
    public Snapshot get(String name) {
        synchronized (store) {
            requireOpen();
            Stored stored = store.group(group).get(key(name));
            if (stored == null && !has(Fault.ABSENT_IS_NULL_POINTER)
                    || stored != null && has(Fault.REPORTS_DAMAGE_AS_NOT_FOUND) && damaged(stored)) {
                throw new SnapshotNotFoundException("Group " + group + " has no snapshot " + name);
            }
            return read(stored);
        }
    }

    @Override
    public boolean delete(String name) {
        synchronized (store) {
            requireOpen();
            if (has(Fault.DELETE_DOES_NOTHING)) {
                return store.group(group).containsKey(key(name));
            }
            boolean removed = store.group(group).remove(key(name)) != null;
            return removed || has(Fault.DELETE_ALWAYS_TRUE);
        }
    }

    @Override
    public OptionalLong count() {
        synchronized (store) {
            requireOpen();
            Collection<Stored> all = store.group(group).values();
            if (has(Fault.COUNTS_WHAT_CAN_BE_READ)) {
                return OptionalLong.of(
                        all.stream().filter(stored -> !damaged(stored)).count());
            }
            return OptionalLong.of(has(Fault.COUNTS_THE_HIGHEST_REVISION) ? Math.max(0, highest) : all.size());
        }
    }

    @Override
    public void close() {
        synchronized (store) {
            if (closed && has(Fault.SECOND_CLOSE_THROWS)) {
                throw new IllegalStateException("Closed already");
            }
            pending.forEach(this::put);
            pending.clear();
            closed = true;
            store.closedByOne = true;
        }
    }

    private String key(String name) {
        return has(Fault.IGNORES_CASE_OF_NAMES) ? name.toLowerCase(Locale.ROOT) : name;
    }

    private void requireOpen() {
        boolean seenAsClosed = has(Fault.CLOSE_CLOSES_ALL) ? store.closedByOne : closed;
        if (seenAsClosed && !has(Fault.SERVES_AFTER_CLOSE)) {
            throw new IllegalStateException("The serializer is closed");
        }
    }

    private boolean has(Fault fault) {
        return store.has(fault);
    }
}
