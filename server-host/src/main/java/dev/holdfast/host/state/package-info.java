/**
 * What models have learned, in chunks: how a captured state is stored by its differences, read back checked, and removed
 * when no snapshot needs it.
 */
@NullMarked
package dev.holdfast.host.state;

import org.jspecify.annotations.NullMarked;
