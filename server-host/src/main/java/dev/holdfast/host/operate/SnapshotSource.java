package dev.holdfast.host.operate;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The snapshots of one group as an operator reaches them: through a running host, or in a store with no host.
 *
 * <p>Failures of a store are {@link dev.holdfast.sdk.SnapshotStoreException}s. Used by one thread.
 */
public interface SnapshotSource {

    /**
     * Why {@link #list} may not tell all that there are, as a sentence: a host that is not attached to its store tells what
     * waits on its disk alone. Empty where it tells all.
     */
    default Optional<String> partial() {
        return Optional.empty();
    }

    /** Headers, the highest revision first, as {@link dev.holdfast.sdk.SnapshotSerializer#list} gives them. */
    SnapshotPage list(ListRequest request);

    /** All headers from the first page on, the highest revision first. */
    default Stream<SnapshotHeader> all() {
        return Stream.iterate(
                        Optional.of(list(ListRequest.firstPage(ListRequest.MOST))),
                        Optional::isPresent,
                        page -> page.flatMap(SnapshotPage::nextPageToken)
                                .map(token -> list(
                                        ListRequest.firstPage(ListRequest.MOST).page(token))))
                .flatMap(page -> page.get().headers().stream());
    }

    /** How many there are; empty if that is told only by listing them all. */
    OptionalLong count();

    /** @throws dev.holdfast.sdk.SnapshotNotFoundException if there is none of that name */
    Snapshot get(String name);

    /** The last one; empty if there is none. */
    Optional<Snapshot> last();

    /**
     * Removes one for good, readable or not.
     *
     * @throws dev.holdfast.sdk.SnapshotNotFoundException if there is none of that name
     * @throws RefusedException if it is the last one, or tagged
     */
    void delete(String name);

    /** Tags one, so that it stays; nothing happens if it is tagged. */
    void keep(String name);

    /** Takes the tag off; false if there was none. */
    boolean release(String name);
}
