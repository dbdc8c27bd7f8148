/** The contract of a snapshot serializer as a suite of tests, which the author of a plugin extends. */
@NullMarked
package dev.holdfast.testkit;

import org.jspecify.annotations.NullMarked;
