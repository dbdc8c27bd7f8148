package dev.holdfast.host.runtime;

import java.util.List;

/**
 * What a handler answers to one request, or why it does not. Where answers are tensors it is four of them: {@code status}
 * (the number, then 1 for a failure), {@code content_type}, {@code headers} and {@code body}.
 *
 * @param status of HTTP
 * @param contentType empty where the handler says none
 * @param body in a BYTES tensor of shape [1]; of a failure the message, in UTF-8
 * @param failed whether nobody but the host speaks here: there is no answer of the handler's
 */
public record HandlerAnswer(int status, String contentType, List<Header> headers, Tensor body, boolean failed) {

    public HandlerAnswer {
        headers = List.copyOf(headers);
    }

    public static HandlerAnswer of(int status, String contentType, List<Header> headers, byte[] body) {
        return new HandlerAnswer(status, contentType, headers, HandlerRequest.tensor("body", body), false);
    }

    public static HandlerAnswer failure(int status, String message) {
        return new HandlerAnswer(
                status, "", List.of(), HandlerRequest.tensor("body", HandlerRequest.utf8(message)), true);
    }

    public List<Tensor> toTensors() {
        return List.of(
                new Tensor("status", TensorType.INT32, new long[] {2}, new int[] {status, failed ? 1 : 0}),
                HandlerRequest.tensor("content_type", HandlerRequest.utf8(contentType)),
                HandlerRequest.headers(headers),
                body);
    }

    /** @param tensors those of {@link #toTensors} */
    public static HandlerAnswer of(List<Tensor> tensors) {
        int[] status = (int[]) tensors.get(0).elements();
        return new HandlerAnswer(
                status[0],
                HandlerRequest.text(HandlerRequest.bytes(tensors, "content_type")[0]),
                HandlerRequest.headersOf(tensors),
                tensors.get(3),
                status[1] != 0);
    }

    /** The bytes of the body; not to be written to. */
    public byte[] bytes() {
        return ((byte[][]) body.elements())[0];
    }

    /** Of a failure, why. */
    public String message() {
        return HandlerRequest.text(bytes());
    }
}
