package dev.holdfast.sdk;

/**
 * There is no snapshot of the name that was asked for.
 */
public final class SnapshotNotFoundException extends SnapshotStoreException {

    private static final long serialVersionUID = 1;

    public SnapshotNotFoundException(String message) {
        super(message, null);
    }

    public SnapshotNotFoundException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * The usual message.
     *
     * @param name what was asked for; may be anything
     * @param where the store as an operator knows it, such as {@code table snapshots of database serving}
     */
    public static SnapshotNotFoundException of(String name, String where) {
        return new SnapshotNotFoundException("There is no snapshot '" + Rules.printable(name) + "' in " + where
                + (SnapshotHeader.isName(name) ? "" : ", for names match " + SnapshotHeader.NAME_RULE));
    }
}
