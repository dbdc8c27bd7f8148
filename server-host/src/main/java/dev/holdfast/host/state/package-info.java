/** The bytes of model state: the codecs that all stores share. This room alone knows the compression libraries. */
@NullMarked
package dev.holdfast.host.state;

import org.jspecify.annotations.NullMarked;
