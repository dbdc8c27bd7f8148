package dev.holdfast.host.keeper;

import dev.holdfast.host.journal.Entry;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The snapshots that a running host has to show: those of its store, and those of its journal. */
record SnapshotReader(SnapshotSerializer store, Journal journal, StoreAttachment standing) {

    SnapshotPage list(ListRequest request) {
        return standing.isAttached() ? store.list(request) : waiting(request);
    }

    /** Those that wait, newest first; the token of a page is the sequence of its last entry. */
    private SnapshotPage waiting(ListRequest request) {
        long before = request.pageToken().map(SnapshotReader::sequence).orElse(Long.MAX_VALUE);
        List<Entry> rest = new ArrayList<>(journal.pending());
        rest.removeIf(entry -> entry.sequence() >= before || !request.accepts(entry.header()));
        Collections.reverse(rest);
        List<Entry> page = rest.subList(0, Math.min(rest.size(), request.limit()));
        List<SnapshotHeader> headers = page.stream().map(Entry::header).toList();
        return page.size() == rest.size()
                ? SnapshotPage.last(headers)
                : SnapshotPage.of(
                        headers,
                        PageToken.of(Long.toString(page.get(page.size() - 1).sequence())));
    }

    private static long sequence(String token) {
        try {
            return Long.parseLong(PageToken.place(token));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("Page token '" + token + "' is not one that this host gave", e);
        }
    }

    /** What lies aside under a name comes first, as where it is deleted: the store may have another one of that name. */
    Snapshot get(String name) {
        if (journal.aside().stream().anyMatch(header -> header.name().equals(name))) {
            return journal.aside(name);
        }
        Optional<Snapshot> waits = waiting(name);
        if (!standing.isAttached() && waits.isPresent()) {
            return waits.get();
        }
        try {
            return store.get(name);
        } catch (SnapshotNotFoundException e) {
            return waits.orElseThrow(() -> e);
        } catch (StoreUnavailableException e) {
            return waits.or(() -> copy(name)).orElseThrow(() -> e);
        }
    }

    private Optional<Snapshot> copy(String name) {
        return journal.copies().stream()
                .filter(copy -> copy.header().name().equals(name))
                .findFirst();
    }

    private Optional<Snapshot> waiting(String name) {
        return journal.pending().stream()
                .filter(entry -> entry.header().name().equals(name))
                .findFirst()
                .map(journal::read);
    }

    /**
     * Whether there is a snapshot of this name where the host writes now, readable or not; a store that does not answer has
     * none. A store to which the host is not attached is not asked: every change would wait for its answer.
     */
    boolean has(String name) {
        if (!standing.isAttached()) {
            return journal.pending().stream()
                    .anyMatch(entry -> entry.header().name().equals(name));
        }
        try {
            store.get(name);
            return true;
        } catch (SnapshotNotFoundException | StoreUnavailableException e) {
            return false;
        } catch (SnapshotStoreException e) {
            return true;
        }
    }
}
