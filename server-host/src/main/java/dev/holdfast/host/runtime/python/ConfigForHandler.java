package dev.holdfast.host.runtime.python;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a model's configuration file says, in JSON, for a worker that has no YAML.
 *
 * <p>What JSON lacks stands there as an object with one key: {@code {"!map": [[key, value], …]}} for a map with keys that are
 * no texts, {@code {"!bytes": "base64"}} for bytes. NaN and the infinities are written as Python reads them.
 */
final class ConfigForHandler {

    private static final JsonMapper JSON =
            JsonMapper.builder().disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS).build();

    private ConfigForHandler() {}

    static byte[] json(Map<Object, Object> config) {
        try {
            return JSON.writeValueAsBytes(plain(config));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A configuration that was read as YAML cannot be written as JSON", e);
        }
    }

    private static @Nullable Object plain(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return map(map);
        }
        if (value instanceof Collection<?> list) {
            List<@Nullable Object> plain = new ArrayList<>();
            list.forEach(one -> plain.add(plain(one)));
            return plain;
        }
        return value instanceof byte[] bytes
                ? Map.of("!bytes", Base64.getEncoder().encodeToString(bytes))
                : value;
    }

    private static Object map(Map<?, ?> map) {
        boolean texts = map.keySet().stream().allMatch(key -> key instanceof String text && !text.startsWith("!"));
        if (texts) {
            Map<Object, @Nullable Object> plain = new LinkedHashMap<>();
            map.forEach((key, value) -> plain.put(key, plain(value)));
            return plain;
        }
        List<@Nullable Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> {
            List<@Nullable Object> pair = new ArrayList<>();
            pair.add(plain(key));
            pair.add(plain(value));
            pairs.add(pair);
        });
        return Map.of("!map", pairs);
    }
}
