/** Where log lines go, and what they look like. The one room that knows Logback. */
@NullMarked
package dev.holdfast.host.logging;

import org.jspecify.annotations.NullMarked;
