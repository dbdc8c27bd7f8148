package dev.holdfast.sdk;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    private static final Pattern KIND = Pattern.compile("(?:^| )kind=([a-z]+)(?: |$)");

    /** The years that every form can say: the names of snapshots have four digits for them. */
    private static final Instant EARLIEST = Instant.EPOCH;

    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

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
        if (createdOn.isBefore(EARLIEST) || createdOn.isAfter(LATEST)) {
            throw new IllegalArgumentException("createdOn " + createdOn + " must lie in the years 1970 to 9999");
        }
        if (revision < 0) {
            throw new IllegalArgumentException("Revision " + revision + " must be 0 or more");
        }
        if (modelCount < 0) {
            throw new IllegalArgumentException("Model count " + modelCount + " must be 0 or more");
        }
        if (size < 0) {
            throw new IllegalArgumentException("Size " + size + " must be 0 or more bytes");
        }
        if (!Rules.isSha256(sha256)) {
            throw new IllegalArgumentException(
                    "sha256 '" + Rules.printable(sha256) + "' must be 64 lower-case hexadecimal digits");
        }
        if (state.isPresent() && !Rules.isSha256(state.get())) {
            throw new IllegalArgumentException(
                    "state '" + Rules.printable(state.get()) + "' must be 64 lower-case hexadecimal digits");
        }
        if (trimmed < 0) {
            throw new IllegalArgumentException("trimmed " + trimmed + " must be 0 or more");
        }
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
        Map<String, String> map = new LinkedHashMap<>();
        map.put("name", name);
        map.put("kind", kind.word());
        map.put("createdOn", createdOn.toString());
        map.put("group", group);
        map.put("revision", Long.toString(revision));
        map.put("host", host);
        map.put("modelCount", Integer.toString(modelCount));
        map.put("size", Long.toString(size));
        map.put("sha256", sha256);
        map.put("saveId", saveId);
        follows.ifPresent(id -> map.put("follows", id));
        history.ifPresent(id -> map.put("history", id));
        state.ifPresent(digest -> map.put("state", digest));
        if (trimmed > 0) {
            map.put("trimmed", Long.toString(trimmed));
        }
        origin.ifPresent(id -> map.put("origin", id));
        return Collections.unmodifiableMap(map);
    }

    /**
     * The header of a map as {@link #toMap} makes it; further entries are passed over.
     *
     * @throws IllegalArgumentException if a value is missing or breaks its rule
     */
    public static SnapshotHeader fromMap(Map<String, String> map) {
        return builder()
                .name(value(map, "name"))
                .kind(SnapshotKind.of(value(map, "kind")))
                .createdOn(instant(value(map, "createdOn")))
                .group(value(map, "group"))
                .revision(number(map, "revision", Long.MAX_VALUE))
                .host(value(map, "host"))
                .modelCount((int) number(map, "modelCount", Integer.MAX_VALUE))
                .size(number(map, "size", Long.MAX_VALUE))
                .sha256(value(map, "sha256"))
                .saveId(value(map, "saveId"))
                .follows(map.get("follows"))
                .history(map.get("history"))
                .state(map.get("state"))
                .trimmed(map.containsKey("trimmed") ? number(map, "trimmed", Long.MAX_VALUE) : 0)
                .origin(map.get("origin"))
                .build();
    }

    private static String value(Map<String, String> map, String field) {
        String value = map.get(field);
        if (value == null) {
            throw new IllegalArgumentException("The snapshot header has no " + field);
        }
        return value;
    }

    private static long number(Map<String, String> map, String field, long most) {
        String value = value(map, field);
        try {
            long number = Long.parseLong(value);
            if (number >= 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The message below says all that the exception knows.
        }
        throw new IllegalArgumentException("The snapshot header's " + field + " '" + Rules.printable(value)
                + "' must be a whole number from 0 to " + most);
    }

    private static Instant instant(String value) {
        try {
            return Instant.parse(value);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "The snapshot header's createdOn '" + Rules.printable(value)
                            + "' must be a time like 2026-11-21T09:30:00.123Z",
                    e);
        }
    }

    /** The entries of {@link #toMap} as {@code name=value} with one space between; no value has a space in it. */
    public String toLine() {
        StringBuilder line = new StringBuilder(400);
        toMap().forEach((field, value) ->
                line.append(line.isEmpty() ? "" : " ").append(field).append('=').append(value));
        return line.toString();
    }

    /**
     * The header of a line as {@link #toLine} makes it.
     *
     * @throws IllegalArgumentException if a value is missing or breaks its rule
     */
    public static SnapshotHeader fromLine(String line) {
        Map<String, String> map = new LinkedHashMap<>();
        for (String entry : line.split(" ")) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                map.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return fromMap(map);
    }

    /**
     * The header of a line that a store gave.
     *
     * @param where it was stored, as an operator knows it; for the message
     * @throws SnapshotCorruptException if it is not a line as {@link #toLine} makes it
     * @throws SnapshotFormatTooNewException if its kind is a word that this version does not know
     */
    public static SnapshotHeader fromLine(String line, String where) {
        Matcher kind = KIND.matcher(line);
        if (kind.find() && !SnapshotKind.isWord(kind.group(1))) {
            throw new SnapshotFormatTooNewException("A header in " + where + " is of the kind '"
                    + Rules.printable(kind.group(1)) + "', which a newer version of Holdfast wrote");
        }
        try {
            return fromLine(line);
        } catch (IllegalArgumentException e) {
            throw new SnapshotCorruptException("A header in " + where + " is damaged: " + e.getMessage(), e);
        }
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
