/**
 * Snapshots with the chunks that they need, on the way from one store to another: as a file, and as messages to a peer.
 */
@NullMarked
package dev.holdfast.host.transfer;

import org.jspecify.annotations.NullMarked;
