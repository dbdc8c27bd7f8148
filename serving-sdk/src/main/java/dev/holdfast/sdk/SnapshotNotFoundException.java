package dev.holdfast.sdk;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * There is no snapshot of the name that was asked for.
 */
public final class SnapshotNotFoundException extends SnapshotStoreException {

    private static final long serialVersionUID = 1;

    private final @Nullable String name;

    public SnapshotNotFoundException(String message) {
        this(message, null, null);
    }

    public SnapshotNotFoundException(String message, Throwable cause) {
        this(message, null, cause);
    }

    private SnapshotNotFoundException(String message, @Nullable String name, @Nullable Throwable cause) {
        super(message, cause);
        this.name = name;
    }

    /** What was asked for, where the serializer said so; may be anything. */
    public Optional<String> name() {
        return Optional.ofNullable(name);
    }

    /**
     * The usual message.
     *
     * @param name what was asked for; may be anything
     * @param where the store as an operator knows it, such as {@code table snapshots of database serving}
     */
    public static SnapshotNotFoundException of(String name, String where) {
        return new SnapshotNotFoundException(
                "There is no snapshot '" + Rules.printable(name) + "' in " + where
                        + (SnapshotHeader.isName(name) ? "" : ", for names match " + SnapshotHeader.NAME_RULE),
                name,
                null);
    }
}
