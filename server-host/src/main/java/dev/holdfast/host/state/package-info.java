/** The bytes of model state: the codecs that all stores share. */
@NullMarked
package dev.holdfast.host.state;

import org.jspecify.annotations.NullMarked;
