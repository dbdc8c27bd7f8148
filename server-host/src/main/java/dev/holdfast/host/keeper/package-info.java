/**
 * What makes every change durable: one thread that writes snapshots to the store and into the journal, looks whether the
 * store still has what this host goes on from, and carries out what the operator decides.
 */
@NullMarked
package dev.holdfast.host.keeper;

import org.jspecify.annotations.NullMarked;
