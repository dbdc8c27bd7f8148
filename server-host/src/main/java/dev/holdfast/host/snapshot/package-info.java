/**
 * Keeping the serving state: the text of a snapshot, taking one after each change, and coming back from one.
 */
@NullMarked
package dev.holdfast.host.snapshot;

import org.jspecify.annotations.NullMarked;
