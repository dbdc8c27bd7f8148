package dev.holdfast.host.http;

import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.text.OneLine;
import io.javalin.http.Context;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Changes that are made only on what their caller has seen: {@code ETag} on what shows it is the revision of the newest snapshot,
 * and {@code If-Match} on a change is the one that it is made for.
 *
 * @param newest the revision of now
 * @param expect told the revision that the changes of this thread are made for; empty for any
 */
record Preconditions(LongSupplier newest, Consumer<OptionalLong> expect) {

    /** Before the answer is made: what it shows may be newer than its tag, and never older. */
    void tag(Context context) {
        context.header("ETag", "\"" + newest.getAsLong() + "\"");
    }

    /** @throws ApiFailure if the call is made for another revision than that of now */
    void begin(Context context) {
        String given = context.req().getHeader("If-Match");
        if (given == null || given.strip().equals("*")) {
            return;
        }
        String tag = given.strip().replaceFirst("^\"(.*)\"$", "$1");
        if (!tag.matches("[0-9]{1,18}")) {
            throw new ApiFailure(
                    ApiFailure.Kind.BAD_REQUEST,
                    "If-Match '" + OneLine.name(given) + "' must be one revision, as the ETag of an answer says it:"
                            + " If-Match: \"42\"");
        }
        expect.accept(OptionalLong.of(Long.parseLong(tag)));
    }

    void end() {
        expect.accept(OptionalLong.empty());
    }
}
