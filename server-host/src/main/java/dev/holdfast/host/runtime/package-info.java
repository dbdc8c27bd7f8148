/**
 * Running models: the small interface of a runtime, and the runtimes that there are. The one room that knows the
 * inference libraries.
 */
@NullMarked
package dev.holdfast.host.runtime;

import org.jspecify.annotations.NullMarked;
