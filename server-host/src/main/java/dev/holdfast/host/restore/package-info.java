/**
 * Coming back: which snapshot a host serves after a start, and where it stands with its store then.
 */
@NullMarked
package dev.holdfast.host.restore;

import org.jspecify.annotations.NullMarked;
