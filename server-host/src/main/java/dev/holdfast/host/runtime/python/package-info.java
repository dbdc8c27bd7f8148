/**
 * Models whose handler is Python: which Python runs it, by which worker, and how that is started.
 *
 * <pre>
 *   PythonRuntime ─▶ PythonModel ─▶ WorkerProcess ── PythonLaunch ─▶ WorkerCommand: python worker.py
 * </pre>
 */
@NullMarked
package dev.holdfast.host.runtime.python;

import org.jspecify.annotations.NullMarked;
