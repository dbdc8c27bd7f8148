package dev.holdfast.host.plugins.torchserve;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A snapshot in the two forms of TorchServe's serializers, and back again.
 *
 * <pre>
 *   text ──▶ Properties, plus holdfast.snapshot = &lt;the header's line&gt; text=&lt;the text, gzip, base64&gt; ──▶ the very text
 *        └─▶ a bean with the models as JSON
 *   Properties of TorchServe's own ──▶ a text of them, under a header that is made up
 * </pre>
 *
 * <p>Properties have neither order nor comments, so the text cannot be rebuilt from them; hence the additional property, which
 * adds about a quarter to the size. TorchServe keeps properties that it does not know, so it carries this one on into snapshots
 * of its own: where the models are not those of the text any more, the snapshot is TorchServe's. Plugins write the models anew,
 * so it is their meaning that is compared.
 */
final class TorchServeText {

    static final String CARRIED = "holdfast.snapshot";
    private static final String HEADER = "holdfast.header";
    private static final String MODELS = "model_snapshot";

    private static final Pattern TEXT = Pattern.compile(" text=([A-Za-z0-9+/=]+)$");
    private static final Pattern KIND = Pattern.compile("[0-9]{17}-(startup|snapshot|shutdown)\\.cfg");
    /** What a snapshot without a usable name is called. */
    private static final String NAMELESS = "torchserve-last";

    private static final String FOREIGN = "torchserve";

    private TorchServeText() {}

    /** Whether the header was made up for properties without ours. */
    static boolean isForeign(SnapshotHeader header) {
        return header.saveId().equals(FOREIGN);
    }

    /** Fresh at every call, for whoever gets them may change them. */
    static Properties properties(Snapshot snapshot) {
        Properties properties = parse(snapshot.text());
        properties.remove(HEADER);
        byte[] packed = Codec.gz().compress(snapshot.toBytes());
        properties.setProperty(
                CARRIED,
                snapshot.header().toLine() + " text=" + Base64.getEncoder().encodeToString(packed));
        return properties;
    }

    /** The bean, fresh at every call too. */
    static org.pytorch.serve.servingsdk.snapshot.Snapshot bean(Snapshot snapshot) {
        SnapshotHeader header = snapshot.header();
        var bean = new org.pytorch.serve.servingsdk.snapshot.Snapshot(header.name(), header.modelCount());
        bean.setCreated(header.createdOn().toEpochMilli());
        JsonObject models = models(snapshot).getAsJsonObject("models");
        Map<String, Map<String, JsonObject>> all = new LinkedHashMap<>();
        if (models != null) {
            for (Map.Entry<String, JsonElement> model : models.entrySet()) {
                Map<String, JsonObject> versions = new LinkedHashMap<>();
                model.getValue()
                        .getAsJsonObject()
                        .entrySet()
                        .forEach(version -> versions.put(
                                version.getKey(), version.getValue().getAsJsonObject()));
                all.put(model.getKey(), versions);
            }
        }
        bean.setModels(all);
        return bean;
    }

    private static JsonObject models(Snapshot snapshot) {
        return json(parse(snapshot.text()).getProperty(MODELS, "{}"));
    }

    /**
     * What a serializer gave back.
     *
     * @param group that a made-up header gets
     * @throws SnapshotCorruptException if it says that it is ours, and cannot be read
     */
    static Snapshot snapshot(Properties properties, String group) {
        String carried = properties.getProperty(CARRIED);
        if (carried != null) {
            Snapshot ours = ours(carried);
            String models = properties.getProperty(MODELS);
            if (models == null || SameModels.test(ours.header(), models(ours), json(models))) {
                return ours;
            }
        }
        return foreign(properties, group);
    }

    private static Snapshot ours(String carried) {
        Matcher text = TEXT.matcher(carried);
        try {
            if (!text.find()) {
                throw new IllegalArgumentException("it holds no text");
            }
            SnapshotHeader header = SnapshotHeader.fromLine(carried.substring(0, text.start()));
            byte[] packed = Base64.getDecoder().decode(text.group(1));
            return Snapshot.read(header, Codec.gz().decompress(packed, Math.toIntExact(header.size())));
        } catch (IllegalArgumentException | ArithmeticException | IOException e) {
            throw new SnapshotCorruptException(
                    "The last snapshot of the store is damaged: its property " + CARRIED + " cannot be read: "
                            + e.getMessage(),
                    e);
        }
    }

    private static Snapshot foreign(Properties properties, String group) {
        JsonObject json = json(properties.getProperty(MODELS, ""));
        String said = string(json, "name");
        String name = SnapshotHeader.isName(said) ? said : NAMELESS;
        Matcher kind = KIND.matcher(name);
        return Snapshot.create(
                SnapshotHeader.builder()
                        .name(name)
                        .kind(kind.matches() ? SnapshotKind.of(kind.group(1)) : SnapshotKind.SNAPSHOT)
                        .createdOn(Instant.ofEpochMilli(number(json, "created", 253_402_300_799_999L)))
                        .group(group)
                        .host(FOREIGN)
                        .modelCount((int) number(json, "modelCount", Integer.MAX_VALUE))
                        .saveId(FOREIGN),
                text(properties).getBytes(StandardCharsets.UTF_8));
    }

    /** Whether the snapshot can be restored the host says later; here it may only lack a name. */
    private static JsonObject json(String models) {
        try {
            JsonElement json = JsonParser.parseString(models);
            return json.isJsonObject() ? json.getAsJsonObject() : new JsonObject();
        } catch (JsonParseException e) {
            return new JsonObject();
        }
    }

    private static String string(JsonObject json, String field) {
        JsonElement value = json.get(field);
        return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
    }

    private static long number(JsonObject json, String field, long most) {
        String digits = string(json, field);
        long number = digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : 0;
        return Math.min(number, most);
    }

    /** In the order of the keys, so that the same properties are the same text. */
    private static String text(Properties properties) {
        StringBuilder text = new StringBuilder();
        for (String key : new TreeSet<>(properties.stringPropertyNames())) {
            if (!key.equals(CARRIED) && !key.equals(HEADER)) {
                text.append(line(key, properties.getProperty(key)));
            }
        }
        return text.toString();
    }

    private static String line(String key, String value) {
        Properties one = new Properties();
        one.setProperty(key, value);
        StringWriter written = new StringWriter();
        try {
            one.store(written, null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // The first line is a comment with the time.
        return written.toString()
                        .lines()
                        .filter(line -> !line.startsWith("#"))
                        .findFirst()
                        .orElseThrow() + "\n";
    }

    private static Properties parse(String text) {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }
}
