package dev.holdfast.host;

import java.util.Optional;

/** The version of this host, as the manifest of its jar says. */
public final class HostVersion {

    private HostVersion() {}

    /** {@code development} where there is no jar. */
    public static String get() {
        return Optional.ofNullable(HostVersion.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
