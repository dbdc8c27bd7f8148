package dev.holdfast.host.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import java.util.Optional;

/**
 * What is known of the call that is under way.
 *
 * @param id one that no other call has: the {@code x-request-id} of the answer
 * @param address the caller's, without its port
 * @param trace the {@code traceparent} of its metadata; empty for none
 * @param token the id of the token that it showed, for the audit; empty for none
 */
record CallFacts(String id, Metadata metadata, String address, Optional<String> trace, Optional<String> token) {

    private static final Context.Key<CallFacts> KEY = Context.key("holdfast.call");

    Context toContext() {
        return Context.current().withValue(KEY, this);
    }

    /** Those of the call that this thread works on; empty where it works on none. */
    static Optional<CallFacts> known() {
        return Optional.ofNullable(KEY.get());
    }

    /** Those of the call that this thread works on. */
    static CallFacts current() {
        return known().orElseThrow(() -> new IllegalStateException("There is no call on this thread"));
    }
}
