package dev.holdfast.host.serving;

/** A version is not loaded now although it could be; says until when. */
final class HeldBackException extends ServingException {

    private static final long serialVersionUID = 1;

    private final Hold hold;

    HeldBackException(Hold hold, String message) {
        super(Kind.UNAVAILABLE, message);
        this.hold = hold;
    }

    Hold hold() {
        return hold;
    }
}
