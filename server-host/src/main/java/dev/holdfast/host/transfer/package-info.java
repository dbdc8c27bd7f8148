/**
 * Snapshots with the chunks that they need, on the way from one store to another, or into a file and out of it.
 */
@NullMarked
package dev.holdfast.host.transfer;

import org.jspecify.annotations.NullMarked;
