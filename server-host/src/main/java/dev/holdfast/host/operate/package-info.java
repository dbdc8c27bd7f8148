/**
 * What an operator does with the snapshots of a store, where a host runs and where none does: look at them, move them from
 * store to store or into a file, and remove what is not needed. The command line maps its arguments to this room and prints
 * what it answers.
 */
@NullMarked
package dev.holdfast.host.operate;

import org.jspecify.annotations.NullMarked;
