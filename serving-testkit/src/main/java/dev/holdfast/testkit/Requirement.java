package dev.holdfast.testkit;

/**
 * A requirement of the plugin author's manual, in its order: the first one there is the first one here.
 *
 * <p>Rules of the contract {@link Proves prove} it, as far as a test can.
 */
public enum Requirement {
    SAVED_IS_DURABLE(1, "What was saved is there for good"),
    SEEN_WHOLE(2, "A snapshot is seen whole or not at all"),
    CONFLICTS(3, "A save that does not come next is a conflict, and changes nothing"),
    SAME_SAVE_AGAIN(4, "The very same save again succeeds"),
    OPEN_OUTCOME(5, "A save whose outcome is open is settled by its save-id"),
    LAST(6, "The last one is that of the highest revision, at a cost that does not grow with their number"),
    NOTHING_IS_PROVED(7, "\"Nothing stored\" and \"cannot tell\" are different answers"),
    DAMAGE(8, "What is damaged is told, and nothing older given in its place"),
    LISTS(9, "Lists go by falling revision, and leave out what is not asked for"),
    TEXTS(10, "Every text comes back byte for byte"),
    GROUPS(11, "Groups do not see each other's snapshots"),
    REVISIONS_STAY_TAKEN(12, "Removing the last one does not make its revision free"),
    CALLS_END(13, "Every call ends by itself"),
    MANY_THREADS(14, "Many threads may call at once"),
    CLOSE(15, "Close commits nothing, and ends the serializer"),
    UNKNOWN_KEYS(16, "Keys that are not known are refused"),
    COUNT(17, "The count has every snapshot, also those that cannot be read"),
    SECRETS(18, "Secrets are taken from no key, and told to nobody"),
    NOTHING_OUTLIVES_CLOSE(19, "The process goes on, and nothing outlives close"),
    CHUNKS_ARE_DURABLE(20, "A chunk that was put is there for good, and young"),
    YOUNG_CHUNKS_STAY(21, "Removing chunks leaves those that were put at or after its moment"),
    CHUNK_LISTS(22, "Chunks are told apart from missing ones, and listed with their times"),
    CHUNK_CONTENTS(23, "A chunk's content comes back as it was put, whatever it is");

    private final int number;
    private final String words;

    Requirement(int number, String words) {
        this.number = number;
        this.words = words;
    }

    /** Its number in the manual, from 1 up. */
    public int number() {
        return number;
    }

    /** Whether it is one of stores that keep what models have learned. */
    public boolean isOfChunks() {
        return compareTo(CHUNKS_ARE_DURABLE) >= 0;
    }

    /** What it says, in a few words. */
    public String words() {
        return words;
    }
}
