package dev.holdfast.host.http;

/** A call that is answered with an error; status and type are what the caller sees beside the message. */
final class ApiException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;

    ApiException(int status, String type, String message) {
        super(message);
        this.status = status;
        this.type = type;
    }

    static ApiException badRequest(String message) {
        return new ApiException(400, "BadRequestException", message);
    }

    int status() {
        return status;
    }

    String type() {
        return type;
    }
}
