package dev.holdfast.host.archive;

import java.nio.ByteBuffer;

/** The body of the prediction that a model answers before it is ready, as a caller would send it. */
public final class WarmUpRequest {

    private final byte[] body;

    /** @param body handed over: nobody writes to it afterwards */
    WarmUpRequest(byte[] body) {
        this.body = body;
    }

    public byte[] body() {
        return body.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WarmUpRequest request && ByteBuffer.wrap(body).equals(ByteBuffer.wrap(request.body));
    }

    @Override
    public int hashCode() {
        return ByteBuffer.wrap(body).hashCode();
    }

    @Override
    public String toString() {
        return body.length + " bytes";
    }
}
