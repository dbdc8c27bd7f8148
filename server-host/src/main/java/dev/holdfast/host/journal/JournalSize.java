package dev.holdfast.host.journal;

/**
 * How full a journal is.
 *
 * @param bytes in use, with those of the chunks that wait; a file that is shared with the store counts nothing
 * @param limit the bound, in bytes
 * @param pending how many snapshots wait for the store
 * @param dropped how many waiting ones have been dropped since the start, because a later one holds their changes
 * @param damaged how many files cannot be read
 * @param full whether the last snapshot that was to be kept found no room
 */
public record JournalSize(long bytes, long limit, int pending, long dropped, int damaged, boolean full) {

    @Override
    public String toString() {
        return bytes + " of " + limit + " bytes used";
    }
}
