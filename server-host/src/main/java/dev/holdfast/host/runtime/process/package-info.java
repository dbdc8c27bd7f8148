/**
 * Workers that are processes: a Unix socket to each, the wire over that, and the life of a process from its start to its end.
 *
 * <pre>
 *   WorkerProcess ─▶ WorkerRun ── WireWriter, WireReader ──socket── a worker: Python, or WorkerLoop
 *   (another one       └─ OutputLines ◀── what the worker prints
 *    after each end)
 * </pre>
 */
@NullMarked
package dev.holdfast.host.runtime.process;

import org.jspecify.annotations.NullMarked;
