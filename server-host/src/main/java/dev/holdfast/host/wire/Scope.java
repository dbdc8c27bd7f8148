package dev.holdfast.host.wire;

/** What a token allows, and what a route asks of it; {@link #key} is the name in {@code key_file.json}. */
public enum Scope {
    /** Nothing is asked: documentation, and whether the host lives. */
    NONE(""),
    MANAGEMENT("management"),
    INFERENCE("inference"),
    /** The exchange of the other two tokens for new ones. */
    API("API");

    private final String key;

    Scope(String key) {
        this.key = key;
    }

    public String key() {
        return key;
    }
}
