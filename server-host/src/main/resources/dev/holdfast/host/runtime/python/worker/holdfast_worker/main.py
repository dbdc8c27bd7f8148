"""One worker: binds a socket, tells the host on standard output, serves one connection and ends with it.

What few workers need is imported where it is needed: each worker is a process, and pays for its own modules.
"""

import _thread
import importlib
import json
import os
import socket
import sys

from holdfast_worker import loader, metrics, service, wire

_WAIT_FOR_HOST_SECONDS = 30.0
_LINES_OF_TRACEBACK = 8


def main(arguments=None):
    options = _options(arguments)
    _end_with_parent()
    listener = _listen(options)
    print("[PID]%d" % os.getpid())
    print("Torch worker started.")
    print("Python runtime: %d.%d.%d" % sys.version_info[:3], flush=True)
    if hasattr(sys.stdout, "reconfigure"):
        # A line goes out whole, or metrics would come between its parts.
        sys.stdout.reconfigure(line_buffering=True, write_through=False)
    options.tell = metrics.to_host()
    # Handlers find it where nothing else has that name.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    listener.settimeout(_WAIT_FOR_HOST_SECONDS)
    connection, _ = listener.accept()
    listener.close()
    connection.settimeout(None)
    with connection:
        sys.exit(serve(connection, options))


class _Options:
    """What the host wants, as it writes it: `--sock-type unix` and so on, each with one value."""

    sock_type = None
    # The socket's file, for unix; the host and the port, for tcp.
    sock_name = None
    host = "127.0.0.1"
    port = None
    metrics_config = None
    # A JSON file: the model's own configuration.
    model_config = None
    # A directory with packages that were installed for the model.
    packages = None
    # Takes lines of metrics; None for standard output.
    tell = None


def _options(arguments):
    options = _Options()
    arguments = sys.argv[1:] if arguments is None else arguments
    for name, value in zip(arguments[::2], arguments[1::2]):
        key = name[2:].replace("-", "_")
        if not name.startswith("--") or not hasattr(_Options, key):
            sys.exit("worker.py: unknown option %s" % name)
        setattr(options, key, value)
    if len(arguments) % 2 or options.sock_type not in ("unix", "tcp"):
        sys.exit("worker.py: each option needs a value, and --sock-type is unix or tcp")
    options.port = options.port and int(options.port)
    return options


def _listen(options):
    if options.sock_type == "unix":
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            listener.bind(options.sock_name)
        finally:
            os.umask(before)
    else:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind((options.host, options.port))
    listener.listen(1)
    return listener


def _end_with_parent():
    """Standard input is a pipe from the host: it ends when the host does, however that comes about."""
    parent = os.dup(0)
    os.set_inheritable(parent, False)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)

    def watch():
        while os.read(parent, 4096):
            pass
        os._exit(1)

    _thread.start_new_thread(watch, ())


def serve(connection, options):
    """Answers the host until it closes the connection; returns the exit code."""
    decode = os.environ.get("TS_DECODE_INPUT_REQUEST", "true") == "true"
    loaded = None
    reader = wire.Reader(connection)
    process = os.getpid()
    try:
        while True:
            try:
                message = reader.read()
            except (wire.Closed, ConnectionError):
                return 0
            if isinstance(message, wire.Load):
                loaded = _load(connection, message, options)
                if loaded is None:
                    return 1
                loaded.context.cl_socket = connection
            elif loaded is None:
                wire.write(connection, 500, "No model is loaded")
            else:
                outcome = service.predict(loaded, message, decode)
                if os.getpid() != process:
                    # The handler has forked, and this is the child: the answer is its parent's to give.
                    os._exit(0)
                wire.write(connection, outcome.code, outcome.message, outcome.answers)
    except ConnectionError:
        return 1  # The host has gone while it was to be answered.
    finally:
        if loaded is not None:
            loaded.lines.flush()


def _load(connection, message, options):
    """The loaded handler; None where it cannot be loaded, and the host was told why."""
    try:
        config, declared = _json(options.model_config), _json(options.metrics_config)
        loaded = loader.load(message, config, declared, options.packages, options.tell)
    except SystemExit:
        raise
    except MemoryError:
        wire.write(connection, 507, "Out of memory")
    except BaseException as failure:
        import traceback

        traceback.print_exc()
        code = 507 if "CUDA" in str(failure) else 500
        wire.write(connection, code, _reason(failure))
    else:
        wire.write(connection, 200, "loaded model %s" % message.model)
        return loaded
    return None


def _json(path):
    if not path:
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file, object_hook=_not_in_json)


def _not_in_json(value):
    """What the model's YAML has and JSON lacks: maps with keys that are no texts, and bytes."""
    if "!map" in value:
        return {tuple(key) if isinstance(key, list) else key: item for key, item in value["!map"]}
    if "!bytes" in value:
        import binascii

        return binascii.a2b_base64(value["!bytes"])
    return value


def _reason(failure):
    """The last lines of the traceback, those of this worker's own files left out."""
    import traceback

    trace = traceback.TracebackException.from_exception(failure)
    loading = (os.path.dirname(os.path.abspath(__file__)), os.path.dirname(importlib.__file__), "<frozen importlib")
    frames = [frame for frame in trace.stack if not frame.filename.startswith(loading)]
    lines = "".join(traceback.format_list(frames) + list(trace.format_exception_only())).splitlines()
    return "\n".join(lines[-_LINES_OF_TRACEBACK:])
