/** The whole of what the author of a snapshot serializer sees: the SPI, its values and its failures. */
@NullMarked
package dev.holdfast.sdk;

import org.jspecify.annotations.NullMarked;
