/** The random cut forest, which learns while it is served: the one room that knows its library. */
@NullMarked
package dev.holdfast.host.runtime.forest;

import org.jspecify.annotations.NullMarked;
