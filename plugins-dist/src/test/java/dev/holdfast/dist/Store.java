package dev.holdfast.dist;

/** The stores that one and the same case is tried on. Those whose names begin with {@code FS} have one writer. */
enum Store {
    /** Files in the host's own log location, as without any configuration. */
    FS,
    /** Files in a directory elsewhere, which can go away as a mount does. */
    FS_MOUNTED,
    SQLITE,
    POSTGRESQL,
    DYNAMODB
}
