package dev.holdfast.host.cli;

/** What went wrong, in one line for an operator. */
final class OneLine {

    private OneLine() {}

    static String of(Throwable failure) {
        String message = failure.getMessage();
        if (message == null || message.isBlank() || !(failure instanceof RuntimeException)) {
            return of(failure.toString());
        }
        return of(message);
    }

    static String of(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ").replaceAll("\\p{Cntrl}", "?");
    }
}
