/** What models have learned, in chunks: how a captured state is stored by its differences and read back checked; and the
 * codecs that all stores share. */
@NullMarked
package dev.holdfast.host.state;

import org.jspecify.annotations.NullMarked;
