package dev.holdfast.host.plugins.torchserve;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store that may lose what it took, made up for by this host's own copies.
 *
 * <pre>
 *   save    ──▶ the store; the keeper puts a copy into the journal beside it, and acknowledges when both have it
 *   getLast ──▶ the one of the two with the higher revision; one of TorchServe's own, if it is the younger, as the next one
 * </pre>
 *
 * <p>An ordinary store needs none of this: there, an older last snapshot is the truth, and a copy stands in only while the
 * store cannot be read. Here the copies replace what the store forgets; they are the newest few.
 */
public final class RememberingStore implements SnapshotSerializer {

    private static final Logger log = LoggerFactory.getLogger(RememberingStore.class);

    private final String name;
    private final SnapshotSerializer store;
    private final Supplier<List<Snapshot>> copies;
    /** The last message about the store, so that it is not repeated at every look. */
    private final AtomicReference<String> said = new AtomicReference<>("");

    /**
     * @param name the store's, for the log
     * @param store closed by {@link #close}
     * @param copies what the journal keeps of what was saved here or read, the newest first
     */
    public RememberingStore(String name, SnapshotSerializer store, Supplier<List<Snapshot>> copies) {
        this.name = name;
        this.store = store;
        this.copies = copies;
    }

    @Override
    public void save(Snapshot snapshot) {
        store.save(snapshot);
    }

    @Override
    public Optional<Snapshot> getLast() {
        // In this order: what a save adds between the two, the store has first.
        Optional<Snapshot> kept = copies.get().stream().findFirst();
        Optional<Snapshot> stored = store.getLast();
        if (kept.isEmpty() || revision(stored) >= revision(kept)) {
            return stored;
        }
        Optional<Snapshot> foreign = stored.filter(last -> last.header().revision() == 0
                && last.header().createdOn().isAfter(kept.get().header().createdOn()));
        if (foreign.isPresent()) {
            return Optional.of(after(kept.get(), foreign.get()));
        }
        String what = stored.map(last -> "is " + last.header().name() + ", revision "
                        + last.header().revision())
                .orElse("is none");
        SnapshotHeader header = kept.get().header();
        if (!said.getAndSet(what + header.name()).equals(what + header.name())) {
            log.warn(
                    "The last snapshot that store {} gives {}, yet this host saved {} there, revision {}: going on from its own"
                            + " copy of that one",
                    name,
                    what,
                    header.name(),
                    header.revision());
        }
        return kept;
    }

    /** A snapshot that TorchServe saved has no revision, so it gets the next one; its time alone says that it is newer. */
    private Snapshot after(Snapshot kept, Snapshot foreign) {
        SnapshotHeader header = foreign.header();
        if (!said.getAndSet(header.name()).equals(header.name())) {
            log.info(
                    "TorchServe saved {} in store {} after this host saved {}: going on from there",
                    header.name(),
                    name,
                    kept.header().name());
        }
        return Snapshot.create(
                SnapshotHeader.builder()
                        .name(header.name())
                        .kind(header.kind())
                        .createdOn(header.createdOn())
                        .group(header.group())
                        .revision(kept.header().revision() + 1)
                        .host(header.host())
                        .modelCount(header.modelCount())
                        .saveId(header.saveId()),
                foreign.toBytes());
    }

    private static long revision(Optional<Snapshot> snapshot) {
        return snapshot.map(it -> it.header().revision()).orElse(-1L);
    }

    /** Those of the store and the copies, the newest first. The token of a page is the revision of its last entry. */
    @Override
    public SnapshotPage list(ListRequest request) {
        long before = request.pageToken().map(RememberingStore::parse).orElse(Long.MAX_VALUE);
        Map<String, SnapshotHeader> all = new TreeMap<>();
        Stream.concat(
                        copies.get().stream().map(Snapshot::header),
                        store.list(ListRequest.firstPage(ListRequest.MOST)).headers().stream())
                .forEach(header -> all.put(header.name(), header));
        List<SnapshotHeader> rest = all.values().stream()
                .filter(header -> header.revision() < before && request.accepts(header))
                .sorted(Comparator.comparingLong(SnapshotHeader::revision).reversed())
                .toList();
        if (rest.size() <= request.limit()) {
            return SnapshotPage.last(rest);
        }
        List<SnapshotHeader> page = rest.subList(0, request.limit());
        return SnapshotPage.of(
                page, PageToken.of(Long.toString(page.get(page.size() - 1).revision())));
    }

    private static long parse(String token) {
        try {
            return Long.parseLong(PageToken.place(token));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("Page token '" + token + "' is not one that this store gave", e);
        }
    }

    @Override
    public Snapshot get(String wanted) {
        try {
            return store.get(wanted);
        } catch (SnapshotNotFoundException | SnapshotCorruptException e) {
            return copies.get().stream()
                    .filter(copy -> copy.header().name().equals(wanted))
                    .findFirst()
                    .orElseThrow(() -> e);
        }
    }

    @Override
    public boolean delete(String unwanted) {
        return store.delete(unwanted);
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return store.chunks();
    }

    @Override
    public void close() {
        store.close();
    }
}
