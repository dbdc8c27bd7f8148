package dev.holdfast.host.state;

import dev.holdfast.host.state.ChunkList.Entry;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A state in the store, with what a host needs to store only the differences of the next one: where each piece begins, and
 * which chunks the store has. About 150 bytes for each chunk; immutable.
 *
 * <p>Its chunks need no check: this host has written or read each of them, and no chunk that the group's last snapshot refers
 * to is ever removed.
 */
public final class StoredState {

    /** No state: everything has to be stored. */
    public static final StoredState NONE = new StoredState(Optional.empty(), 0, Map.of(), Set.of());

    private final Optional<StateReference> reference;
    private final long capture;
    private final Map<String, Layout> parts;
    private final Set<String> chunks;

    /** @param capture the number of the capture that was stored; 0 if it is not one of this process */
    StoredState(Optional<StateReference> reference, long capture, Map<String, List<Entry>> parts, Set<String> chunks) {
        this.reference = reference;
        this.capture = capture;
        this.parts = new HashMap<>();
        parts.forEach((name, entries) -> this.parts.put(name, Layout.of(entries)));
        this.chunks = chunks;
    }

    /** The pieces of one part by where they begin. */
    @SuppressWarnings("ArrayRecordComponent") // Private and never compared.
    private record Layout(long[] offsets, List<Entry> entries) {

        static Layout of(List<Entry> entries) {
            long[] offsets = new long[entries.size()];
            long offset = 0;
            for (int i = 0; i < offsets.length; i++) {
                offsets[i] = offset;
                offset += entries.get(i).length();
            }
            return new Layout(offsets, entries);
        }
    }

    /** Empty for {@link #NONE}. */
    public Optional<StateReference> reference() {
        return reference;
    }

    long capture() {
        return capture;
    }

    Set<String> chunks() {
        return chunks;
    }

    boolean has(String chunk) {
        return chunks.contains(chunk);
    }

    /** The piece of a part that began at an offset. */
    Optional<Entry> pieceAt(String part, long offset) {
        Layout layout = parts.get(part);
        if (layout == null) {
            return Optional.empty();
        }
        int index = Arrays.binarySearch(layout.offsets(), offset);
        return index < 0 ? Optional.empty() : Optional.of(layout.entries().get(index));
    }
}
