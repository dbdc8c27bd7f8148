package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.SnapshotHeader;
import java.util.Optional;

/**
 * A snapshot as the index shows it.
 *
 * @param month in which it stands
 * @param name of the snapshot
 * @param place its {@code createdOn}
 * @param header empty where it cannot be read
 */
record Entry(String month, String name, String place, Optional<SnapshotHeader> header) {}
