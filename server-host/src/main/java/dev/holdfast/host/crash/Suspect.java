package dev.holdfast.host.crash;

/**
 * A model version that was being loaded or run when a host ended unexpectedly.
 *
 * @param file the version and its content
 * @param isRun whether it was being run; otherwise it was being loaded
 * @param crashes how many crashes, with a report of the JVM, found it alone
 * @param silentEnds how many unexpected ends without such a report found it alone
 * @param accused whether it is failed by name: not loaded before an operator says so
 * @param cause how the last of these ends is described
 */
record Suspect(ModelFile file, boolean isRun, int crashes, int silentEnds, boolean accused, String cause) {

    /** How many ends without a crash report must find it alone. */
    static final int SILENT_ENDS = 3;

    /** The same, to be tried once more; the next unexpected end with it alone under suspicion accuses it again. */
    Suspect acquitted() {
        return new Suspect(file, isRun, crashes, Math.min(silentEnds, SILENT_ENDS - 1), false, cause);
    }

    /** What was done with it, for a message: it was being loaded, or run. */
    String work() {
        return isRun ? "run" : "loaded";
    }
}
