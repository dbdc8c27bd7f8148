/** The codecs that all stores share, and the one room that knows the compression libraries. */
@NullMarked
package dev.holdfast.host.codec;

import org.jspecify.annotations.NullMarked;
