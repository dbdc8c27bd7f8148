package dev.holdfast.host.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.Json;
import dev.holdfast.host.wire.Parameters;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the parameters of a management call: those of the query and, over them, those of a JSON body. The body is read as
 * leniently as TorchServe reads it, with single quotes and numbers as strings; the values are not.
 */
final class RequestParameters {

    private static final JsonFactory LENIENT = Json.FACTORY
            .rebuild()
            .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
            .enable(JsonReadFeature.ALLOW_UNQUOTED_FIELD_NAMES)
            .build();

    private RequestParameters() {}

    static Parameters ofQuery(Context context) {
        Map<String, String> values = new HashMap<>();
        context.queryParamMap().forEach((name, all) -> {
            if (new HashSet<>(all).size() > 1) {
                throw ApiException.badRequest("Parameter " + OneLine.name(name)
                        + " stands in the query more than once, with different values.");
            }
            values.put(name, all.get(0));
        });
        return new Parameters(values);
    }

    /**
     * @param most the largest body in bytes
     * @throws ApiException if the body is too large or no JSON object of plain values
     */
    static Parameters ofQueryAndBody(Context context, int most) throws IOException {
        Parameters query = ofQuery(context);
        String contentType = Optional.ofNullable(context.contentType()).orElse("");
        byte[] body = RequestBody.read(context, most);
        // Many clients set the content type of JSON on every call, with a body or without.
        if (body.length > 0 && contentType.toLowerCase(Locale.ROOT).startsWith(Answers.JSON)) {
            query.values().putAll(parse(body));
        }
        return query;
    }

    private static Map<String, String> parse(byte[] body) {
        Map<String, String> values = new HashMap<>();
        try (JsonParser json = LENIENT.createParser(Json.utf8(body))) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw ApiException.badRequest("The body must be a JSON object, such as {\"url\": \"model.mar\"}.");
            }
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (!value.isScalarValue()) {
                    throw ApiException.badRequest(
                            "Parameter " + OneLine.name(name) + " must be a text, a number, true or false.");
                }
                if (value != JsonToken.VALUE_NULL) {
                    values.put(name, json.getText());
                }
            }
            if (json.nextToken() != null) {
                throw ApiException.badRequest("The body must be one JSON object and nothing after it.");
            }
            return values;
        } catch (IOException e) {
            throw ApiException.badRequest("The body is no JSON: " + Json.reason(e));
        }
    }
}
