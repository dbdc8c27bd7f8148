package dev.holdfast.host.journal;

/**
 * How full a journal is.
 *
 * @param bytes in use, also by chunks that wait; files shared with the store count nothing
 * @param limit the bound, in bytes
 * @param pending how many snapshots wait for the store
 * @param dropped how many waiting ones were dropped since the start, because a later one holds their changes
 * @param damaged how many files cannot be read
 * @param full whether the last snapshot found no room
 */
public record JournalSize(long bytes, long limit, int pending, long dropped, int damaged, boolean full) {

    @Override
    public String toString() {
        return bytes + " of " + limit + " bytes used";
    }
}
