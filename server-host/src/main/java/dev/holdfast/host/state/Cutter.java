package dev.holdfast.host.state;

/** How a part of a state is cut into pieces, each of which becomes a chunk. Stateless: safe for use by several threads. */
interface Cutter {

    /** The most bytes that a piece has. */
    int longest();

    /**
     * Where the piece that begins at the start of the window ends.
     *
     * @param window the bytes from the piece's beginning on
     * @param available how many of them there are: {@link #longest()}, or fewer at the end of the part
     * @return 1 to {@code available}
     */
    int cut(byte[] window, int available);

    /** Pieces that end where the content says, so that bytes that move are found again. */
    static Cutter byContent(int longest) {
        return new ContentCutter(longest);
    }
}
