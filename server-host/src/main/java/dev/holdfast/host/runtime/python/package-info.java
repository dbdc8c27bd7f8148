/**
 * Models whose handler is Python: a process for each worker, a Unix socket to it, and the wire over that.
 *
 * <pre>
 *   PythonRuntime ─▶ PythonModel ─▶ PythonProcess ── PythonConnection ──socket── worker.py ── handler
 *   (which Python,                 (starts, ends)    (WireWriter, WireReader)
 *    which worker)                       └─ OutputLines ◀── what the worker prints
 * </pre>
 */
@NullMarked
package dev.holdfast.host.runtime.python;

import org.jspecify.annotations.NullMarked;
