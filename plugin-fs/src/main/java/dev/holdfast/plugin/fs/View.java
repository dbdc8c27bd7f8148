package dev.holdfast.plugin.fs;

import java.io.Closeable;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The snapshots of a directory at one moment, lowest revision first. It may name some that are gone since, and says only
 * where to look: what a snapshot is, its file says.
 */
interface View extends Closeable {

    int size();

    /** The n-th, from 0 up. */
    Entry entry(int index) throws IOException;

    /** The names of files that were snapshots and have lost their last line, and with it their place in the order. */
    Set<String> unreadable();

    /** The names of files of which nobody could tell what they are, because they could not be read. */
    default Set<String> inaccessible() {
        return Set.of();
    }

    /** All names whose place in the order only the name itself tells. */
    default Set<String> withoutHeader() {
        if (inaccessible().isEmpty()) {
            return unreadable();
        }
        Set<String> all = new HashSet<>(unreadable());
        all.addAll(inaccessible());
        return all;
    }

    /** Whether it comes from the index, so that the index is right. */
    boolean indexed();

    /** Whether it is still right for a directory that has this stamp now; false where that cannot be told. */
    default boolean holds(Stamp now) {
        return false;
    }

    @Override
    void close() throws IOException;

    /** How many entries come before {@code key} in the order. */
    default int indexOf(Entry key) throws IOException {
        int low = 0;
        int high = size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (entry(middle).compareTo(key) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** A view held in memory. */
    record Scanned(List<Entry> entries, Set<String> unreadable, Set<String> inaccessible) implements View {

        @Override
        public int size() {
            return entries.size();
        }

        @Override
        public Entry entry(int index) {
            return entries.get(index);
        }

        @Override
        public boolean indexed() {
            return false;
        }

        @Override
        public void close() {}
    }
}
