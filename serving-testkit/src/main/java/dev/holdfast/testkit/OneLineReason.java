package dev.holdfast.testkit;

/** What a failure says, as one line of bounded length: an assertion says it in several, and may print what it compared. */
final class OneLineReason {

    private static final int LONGEST = 400;

    private OneLineReason() {}

    static String of(Throwable failure) {
        String message = failure.getMessage();
        // An assertion's class says nothing to the reader; that of any other failure does.
        String text = failure instanceof AssertionError && message != null ? message : failure.toString();
        String line = text.replaceAll("[\\p{Cntrl}\\p{Zl}\\p{Zp}\\s]+", " ").strip();
        return line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line;
    }
}
