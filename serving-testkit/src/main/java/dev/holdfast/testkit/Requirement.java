package dev.holdfast.testkit;

/**
 * A requirement of the plugin author's manual, in its order: the first one there is the first one here.
 *
 * <p>Rules of the contract {@link Proves prove} it, as far as a test can.
 */
public enum Requirement {
    SAVED_IS_DURABLE("What was saved is there for good"),
    SEEN_WHOLE("A snapshot is seen whole or not at all"),
    CONFLICTS("A save that does not come next is a conflict, and changes nothing"),
    SAME_SAVE_AGAIN("The very same save again succeeds"),
    OPEN_OUTCOME("A save whose outcome is open is settled by its save-id"),
    LAST("The last one is that of the highest revision, at a cost that does not grow with their number"),
    NOTHING_IS_PROVED("\"Nothing stored\" and \"cannot tell\" are different answers"),
    DAMAGE("What is damaged is told, and nothing older given in its place"),
    LISTS("Lists go by falling revision, and leave out what is not asked for"),
    TEXTS("Every text comes back byte for byte"),
    GROUPS("Groups do not see each other's snapshots"),
    REVISIONS_STAY_TAKEN("Removing the last one does not make its revision free"),
    CALLS_END("Every call ends by itself"),
    MANY_THREADS("Many threads may call at once"),
    CLOSE("Close commits nothing, and ends the serializer"),
    UNKNOWN_KEYS("Keys that are not known are refused"),
    COUNT("The count has every snapshot, also those that cannot be read"),
    SECRETS("Secrets are taken from no key, and told to nobody"),
    NOTHING_OUTLIVES_CLOSE("The process goes on, and nothing outlives close"),
    CHUNKS_ARE_DURABLE("A chunk that was put is there for good, and young"),
    YOUNG_CHUNKS_STAY("Removing chunks leaves those that were put at or after its moment"),
    CHUNK_LISTS("Chunks are told apart from missing ones, and listed with their times"),
    CHUNK_CONTENTS("A chunk's content comes back as it was put, whatever it is");

    private final String words;

    Requirement(String words) {
        this.words = words;
    }

    /** Its number in the manual, from 1 up. */
    public int number() {
        return ordinal() + 1;
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
