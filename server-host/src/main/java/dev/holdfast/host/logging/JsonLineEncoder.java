package dev.holdfast.host.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * A log line as one JSON object: {@code time}, {@code level}, {@code thread}, {@code logger}, {@code message}, then what the
 * line or its thread has besides, such as {@code request} and {@code traceparent}, and {@code stack} of a failure.
 */
public final class JsonLineEncoder extends EncoderBase<ILoggingEvent> {

    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] NOTHING = {};

    @Override
    public byte[] headerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] footerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("time", event.getInstant().toString());
            json.writeStringField("level", event.getLevel().toString());
            json.writeStringField("thread", event.getThreadName());
            json.writeStringField("logger", event.getLoggerName());
            json.writeStringField("message", String.valueOf(event.getFormattedMessage()));
            Set<String> written = new HashSet<>(Set.of("time", "level", "thread", "logger", "message", "stack"));
            if (event.getKeyValuePairs() != null) {
                for (KeyValuePair pair : event.getKeyValuePairs()) {
                    if (pair.value != null && written.add(pair.key)) {
                        write(json, pair.key, pair.value);
                    }
                }
            }
            for (Map.Entry<String, String> pair : event.getMDCPropertyMap().entrySet()) {
                if (written.add(pair.getKey())) {
                    write(json, pair.getKey(), pair.getValue());
                }
            }
            if (event.getThrowableProxy() != null) {
                json.writeStringField("stack", ThrowableProxyUtil.asString(event.getThrowableProxy()));
            }
            json.writeEndObject();
            json.writeRaw('\n');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator json, String key, @Nullable Object value) throws IOException {
        if (value instanceof Integer number) {
            json.writeNumberField(key, number);
        } else if (value instanceof Long number) {
            json.writeNumberField(key, number);
        } else {
            json.writeStringField(key, String.valueOf(value));
        }
    }
}
