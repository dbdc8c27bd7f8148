package dev.holdfast.host.http;

import dev.holdfast.host.runtime.HandlerRequest.Parameter;
import dev.holdfast.host.text.OneLine;
import java.io.ByteArrayOutputStream;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.io.Content;
import org.jspecify.annotations.Nullable;

/** The bodies of HTML's forms, taken apart: {@code multipart/form-data}, and the encoding of URLs. */
final class FormBodies {

    private static final int MOST_PARTS = 1000;

    private FormBodies() {}

    /**
     * The parts of a body of type {@code multipart/form-data}. Those that are no files have no content type, whatever they say,
     * as TorchServe hands them over.
     *
     * @param contentType with the boundary
     * @throws ApiException if it is malformed
     */
    static List<Parameter> multipart(String contentType, byte[] body) {
        String boundary = MultiPart.extractBoundary(contentType);
        if (boundary == null) {
            throw ApiException.badRequest("A body of type multipart/form-data needs its boundary in Content-Type.");
        }
        Parts parts = new Parts();
        MultiPart.Parser parser = new MultiPart.Parser(boundary, parts);
        parser.setMaxParts(MOST_PARTS);
        parser.parse(Content.Chunk.from(ByteBuffer.wrap(body), true));
        if (!parts.complete) {
            String why = parts.failure == null ? "" : ": " + OneLine.name(String.valueOf(parts.failure.getMessage()));
            throw ApiException.badRequest("The body is no whole multipart/form-data" + why + ".");
        }
        return parts.parameters;
    }

    private static final class Parts extends MultiPart.AbstractPartsListener {

        private final List<Parameter> parameters = new ArrayList<>();
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();
        private boolean complete;
        private @Nullable Throwable failure;

        @Override
        public void onPartContent(Content.Chunk chunk) {
            byte[] bytes = new byte[chunk.remaining()];
            chunk.getByteBuffer().get(bytes);
            content.writeBytes(bytes);
        }

        @Override
        public void onPart(@Nullable String name, @Nullable String fileName, HttpFields headers) {
            String type = headers.get(HttpHeader.CONTENT_TYPE);
            parameters.add(Parameter.of(
                    name == null ? "" : name, fileName == null || type == null ? "" : type, content.toByteArray()));
            content.reset();
        }

        @Override
        public void onComplete() {
            complete = failure == null;
        }

        @Override
        public void onFailure(Throwable why) {
            failure = why;
        }
    }

    /**
     * The fields of a body of type {@code application/x-www-form-urlencoded}, in UTF-8.
     *
     * @throws ApiException if it is malformed
     */
    static List<Parameter> urlEncoded(byte[] body) {
        List<Parameter> parameters = new ArrayList<>();
        for (String field : new String(body, StandardCharsets.UTF_8).split("&", -1)) {
            if (parameters.size() == MOST_PARTS) {
                throw ApiException.badRequest("A form has at most " + MOST_PARTS + " fields.");
            }
            if (!field.isEmpty()) {
                int equals = field.indexOf('=');
                String name = equals < 0 ? field : field.substring(0, equals);
                parameters.add(Parameter.of(
                        decoded(name),
                        "",
                        decoded(equals < 0 ? "" : field.substring(equals + 1)).getBytes(StandardCharsets.UTF_8)));
            }
        }
        return parameters;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw ApiException.badRequest(
                    "The body says that it is application/x-www-form-urlencoded, as curl's -d does"
                            + " where no Content-Type is given, and is not: "
                            + OneLine.name(String.valueOf(e.getMessage())) + ".");
        }
    }
}
