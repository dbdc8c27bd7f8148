package dev.holdfast.host.snapshot;

import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The text of a snapshot: Java properties in UTF-8, as TorchServe writes them, with a first and a last line of ours.
 *
 * <pre>
 *   #Holdfast snapshot format=1
 *   holdfast.header=name=20261121093000123-snapshot.cfg kind=snapshot createdOn=… group=… revision=17 …
 *   inference_address=http://127.0.0.1:8080          the configuration that a snapshot keeps
 *   …
 *   model_snapshot={"name":…,"modelCount":2,"created":…,"models":{…}}
 *   #sha256=&lt;of all bytes before this line&gt;
 * </pre>
 *
 * <p>Both lines are comments to a reader of properties, so TorchServe starts from such a text. A text without the first line
 * comes from TorchServe or was written by hand, and is taken as it is. The format of {@code model_snapshot} is that of
 * TorchServe 0.12; what it does not know it passes over.
 *
 * <p>Does not check the values of the configuration: that is done where they are used.
 */
public final class SnapshotText {

    static final int FORMAT = 1;
    private static final String FIRST_LINE = "#Holdfast snapshot format=";
    static final String LAST_LINE = "#sha256=";
    private static final String MODEL_SNAPSHOT = "model_snapshot";
    private static final String CALLERS = "holdfast.callers";
    static final Pattern FIRST = Pattern.compile("\\A#Holdfast snapshot format=(\\d{1,9})\\R");

    /** The first line of a later format, which this host cannot read any further. */
    private static final Pattern LATER = Pattern.compile("\\A#Holdfast snapshot format=(\\d{1,9})\\b");

    /** The header as this host writes it; TorchServe copies the key into its own snapshots, but with escapes. */
    private static final Pattern HEADER = Pattern.compile("^holdfast\\.header=name=", Pattern.MULTILINE);

    static final Pattern HEADER_LINE = Pattern.compile("^holdfast\\.header=(name=[^\n]*)$", Pattern.MULTILINE);

    private static final String IF_EDITED =
            ". If somebody changed it on purpose: holdfast snapshots accept FILE, where FILE holds it";

    private SnapshotText() {}

    /**
     * What a text says.
     *
     * @param config the configuration that it keeps
     * @param verified whether a checksum proves that the text is whole; a foreign text has none
     * @param callers the addresses from which the changes came that it is the first to hold
     */
    public record Content(Map<String, String> config, ServingState state, boolean verified, List<String> callers) {

        /** The same with another configuration. */
        public Content withConfig(Map<String, String> other) {
            return new Content(other, state, verified, callers);
        }
    }

    /** Loads classes that a start will need, in parallel with its other work; optional, changes nothing. */
    public static void warmUp() {
        SnapshotHeader.Builder header = SnapshotHeader.builder()
                .name("warm-up")
                .kind(SnapshotKind.STARTUP)
                .createdOn(Instant.EPOCH)
                .group("warm-up")
                .revision(1)
                .host("warm-up");
        Snapshot snapshot = write(header, Map.of(), ServingState.EMPTY);
        parse(snapshot.header().name(), snapshot.text());
    }

    /** A snapshot without the addresses of callers. */
    public static Snapshot write(SnapshotHeader.Builder header, Map<String, String> config, ServingState state) {
        return write(header, config, state, List.of());
    }

    /** A snapshot of a serving state; the header's model count, size and SHA-256 are set here. */
    public static Snapshot write(
            SnapshotHeader.Builder header, Map<String, String> config, ServingState state, List<String> callers) {
        header.state(ServingComparison.digest(state))
                .modelCount(state.versionCount())
                .size(0)
                .sha256("0".repeat(64));
        SnapshotHeader draft = header.build();
        StringBuilder text = new StringBuilder(1024 + 300 * state.versionCount());
        text.append(FIRST_LINE).append(FORMAT).append('\n');
        text.append("holdfast.header=").append(withoutTextFields(draft)).append('\n');
        if (!callers.isEmpty()) {
            appendProperty(text, CALLERS, String.join(",", callers));
        }
        new TreeMap<>(config).forEach((key, value) -> appendProperty(text, key, value));
        appendProperty(text, MODEL_SNAPSHOT, ModelSnapshotJson.write(draft, state));
        String body = text.toString();
        return Snapshot.create(header, (body + LAST_LINE + Sha256.of(body) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The header of a snapshot, completed from its text with its place in the group's history where the store does not keep
     * that.
     */
    public static SnapshotHeader wholeHeader(Snapshot snapshot) {
        SnapshotHeader header = snapshot.header();
        Matcher line = HEADER_LINE.matcher(snapshot.text());
        if (header.state().isPresent() || !line.find()) {
            return header;
        }
        Map<String, String> map = fields(line.group(1));
        if (!header.saveId().equals(map.get("saveId"))) {
            // The text was saved by somebody else under another header.
            return header;
        }
        map.putAll(header.toMap());
        return SnapshotHeader.fromMap(map);
    }

    /**
     * Seals a text that was edited by hand as a new snapshot that follows the original: it gets a save-id of its own, so that
     * no host takes it for the original. Apart from our own lines the text stays as it is.
     *
     * @param name for messages
     * @throws SnapshotCorruptException if it is not one of ours, or says what no host can serve
     * @throws SnapshotFormatTooNewException if a newer host wrote it
     */
    public static Snapshot seal(String name, String text) {
        String body = withoutLastLines(text.startsWith("\ufeff") ? text.substring(1) : text);
        requireKnownFormat(name, body);
        Matcher line = HEADER_LINE.matcher(body);
        if (!FIRST.matcher(body).lookingAt() || !line.find()) {
            throw new SnapshotCorruptException("Snapshot " + name + " has not Holdfast's two first lines, "
                    + FIRST_LINE + "1 and holdfast.header=…: put them back from another copy of it. A text without both"
                    + " needs no checksum");
        }
        Content content = read(name, body, true);
        ModelSnapshotJson.requireCounted(name, ConfigFile.parse("Snapshot " + name, body), content.state());
        SnapshotHeader.Builder header = header(name, line.group(1), content.state());
        SnapshotHeader draft = header.size(0).sha256("0".repeat(64)).build();
        String sealed = body.substring(0, line.start(1)) + withoutTextFields(draft) + body.substring(line.end(1));
        return Snapshot.create(
                header, (sealed + LAST_LINE + Sha256.of(sealed) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Without the checksum line and lines that stores add after it; with our line ends. */
    private static String withoutLastLines(String text) {
        String lines = text.replace("\r\n", "\n");
        int last = lines.lastIndexOf('\n' + LAST_LINE);
        if (last >= 0) {
            String behind = lines.substring(last + 1);
            if (behind.lines().allMatch(line -> line.isBlank() || line.startsWith("#"))) {
                return lines.substring(0, last + 1);
            }
            // Somebody has added lines at the end.
            return lines.substring(0, last + 1)
                    + behind.lines()
                            .filter(line -> !line.startsWith("#"))
                            .map(line -> line + "\n")
                            .collect(Collectors.joining());
        }
        return lines.endsWith("\n") || lines.isEmpty() ? lines : lines + "\n";
    }

    private static SnapshotHeader.Builder header(String name, String line, ServingState state) {
        try {
            Map<String, String> map = new LinkedHashMap<>(fields(line));
            map.put("size", "0");
            map.put("sha256", "0".repeat(64));
            SnapshotHeader before = SnapshotHeader.fromMap(map);
            return SnapshotHeader.builder()
                    .name(before.name())
                    .kind(before.kind())
                    .createdOn(before.createdOn())
                    .group(before.group())
                    .revision(before.revision())
                    .host(before.host())
                    .modelCount(state.versionCount())
                    .saveId(UUID.randomUUID().toString())
                    .follows(before.saveId())
                    .history(before.history().orElse(before.saveId()))
                    .state(ServingComparison.digest(state))
                    .trimmed(before.trimmed())
                    .origin(before.origin().orElse(null));
        } catch (IllegalArgumentException e) {
            throw new SnapshotCorruptException(
                    "Snapshot " + name + " has a holdfast.header that cannot be read: " + e.getMessage()
                            + ". Put that line back from another copy of it",
                    e);
        }
    }

    static Map<String, String> fields(String line) {
        Map<String, String> map = new LinkedHashMap<>();
        for (String entry : line.split(" ")) {
            int equals = entry.indexOf('=');
            map.put(entry.substring(0, Math.max(0, equals)), entry.substring(equals + 1));
        }
        return map;
    }

    /** A text cannot hold its own size and digest. */
    static String withoutTextFields(SnapshotHeader header) {
        StringBuilder line = new StringBuilder();
        header.toMap().forEach((field, value) -> {
            if (!field.equals("size") && !field.equals("sha256")) {
                line.append(line.isEmpty() ? "" : " ").append(field).append('=').append(value);
            }
        });
        return line.toString();
    }

    /**
     * Reads a text.
     *
     * @param name the name of the snapshot, or of the file, for messages
     * @throws SnapshotCorruptException if it is damaged, or says what no host can serve
     * @throws SnapshotFormatTooNewException if a newer host wrote it
     */
    public static Content parse(String name, String text) {
        if (text.length() > Snapshot.MOST_BYTES) {
            throw new SnapshotCorruptException("Snapshot " + name + " has " + text.length()
                    + " characters, more than the " + Snapshot.MOST_BYTES + " that a snapshot may have");
        }
        requireKnownFormat(name, text);
        boolean ours = FIRST.matcher(text).lookingAt();
        if (ours) {
            verify(name, text);
        } else if (text.startsWith("#Holdfast") || HEADER.matcher(text).find()) {
            throw new SnapshotCorruptException("Snapshot " + name + " is damaged in its first line");
        } else if (text.isBlank()) {
            throw new SnapshotCorruptException("Snapshot " + name + " is empty");
        }
        return read(name, text, ours);
    }

    private static void requireKnownFormat(String name, String text) {
        Matcher first = LATER.matcher(text);
        if (first.lookingAt() && Integer.parseInt(first.group(1)) > FORMAT) {
            throw new SnapshotFormatTooNewException("Snapshot " + name + " has format " + first.group(1)
                    + "; this host reads formats up to " + FORMAT + ". Start a newer Holdfast.");
        }
    }

    /**
     * The settings of models in the configuration key {@code models}, in the form that a snapshot has for its models.
     *
     * @throws SnapshotCorruptException if it is no JSON, or says what no host can serve
     */
    public static Map<String, ServedModel> parseModels(String json) {
        return json.isBlank() ? Map.of() : ModelSnapshotJson.readModels("of the key models", json);
    }

    /** Whether it is one of Holdfast's, with a header in its text; else it is one of TorchServe's, or written by hand. */
    public static boolean isOurs(Snapshot snapshot) {
        return FIRST.matcher(snapshot.text()).lookingAt();
    }

    /** Whether a configuration text is a snapshot: has models to restore, or says that it is one. */
    public static boolean isSnapshot(Map<String, String> properties) {
        return properties.containsKey(MODEL_SNAPSHOT);
    }

    /** Comment lines may follow the last line of ours: a store's own. */
    private static void verify(String name, String text) {
        int lastLine = text.lastIndexOf('\n' + LAST_LINE) + 1;
        int end = text.indexOf('\n', lastLine) + 1;
        if (lastLine == 0 || end == 0) {
            throw new SnapshotCorruptException("Snapshot " + name
                    + " is damaged: its last line, with the SHA-256 of the text, is missing" + IF_EDITED);
        }
        boolean foreign = text.substring(end).lines().anyMatch(line -> !line.startsWith("#"));
        if (foreign
                || !text.substring(lastLine, end).equals(LAST_LINE + Sha256.of(text.substring(0, lastLine)) + "\n")) {
            throw new SnapshotCorruptException("Snapshot " + name
                    + " is damaged: its text does not match the SHA-256 in its last line" + IF_EDITED);
        }
    }

    private static Content read(String name, String text, boolean verified) {
        Map<String, String> properties;
        try {
            properties = new TreeMap<>(ConfigFile.parse("Snapshot " + name, text));
        } catch (ConfigException e) {
            throw new SnapshotCorruptException(String.valueOf(e.getMessage()), e);
        }
        properties.remove("holdfast.header");
        // The property by which a plugin for TorchServe carries our text; TorchServe keeps it.
        properties.remove("holdfast.snapshot");
        String json = properties.remove(MODEL_SNAPSHOT);
        if (json == null) {
            throw new SnapshotCorruptException("Snapshot " + name + " has no " + MODEL_SNAPSHOT);
        }
        String callers = properties.remove(CALLERS);
        return new Content(
                properties,
                ModelSnapshotJson.read(name, json),
                verified,
                callers == null ? List.of() : List.of(callers.split(",")));
    }

    /** One property as {@link java.util.Properties#store(java.io.Writer, String)} would write it: a value keeps = and :. */
    private static void appendProperty(StringBuilder text, String key, String value) {
        escape(text, key, true);
        text.append('=');
        escape(text, value, false);
        text.append('\n');
    }

    private static void escape(StringBuilder text, String value, boolean key) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\f' -> text.append("\\f");
                case ' ' -> text.append(key || i == 0 ? "\\ " : " ");
                case '=', ':', '#', '!' -> text.append(key ? "\\" : "").append(c);
                default -> {
                    if (c < ' ' || Character.isSurrogate(c)) {
                        text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
    }
}
