/** Texts from outside, made fit for messages. */
@NullMarked
package dev.holdfast.host.text;

import org.jspecify.annotations.NullMarked;
