package dev.holdfast.sdk;

import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * Where a serializer keeps what the models of its group have learned: in chunks, each under the SHA-256 of the piece of
 * state that it holds.
 *
 * <pre>
 *   put(chunks) ── put(chunks) ── save(a snapshot that refers to them)
 *
 *   list() ─▶ those that no snapshot refers to ─▶ delete(them, put before an hour ago)
 * </pre>
 *
 * <p>A chunk's id is 64 lower-case hexadecimal digits. Its content is the piece as the host packed it, which the store
 * neither reads nor checks: one id may come with different bytes at different times, all of which mean the same piece, and
 * the last one put is kept. Chunks of one group are not seen by another.
 *
 * <p>A chunk is seen whole or not at all, and after its {@link #put} has returned by every caller, in whichever process.
 * Failures are {@link StoreUnavailableException}s unless a method says otherwise; after one, some of the chunks of the
 * call may have been put or deleted. An id that breaks its rule is an {@link IllegalArgumentException}. Every method may
 * be called by several threads at once; after the serializer's close all of them throw {@link IllegalStateException}.
 */
public interface ChunkStore {

    /** The most bytes that the content of one chunk may have: at least 128 KiB, and the same for the store's whole life. */
    int maxChunkBytes();

    /**
     * Stores chunks durably: after this method has returned, they survive the loss of power. A chunk that is there already
     * is replaced, and counts as put now.
     *
     * @param chunks content by id; a host puts at most 16 MiB in one call
     * @throws IllegalArgumentException if one is larger than {@link #maxChunkBytes()}; nothing is stored then
     */
    void put(Map<String, byte[]> chunks);

    /**
     * The contents of chunks by id, those that are there; the others are left out.
     *
     * @param ids a host asks for at most 16 MiB in one call
     * @throws SnapshotCorruptException if what is stored cannot be a chunk
     */
    Map<String, byte[]> get(Collection<String> ids);

    /** Those of the ids under which no chunk is there. By default every chunk is read to find out. */
    default Set<String> missing(Collection<String> ids) {
        Set<String> there = get(ids).keySet();
        return ids.stream().filter(id -> !there.contains(id)).collect(Collectors.toSet());
    }

    /**
     * The chunks whose ids come after one, in the order of their ids, each with the moment when it was put last, by the
     * clock of whoever put it or of the store. Chunks put or deleted meanwhile are listed or not.
     *
     * @param after an id, or the empty string for the first chunks
     * @param limit 1 to 10,000
     * @return at most {@code limit} chunks; empty if, and only if, none comes after
     */
    SortedMap<String, Instant> list(String after, int limit);

    /**
     * Removes chunks, but none that was put at or after some moment: where a put and a removal of one chunk meet, the chunk
     * is there afterwards.
     *
     * @return how many were removed; an id without a chunk is no failure
     */
    int delete(Collection<String> ids, Instant putBefore);

    /**
     * Checks ids, as every method of a store does first.
     *
     * @throws IllegalArgumentException if one is not 64 lower-case hexadecimal digits
     */
    static void requireIds(Collection<String> ids) {
        for (String id : ids) {
            if (!Rules.isSha256(id)) {
                throw new IllegalArgumentException(
                        "Chunk id '" + Rules.printable(id) + "' must be 64 lower-case hexadecimal digits");
            }
        }
    }

    /**
     * Checks what is to be put, as every store does first.
     *
     * @param store the serializer's name, for the message
     * @throws IllegalArgumentException if an id breaks its rule, or a content has more bytes than the store takes
     */
    static void requireChunks(String store, Map<String, byte[]> chunks, int maxChunkBytes) {
        requireIds(chunks.keySet());
        chunks.forEach((id, content) -> {
            if (content.length > maxChunkBytes) {
                throw new IllegalArgumentException("Chunk " + id + " of " + content.length + " bytes is too large: "
                        + store + " takes up to " + maxChunkBytes);
            }
        });
    }
}
