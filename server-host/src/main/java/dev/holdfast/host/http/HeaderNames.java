package dev.holdfast.host.http;

/** The headers of answers that are this host's own. */
final class HeaderNames {

    static final String NOTICE = "Holdfast-Notice";
    static final String REQUEST_ID = "x-request-id";
    static final String SNAPSHOT = "Holdfast-Snapshot";

    private HeaderNames() {}
}
