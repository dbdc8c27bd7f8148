package dev.holdfast.sdk;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a snapshot without its text.
 *
 * <p>A store keeps a header in whichever of three forms suits it: its first ten values one by one, as the {@linkplain
 * #toMap() map} of their names to strings, or as the one {@linkplain #toLine() line} {@code name=… kind=… …}. Both forms
 * are part of the SDK's promise: fields may be added, and a reader passes over those that it does not know.
 *
 * <p>Five further values say where a snapshot stands in the history of its group: {@link #follows}, {@link #history},
 * {@link #state}, {@link #trimmed} and {@link #origin}. Snapshots of older hosts have none of them. A store may lose them,
 * for the text of a snapshot has them too; so two headers are equal if their first ten values are.
 */
public final class SnapshotHeader {

    static final String NAME_RULE = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}";

    private static final int LONGEST_NAME = 128;

    private final String name;
    private final SnapshotKind kind;
    private final Instant createdOn;
    private final String group;
    private final long revision;
    private final String host;
    private final int modelCount;
    private final long size;
    private final String sha256;
    private final String saveId;
    private final Optional<String> follows;
    private final Optional<String> history;
    private final Optional<String> state;
    private final long trimmed;
    private final Optional<String> origin;

    private SnapshotHeader(Builder from) {
        name = Rules.word("Snapshot name", set("name", from.name), LONGEST_NAME);
        kind = set("kind", from.kind);
        createdOn = set("createdOn", from.createdOn).truncatedTo(ChronoUnit.MILLIS);
        group = Rules.word("Group", set("group", from.group), 64);
        revision = from.revision;
        host = Rules.word("Host", set("host", from.host), 255);
        modelCount = from.modelCount;
        size = from.size;
        sha256 = set("sha256", from.sha256);
        saveId = Rules.word("Save-id", set("saveId", from.saveId), 64);
        follows = saveId("follows", from.follows);
        history = saveId("history", from.history);
        state = Optional.ofNullable(from.state);
        trimmed = from.trimmed;
        origin = saveId("origin", from.origin);
        Rules.year("createdOn", createdOn);
        Rules.notNegative("Revision", revision, "");
        Rules.notNegative("Model count", modelCount, "");
        Rules.notNegative("Size", size, " bytes");
        Rules.sha256("sha256", sha256);
        state.ifPresent(digest -> Rules.sha256("state", digest));
        Rules.notNegative("trimmed", trimmed, "");
    }

    private static Optional<String> saveId(String field, @Nullable String value) {
        return Optional.ofNullable(value).map(id -> Rules.word(field, id, 64));
    }

    /** Whether a snapshot can have this name; a store need not look for any other. */
    public static boolean isName(String value) {
        return value.length() <= LONGEST_NAME && Rules.isWord(value);
    }

    /**
     * Checks that the snapshot is one of a group, as every serializer does before it saves.
     *
     * @throws IllegalArgumentException if it is of another group
     */
    public void requireGroup(String expected) {
        if (!group.equals(expected)) {
            throw new IllegalArgumentException(
                    "Snapshot " + name + " is of group " + group + " and cannot be saved into group " + expected);
        }
    }

    private static <T> T set(String field, @Nullable T value) {
        return Objects.requireNonNull(value, () -> "The header's " + field + " is not set");
    }

    /** A builder; every value but {@code revision}, {@code modelCount} and {@code size} (0) must be set. */
    public static Builder builder() {
        return new Builder();
    }

    /** Unique in its group; matches {@code [A-Za-z0-9][A-Za-z0-9._-]{0,127}}, and upper and lower case differ. */
    public String name() {
        return name;
    }

    public SnapshotKind kind() {
        return kind;
    }

    /** When it was taken by the host's clock, in whole milliseconds; for people, never for order. */
    public Instant createdOn() {
        return createdOn;
    }

    /** The host, or the fleet of equal hosts, that the snapshot belongs to; at most 64 characters. */
    public String group() {
        return group;
    }

    /**
     * One more than the snapshot before it in the group. 0 stands for a snapshot from before revisions (one that
     * TorchServe wrote); it comes before all others.
     */
    public long revision() {
        return revision;
    }

    /** The name of the host that took it; at most 255 characters. */
    public String host() {
        return host;
    }

    /** How many model versions it holds. */
    public int modelCount() {
        return modelCount;
    }

    /** The length of the text in bytes. */
    public long size() {
        return size;
    }

    /** The SHA-256 of the text in 64 lower-case hexadecimal digits. */
    public String sha256() {
        return sha256;
    }

    /** Random for each save; by it a save recognises itself when the store's reply was lost. */
    public String saveId() {
        return saveId;
    }

    /**
     * The save-id of the snapshot that this one was made to follow: the group's newest one, as far as its host knew. A
     * store that has another newest one refuses to save it, whatever the revisions are.
     *
     * @return empty for the first snapshot of a group, and for those of older hosts
     */
    public Optional<String> follows() {
        return follows;
    }

    /** The save-id of the first snapshot of the group's history; empty for snapshots of older hosts. */
    public Optional<String> history() {
        return history;
    }

    /**
     * The SHA-256 of what is served, in 64 lower-case hexadecimal digits: of models, versions and settings, not of names,
     * times, hosts, configuration or what models have learned. Empty for snapshots of older hosts.
     */
    public Optional<String> state() {
        return state;
    }

    /** The highest revision that has been removed from the group on purpose, as far as the host knew; 0 for none. */
    public long trimmed() {
        return trimmed;
    }

    /** The save-id under which the same state was saved first, if this is that save in another place of a history. */
    public Optional<String> origin() {
        return origin;
    }

    /**
     * The ten values by their names, in the order in which they are listed here, then those of the further five that are
     * set; numbers decimal, the time ISO-8601.
     */
    public Map<String, String> toMap() {
        return HeaderText.toMap(this);
    }

    /**
     * The header of a map as {@link #toMap} makes it; further entries are passed over.
     *
     * @throws IllegalArgumentException if a value is missing or breaks its rule
     */
    public static SnapshotHeader fromMap(Map<String, String> map) {
        return HeaderText.fromMap(map);
    }

    /** The entries of {@link #toMap} as {@code name=value} with one space between; no value has a space in it. */
    public String toLine() {
        return HeaderText.toLine(this);
    }

    /**
     * The header of a line as {@link #toLine} makes it.
     *
     * @throws IllegalArgumentException if a value is missing or breaks its rule
     */
    public static SnapshotHeader fromLine(String line) {
        return HeaderText.fromLine(line);
    }

    /**
     * The header of a line that a store gave.
     *
     * @param where it was stored, as an operator knows it; for the message
     * @throws SnapshotCorruptException if it is not a line as {@link #toLine} makes it
     * @throws SnapshotFormatTooNewException if its kind is a word that this version does not know
     */
    public static SnapshotHeader fromLine(String line, String where) {
        return HeaderText.fromLine(line, where);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SnapshotHeader header
                && saveId.equals(header.saveId)
                && name.equals(header.name)
                && kind == header.kind
                && createdOn.equals(header.createdOn)
                && group.equals(header.group)
                && revision == header.revision
                && host.equals(header.host)
                && modelCount == header.modelCount
                && size == header.size
                && sha256.equals(header.sha256);
    }

    @Override
    public int hashCode() {
        return saveId.hashCode();
    }

    @Override
    public String toString() {
        return toLine();
    }

    /** Gathers a header's values; {@link #build} checks them. */
    public static final class Builder {

        private @Nullable String name;
        private @Nullable SnapshotKind kind;
        private @Nullable Instant createdOn;
        private @Nullable String group;
        private long revision;
        private @Nullable String host;
        private int modelCount;
        private long size;
        private @Nullable String sha256;
        private @Nullable String saveId = UUID.randomUUID().toString();
        private @Nullable String follows;
        private @Nullable String history;
        private @Nullable String state;
        private long trimmed;
        private @Nullable String origin;

        private Builder() {}

        /** Another builder with the same values. */
        Builder copy() {
            Builder copy = new Builder();
            copy.name = name;
            copy.kind = kind;
            copy.createdOn = createdOn;
            copy.group = group;
            copy.revision = revision;
            copy.host = host;
            copy.modelCount = modelCount;
            copy.size = size;
            copy.sha256 = sha256;
            copy.saveId = saveId;
            copy.follows = follows;
            copy.history = history;
            copy.state = state;
            copy.trimmed = trimmed;
            copy.origin = origin;
            return copy;
        }

        public Builder name(String value) {
            name = value;
            return this;
        }

        public Builder kind(SnapshotKind value) {
            kind = value;
            return this;
        }

        /** Cut to whole milliseconds. */
        public Builder createdOn(Instant value) {
            createdOn = value;
            return this;
        }

        public Builder group(String value) {
            group = value;
            return this;
        }

        public Builder revision(long value) {
            revision = value;
            return this;
        }

        public Builder host(String value) {
            host = value;
            return this;
        }

        public Builder modelCount(int value) {
            modelCount = value;
            return this;
        }

        public Builder size(long bytes) {
            size = bytes;
            return this;
        }

        public Builder sha256(String hexadecimal) {
            sha256 = hexadecimal;
            return this;
        }

        /** A fresh random one where this is not called. */
        public Builder saveId(String value) {
            saveId = value;
            return this;
        }

        /** Null for none. */
        public Builder follows(@Nullable String saveIdBefore) {
            follows = saveIdBefore;
            return this;
        }

        /** Null for none. */
        public Builder history(@Nullable String firstSaveId) {
            history = firstSaveId;
            return this;
        }

        /** Null for none. */
        public Builder state(@Nullable String hexadecimal) {
            state = hexadecimal;
            return this;
        }

        public Builder trimmed(long revision) {
            trimmed = revision;
            return this;
        }

        /** Null for none. */
        public Builder origin(@Nullable String firstSaveId) {
            origin = firstSaveId;
            return this;
        }

        /**
         * The header.
         *
         * @throws NullPointerException if a value is not set
         * @throws IllegalArgumentException if a value breaks its rule
         */
        public SnapshotHeader build() {
            return new SnapshotHeader(this);
        }
    }
}
