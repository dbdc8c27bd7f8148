package dev.holdfast.host.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import java.util.Optional;

/**
 * What is known of the call that is under way.
 *
 * @param id one that no other call has: the {@code x-request-id} of the answer
 * @param address the caller's, without its port
 * @param token the id of the token that it showed, for the audit; empty for none
 */
record CallFacts(String id, Metadata metadata, String address, Optional<String> token) {

    private static final Context.Key<CallFacts> KEY = Context.key("holdfast.call");

    Context toContext() {
        return Context.current().withValue(KEY, this);
    }

    /** Those of the call that this thread works on. */
    static CallFacts current() {
        CallFacts facts = KEY.get();
        if (facts == null) {
            throw new IllegalStateException("There is no call on this thread");
        }
        return facts;
    }
}
