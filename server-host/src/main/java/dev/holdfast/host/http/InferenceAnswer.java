package dev.holdfast.host.http;

import java.util.Map;

/**
 * What is sent to who asked a model.
 *
 * @param remarks what the answer says of itself, as in {@link dev.holdfast.host.api.ModelAnswer}
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; not copied, because answers are large.
record InferenceAnswer(String contentType, byte[] body, Map<String, Object> remarks) {}
