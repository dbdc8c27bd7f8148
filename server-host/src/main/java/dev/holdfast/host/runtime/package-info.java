/** Running models: the small interface of a runtime, and the choice among those that there are. */
@NullMarked
package dev.holdfast.host.runtime;

import org.jspecify.annotations.NullMarked;
