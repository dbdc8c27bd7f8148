/**
 * What is served: the serving state as a value, the plan from one to another, and the workers that run it.
 */
@NullMarked
package dev.holdfast.host.serving;

import org.jspecify.annotations.NullMarked;
