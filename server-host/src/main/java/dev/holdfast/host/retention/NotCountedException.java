package dev.holdfast.host.retention;

/** The store cannot say how many snapshots it has, so it cannot be proved that all of them were read. */
final class NotCountedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    NotCountedException() {
        super("The store does not count its snapshots");
    }
}
