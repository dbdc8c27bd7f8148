/** The text of a snapshot, and the values that it is made of. */
@NullMarked
package dev.holdfast.host.snapshot;

import org.jspecify.annotations.NullMarked;
