package dev.holdfast.sdk;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The two forms of a header as text: a map, and a line. */
final class HeaderText {

    private static final Pattern KIND = Pattern.compile("(?:^| )kind=([a-z]+)(?: |$)");

    private HeaderText() {}

    static Map<String, String> toMap(SnapshotHeader header) {
        Map<String, String> map = new LinkedHashMap<>();
        map.put("name", header.name());
        map.put("kind", header.kind().word());
        map.put("createdOn", header.createdOn().toString());
        map.put("group", header.group());
        map.put("revision", Long.toString(header.revision()));
        map.put("host", header.host());
        map.put("modelCount", Integer.toString(header.modelCount()));
        map.put("size", Long.toString(header.size()));
        map.put("sha256", header.sha256());
        map.put("saveId", header.saveId());
        header.follows().ifPresent(id -> map.put("follows", id));
        header.history().ifPresent(id -> map.put("history", id));
        header.state().ifPresent(digest -> map.put("state", digest));
        if (header.trimmed() > 0) {
            map.put("trimmed", Long.toString(header.trimmed()));
        }
        header.origin().ifPresent(id -> map.put("origin", id));
        return Collections.unmodifiableMap(map);
    }

    static SnapshotHeader fromMap(Map<String, String> map) {
        return SnapshotHeader.builder()
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

    static String toLine(SnapshotHeader header) {
        StringBuilder line = new StringBuilder(400);
        toMap(header)
                .forEach((field, value) -> line.append(line.isEmpty() ? "" : " ")
                        .append(field)
                        .append('=')
                        .append(value));
        return line.toString();
    }

    static SnapshotHeader fromLine(String line) {
        Map<String, String> map = new LinkedHashMap<>();
        for (String entry : line.split(" ")) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                map.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return fromMap(map);
    }

    static SnapshotHeader fromLine(String line, String where) {
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
}
