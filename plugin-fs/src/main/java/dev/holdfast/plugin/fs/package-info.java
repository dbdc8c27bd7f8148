/** Serializer {@code fs}: the snapshots of a group as files in one directory. */
@NullMarked
package dev.holdfast.plugin.fs;

import org.jspecify.annotations.NullMarked;
