package dev.holdfast.host.common;

import java.util.Set;

/** The names of Holdfast's own serializers, which have keys and documents under them. */
public final class OwnSerializers {

    /** The one that needs no plugin. */
    public static final String BUILT_IN = "fs";

    public static final Set<String> NAMES = Set.of(BUILT_IN, "ddb", "jdbc", "raft");

    private OwnSerializers() {}
}
