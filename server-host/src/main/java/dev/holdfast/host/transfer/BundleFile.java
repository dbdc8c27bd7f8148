package dev.holdfast.host.transfer;

import java.nio.file.Path;

/**
 * A file that goes with a snapshot: an archive of a model, or one of the files of an archive that is a directory.
 *
 * @param name its path below the model store, with slashes
 * @param source where it is
 */
public record BundleFile(String name, Path source) {}
