package dev.holdfast.host.cli;

/** How wide lines may be, and whether they may have colours. */
final class Screen {

    private Screen() {}

    /** As wide as the terminal; without one as wide as may be. {@code bin/holdfast} finds the width out. */
    static int columns(Surroundings surroundings) {
        try {
            return surroundings.terminal()
                    ? Integer.parseInt(surroundings.environment().getOrDefault("COLUMNS", ""))
                    : Integer.MAX_VALUE;
        } catch (NumberFormatException e) {
            return Integer.MAX_VALUE;
        }
    }

    /** A line as it is, or on a terminal in a colour, unless NO_COLOR is set. */
    static String coloured(Surroundings surroundings, Colour colour, String line) {
        boolean plain = !surroundings.terminal()
                || !surroundings.environment().getOrDefault("NO_COLOR", "").isEmpty();
        return plain ? line : "\u001b[" + colour.code + "m" + line + "\u001b[0m";
    }

    /** The colours of terminals that are used. */
    enum Colour {
        RED(31),
        GREEN(32),
        YELLOW(33);

        private final int code;

        Colour(int code) {
            this.code = code;
        }
    }
}
