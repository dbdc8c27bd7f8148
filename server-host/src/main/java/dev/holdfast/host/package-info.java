/** The host: the one place where its rooms are wired together. */
@NullMarked
package dev.holdfast.host;

import org.jspecify.annotations.NullMarked;
