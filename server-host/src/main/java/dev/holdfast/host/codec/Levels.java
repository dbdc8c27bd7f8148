package dev.holdfast.host.codec;

/** The range of a codec's levels. */
record Levels(String codec, int least, int most) {

    /** @throws IllegalArgumentException if {@code level} is outside the range */
    int require(int level) {
        if (level < least || level > most) {
            throw new IllegalArgumentException(
                    "Codec " + codec + " has the levels " + least + " to " + most + ", not " + level);
        }
        return level;
    }
}
