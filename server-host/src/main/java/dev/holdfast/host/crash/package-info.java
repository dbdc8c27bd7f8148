/**
 * What a host writes down before native code runs for a model, and what its next start concludes from that where the
 * process ended without an orderly stop.
 *
 * <pre>
 *   crash/work       a file in memory: which model is being loaded or run just now; it outlives the process
 *   crash/calls      the same for plugins: which call is under way just now; who looks afterwards is told, and nobody accused
 *   crash/suspects   which models are under suspicion, and which are failed by name
 *   hs_err_pid*.log  the JVM's own report of a crash, if there was one
 *
 *   start ─▶ read the three ─▶ {@link dev.holdfast.host.crash.CrashVerdict} ─▶ suspects last, one at a time; accused ones not at all
 * </pre>
 */
@NullMarked
package dev.holdfast.host.crash;

import org.jspecify.annotations.NullMarked;
