package dev.holdfast.host.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import dev.holdfast.host.text.Utf8;
import java.io.ByteArrayOutputStream;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * JSON as this host reads and writes it: token by token, without databind, whose classes would be a fifth of the start.
 */
public final class Json {

    /** Deeper than any tensor or document that there is; shallow enough for every stack. */
    public static final int DEEPEST = 64;

    /** Reads strictly: no duplicate fields, no NaN, UTF-8 only, bounded in depth. */
    public static final JsonFactory FACTORY = JsonFactory.builder()
            .disable(JsonFactory.Feature.CHARSET_DETECTION)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
            .enable(StreamReadFeature.USE_FAST_BIG_NUMBER_PARSER)
            .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
            .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(1_000)
                    .build())
            .build();

    private static final Separators SEPARATORS = Separators.createDefaultInstance()
            .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
            .withObjectEmptySeparator("")
            .withArrayEmptySeparator("");

    /** What the library says to those who program with it, which is nothing that a caller could do. */
    private static final Pattern OWN_CURE =
            Pattern.compile(" \\(start marker at .*|: enable `[^`]*` to allow|, from `[^`]*`(?=\\))");

    private Json() {}

    /**
     * A body that is to be read as JSON, after a check that it is UTF-8: Jackson would mend some of what is not.
     *
     * @throws IOException if it is not, saying where
     */
    public static byte[] utf8(byte[] body) throws IOException {
        int malformed = Utf8.firstMalformed(body);
        if (malformed >= 0) {
            throw new CharConversionException("byte " + malformed + ", "
                    + String.format(Locale.ROOT, "%02X", body[malformed]) + ", is not UTF-8.");
        }
        return body;
    }

    /** Why a text is no JSON, and where, without repeating it. */
    public static String reason(IOException failure) {
        if (!(failure instanceof JsonProcessingException json)) {
            return String.valueOf(failure.getMessage());
        }
        String reason = asciiDigits(
                OWN_CURE.matcher(json.getOriginalMessage().lines().findFirst().orElse(""))
                        .replaceAll(""));
        String place = json.getLocation() == null
                ? ""
                : " (line " + json.getLocation().getLineNr() + ", column "
                        + json.getLocation().getColumnNr() + ")";
        String cure = reason.startsWith("Non-standard token")
                ? " NaN and the infinities are written as the texts \"NaN\", \"Infinity\" and \"-Infinity\"."
                : "";
        return reason + place + "." + cure;
    }

    /** Jackson writes some numbers in the digits of the host's locale. */
    private static String asciiDigits(String text) {
        StringBuilder ascii = new StringBuilder(text.length());
        text.codePoints().forEach(c -> ascii.appendCodePoint(Character.isDigit(c) ? '0' + Character.digit(c, 10) : c));
        return ascii.toString();
    }

    /** Two spaces a level and a line break at the end, as TorchServe writes. */
    public static byte[] pretty(Object value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
            json.setPrettyPrinter(printer());
            write(json, value);
            json.writeRaw('\n');
        } catch (IOException e) {
            throw new UncheckedIOException("Writing to memory does not fail", e);
        }
        return bytes.toByteArray();
    }

    /** The layout of every answer that people read. */
    public static PrettyPrinter printer() {
        DefaultIndenter lines = new DefaultIndenter("  ", "\n");
        return new DefaultPrettyPrinter(SEPARATORS).withObjectIndenter(lines).withArrayIndenter(lines);
    }

    /** Writes maps, lists, strings, numbers, truth values and null. */
    public static void write(JsonGenerator json, @Nullable Object value) throws IOException {
        if (value instanceof Map<?, ?> map) {
            json.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                json.writeFieldName(String.valueOf(entry.getKey()));
                write(json, entry.getValue());
            }
            json.writeEndObject();
        } else if (value instanceof Iterable<?> list) {
            json.writeStartArray();
            for (Object element : list) {
                write(json, element);
            }
            json.writeEndArray();
        } else if (value instanceof Integer || value instanceof Long) {
            json.writeNumber(((Number) value).longValue());
        } else if (value instanceof Double number) {
            json.writeNumber(number);
        } else if (value instanceof BigInteger number) {
            json.writeNumber(number);
        } else if (value == null) {
            json.writeNull();
        } else if (value instanceof Boolean truth) {
            json.writeBoolean(truth);
        } else if (value instanceof String text) {
            json.writeString(text);
        } else {
            throw new IllegalArgumentException("No JSON for a " + value.getClass());
        }
    }
}
