package dev.holdfast.host.wire;

import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The header, or over gRPC the metadata, {@code traceparent} of W3C's Trace Context, by which a caller's trace is recognised in logs and answers. */
public final class TraceParent {

    public static final String HEADER = "traceparent";

    /** Version, trace id, parent id, flags; a later version may have more behind them. */
    private static final Pattern FORM = Pattern.compile(
            "(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[!-~]{1,200})?");

    private TraceParent() {}

    /** The header's value; empty where there is none, or none that the standard allows, which is then as good as none. */
    public static Optional<String> of(@Nullable String header) {
        return header != null
                        && FORM.matcher(header).matches()
                        // The first version has nothing behind the flags.
                        && (header.length() == 55 || !header.startsWith("00"))
                ? Optional.of(header)
                : Optional.empty();
    }
}
