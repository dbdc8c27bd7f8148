package dev.holdfast.host.cli;

/**
 * One line of a diagnosis.
 *
 * @param name what was looked at, in one word or two
 * @param text what was found, and the cure where something is wrong
 */
record Check(String name, Level level, String text) {

    /** How bad it is, from the best to the worst. */
    enum Level {
        GOOD("good", 0),
        /** Nothing is wrong yet, and somebody should look. */
        ATTENTION("attention", 5),
        BAD("bad", 1);

        private final String word;
        private final int exitCode;

        Level(String word, int exitCode) {
            this.word = word;
            this.exitCode = exitCode;
        }

        String word() {
            return word;
        }

        /** What a command ends with that found nothing worse. */
        int exitCode() {
            return exitCode;
        }
    }
}
