/**
 * Loading plugins: finds the drop-ins of a directory, isolates each one, and says in one line what is wrong with a broken
 * one. The one room that knows PF4J.
 */
@NullMarked
package dev.holdfast.host.plugins;

import org.jspecify.annotations.NullMarked;
