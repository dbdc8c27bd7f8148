"""Finds a handler's entry point and gives it its model."""

import importlib
import json
import os
import sys

from holdfast_worker import envelopes
from holdfast_worker.context import Context
from holdfast_worker.metrics import Lines, Metrics

# The version of TorchServe whose handlers this worker runs.
SERVER_VERSION = "0.12.0"


class Service:
    """A handler that is ready, with its context."""

    def __init__(self, entry_point, context, lines):
        self.entry_point = entry_point
        self.context = context
        # Of metrics, which wait a moment.
        self.lines = lines


def load(wanted, config=None, declared=None, packages=None, tell=None):
    """Loads what a Load names; whatever the handler raises goes on to the caller."""
    file, _, function = wanted.handler.partition(":")
    module_name, path = _on_path(wanted.path, file, packages)
    context = Context(
        wanted.model,
        wanted.path,
        _manifest(wanted.path),
        wanted.batch_size,
        None if wanted.gpu < 0 else wanted.gpu,
        SERVER_VERSION,
        wanted.limit_pixels,
        model_yaml_config=config,
    )
    lines = Lines(declared, tell)
    context.metrics = Metrics(wanted.model, context, lines, declared)
    module = _import(module_name, path)
    entry_point = getattr(module, function or "handle", None)
    if callable(entry_point) and not isinstance(entry_point, type):
        entry_point(None, context)
        return Service(envelopes.around(wanted.envelope, entry_point), context, lines)
    handler = _only_class(module, function or "handle")()
    if not callable(getattr(handler, "handle", None)):
        raise ValueError("The class %s of the handler has no method handle" % type(handler).__name__)
    if hasattr(handler, "initialize"):
        handler.initialize(context)
    return Service(envelopes.around(wanted.envelope, handler.handle), context, lines)


def _on_path(model_dir, file, packages=None):
    """Puts the model's files where modules are looked for; gives the handler's module, and its file where it has one."""
    folder, name = os.path.split(file)
    places = [os.path.join(model_dir, folder)] if folder else []
    places.append(model_dir)
    if packages:
        places.append(packages)
    sys.path[:0] = places
    # What the handler starts by itself finds the same modules.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(places + ([before] if before else []))
    name = name[:-3] if name.endswith(".py") else name
    path = os.path.join(places[0], name + ".py")
    return name, path if os.path.isfile(path) else None


def _manifest(model_dir):
    path = os.path.join(model_dir, "MAR-INF", "MANIFEST.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _import(name, path):
    if path and name in sys.modules:
        # A handler may be called json.py: it is the archive's, and everybody else goes on with their own json.
        return _import_beside(name, path)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
    try:
        return importlib.import_module("ts.torch_handler." + name)
    except ModuleNotFoundError as missing:
        if missing.name == "ts.torch_handler":
            raise ModuleNotFoundError(
                "No module named '%s', and no package torchserve that could have a handler of that name" % name
            ) from None
        raise


def _import_beside(name, path):
    import importlib.util

    alias = "handler_" + name
    spec = importlib.util.spec_from_file_location(alias, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[alias] = module
    spec.loader.exec_module(module)
    return module


def _only_class(module, function):
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise ValueError(
            "A handler has a function %s, or exactly one class; %s has %s"
            % (function, module.__name__, ", ".join(sorted(c.__name__ for c in classes)) or "neither")
        )
    return classes[0]
