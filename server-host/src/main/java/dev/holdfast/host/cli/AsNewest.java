package dev.holdfast.host.cli;

import picocli.CommandLine.Option;

/** The option of commands that put a snapshot into a group which may have others. */
final class AsNewest {

    @Option(
            names = "--as-newest",
            description =
                    "Also where the group has other snapshots: the next start restores the one that is put there.")
    private boolean allowed;

    /** Whether it may become the newest of others. */
    boolean allowed() {
        return allowed;
    }
}
