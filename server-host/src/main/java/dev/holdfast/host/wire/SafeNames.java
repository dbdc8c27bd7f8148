package dev.holdfast.host.wire;

import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;

/** Names that callers give, checked before anything looks them up or repeats them. */
public final class SafeNames {

    private SafeNames() {}

    /**
     * @throws ApiFailure if the name breaks the rule for names
     */
    public static String check(String what, String name) {
        if (!ModelNames.isSafe(name)) {
            throw new ApiFailure(
                    Kind.BAD_REQUEST,
                    what + " '" + OneLine.name(name) + "' must match " + ModelNames.PATTERN
                            + " and be neither . nor ..");
        }
        return name;
    }
}
