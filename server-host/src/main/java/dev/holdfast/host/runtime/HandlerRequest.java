package dev.holdfast.host.runtime;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A request as a handler gets it that reads it itself: what came over the wire, and no tensors. Where requests are tensors,
 * in queues and batches, it is three of them: {@code id}, {@code headers} (name, value, and so on) and {@code parameters}
 * (name, content type, value, and so on).
 *
 * @param id one that no other request of a batch has
 * @param headers with what the host adds, such as {@code url_path}
 */
public record HandlerRequest(String id, List<Header> headers, List<Parameter> parameters) {

    public HandlerRequest {
        headers = List.copyOf(headers);
        parameters = List.copyOf(parameters);
    }

    /**
     * A part of a form, a parameter of the query, or under the name {@code body} a body that is no form.
     *
     * @param contentType empty where none was said
     * @param value in a BYTES tensor of shape [1]
     */
    public record Parameter(String name, String contentType, Tensor value) {

        public static Parameter of(String name, String contentType, byte[] value) {
            return new Parameter(name, contentType, tensor(name, value));
        }

        /** The bytes themselves; not to be written to. */
        public byte[] bytes() {
            return ((byte[][]) value.elements())[0];
        }
    }

    static Tensor tensor(String name, byte[]... elements) {
        return new Tensor(name, TensorType.BYTES, new long[] {elements.length}, elements);
    }

    public List<Tensor> toTensors() {
        byte[][] parts = new byte[parameters.size() * 3][];
        for (int i = 0; i < parameters.size(); i++) {
            parts[3 * i] = utf8(parameters.get(i).name());
            parts[3 * i + 1] = utf8(parameters.get(i).contentType());
            parts[3 * i + 2] = parameters.get(i).bytes();
        }
        return List.of(tensor("id", utf8(id)), headers(headers), tensor("parameters", parts));
    }

    /** @throws InvalidInputException if they are not those of {@link #toTensors} */
    public static HandlerRequest of(List<Tensor> tensors) {
        byte[][] parts = bytes(tensors, "parameters");
        List<Parameter> parameters = new ArrayList<>();
        for (int i = 0; i + 2 < parts.length; i += 3) {
            parameters.add(Parameter.of(text(parts[i]), text(parts[i + 1]), parts[i + 2]));
        }
        byte[][] id = bytes(tensors, "id");
        if (id.length != 1 || parts.length % 3 != 0) {
            throw new InvalidInputException("A handler wants whole requests, not " + tensors);
        }
        return new HandlerRequest(text(id[0]), headersOf(tensors), parameters);
    }

    static Tensor headers(List<Header> headers) {
        byte[][] all = new byte[headers.size() * 2][];
        for (int i = 0; i < headers.size(); i++) {
            all[2 * i] = utf8(headers.get(i).name());
            all[2 * i + 1] = utf8(headers.get(i).value());
        }
        return tensor("headers", all);
    }

    static List<Header> headersOf(List<Tensor> tensors) {
        byte[][] all = bytes(tensors, "headers");
        List<Header> headers = new ArrayList<>();
        for (int i = 0; i + 1 < all.length; i += 2) {
            headers.add(new Header(text(all[i]), text(all[i + 1])));
        }
        return headers;
    }

    static byte[][] bytes(List<Tensor> tensors, String name) {
        for (Tensor tensor : tensors) {
            if (tensor.name().equals(name) && tensor.elements() instanceof byte[][] elements) {
                return elements;
            }
        }
        throw new InvalidInputException("A handler wants whole requests, not " + tensors);
    }

    /** How many bytes a text has in UTF-8. */
    public static int utf8Length(String text) {
        return utf8(text).length;
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
