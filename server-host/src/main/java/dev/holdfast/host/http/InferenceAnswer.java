package dev.holdfast.host.http;

import dev.holdfast.host.runtime.Header;
import java.util.List;
import java.util.Map;

/**
 * What is sent to who asked a model.
 *
 * @param contentType empty for none
 * @param headers those that a handler has set
 * @param remarks what the answer says of itself, as in {@link dev.holdfast.host.api.ModelAnswer}
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; not copied, because answers are large.
record InferenceAnswer(int status, String contentType, List<Header> headers, byte[] body, Map<String, Object> remarks) {

    /** Of a model that has no handler. */
    InferenceAnswer(String contentType, byte[] body, Map<String, Object> remarks) {
        this(200, contentType, List.of(), body, remarks);
    }
}
