"""Service envelopes: what stands around the rows of a request, taken off before the handler and put around its answer."""

import json
from base64 import b64decode


class Refused(Exception):
    """A request that is not in the envelope's form; answered with its code and message."""

    def __init__(self, message):
        super().__init__(message)
        self.message = message
        self.error_code = 400


class Envelope:
    """Around an entry point of a handler; what it is told of requests stays the context's."""

    def __init__(self, entry_point):
        self._entry_point = entry_point

    def __call__(self, data, context):
        if not data or context.get_request_header(0, "describe") == "True":
            return self._entry_point(data, context)
        rows = [self.take_off(_body(row), i, context) for i, row in enumerate(data)]
        lengths = [len(some) for some in rows]
        results = self._entry_point([row for some in rows for row in some], context)
        if not isinstance(results, list):
            return results
        if len(data) == 1:
            return [self.put_around(results, 0, context)]
        if len(results) != sum(lengths):
            return results  # Which the worker then refuses.
        answers, start = [], 0
        for i, length in enumerate(lengths):
            answers.append(self.put_around(results[start : start + length], i, context))
            start += length
        return answers

    def take_off(self, body, index, context):
        """The rows of a request."""
        raise NotImplementedError

    def put_around(self, rows, index, context):
        """The answer to a request, of what the handler gave for its rows."""
        raise NotImplementedError


class Body(Envelope):
    """The body alone, without the name of its parameter."""

    def __call__(self, data, context):
        return self._entry_point([_body(row) for row in data] if data else data, context)


class Json(Envelope):
    """`{"instances": […]}`, where `{"b64": …}` are bytes; and `{"predictions": […]}`."""

    def take_off(self, body, index, context):
        return [_decoded(row) for row in _list(body, "instances")]

    def put_around(self, rows, index, context):
        return json.dumps({"predictions": rows})


class Kserve(Envelope):
    """KServe, version 1: `{"instances": […]}`, and `{"predictions": […]}` or `{"explanations": […]}`."""

    def take_off(self, body, index, context):
        return _list(body, "instances")

    def put_around(self, rows, index, context):
        return {"explanations" if _explains(context, index) else "predictions": rows}


class Kservev2(Envelope):
    """KServe, version 2: `{"id": …, "inputs": […]}`, and the same with `outputs`."""

    def take_off(self, body, index, context):
        inputs = _list(body, "inputs")
        given = _object(body).get("id")
        context.cache.setdefault("kservev2", {})[index] = given
        return inputs

    def put_around(self, rows, index, context):
        given = context.cache.get("kservev2", {}).pop(index, None)
        model = (context.manifest or {}).get("model", {})
        answer = {"id": given if given is not None else context.get_request_id(index)}
        answer["model_name"] = model.get("modelName", context.model_name)
        if "modelVersion" in model:
            answer["model_version"] = model["modelVersion"]
        name = "explain" if _explains(context, index) else "predict"
        answer["outputs"] = [_output(name, row) for row in rows]
        return answer


ENVELOPES = {"body": Body, "json": Json, "kserve": Kserve, "kservev2": Kservev2}


def around(name, entry_point):
    """An entry point inside the envelope of a name; the empty name is none."""
    if not name:
        return entry_point
    if name not in ENVELOPES:
        raise ValueError(
            "The service envelope %s is none of %s; others need the package torchserve" % (name, ", ".join(ENVELOPES))
        )
    return ENVELOPES[name](entry_point)


def _body(row):
    return row.get("data") or row.get("body")


def _object(body):
    if isinstance(body, (bytes, bytearray)):
        try:
            body = json.loads(body.decode("utf-8"))
        except ValueError as failure:
            raise Refused("The body is no JSON: %s" % failure) from None
    if not isinstance(body, dict):
        raise Refused("The body must be a JSON object")
    return body


def _list(body, key):
    rows = _object(body).get(key)
    if not isinstance(rows, list):
        raise Refused('The body must have a list "%s"' % key)
    return rows


def _explains(context, index):
    return context.get_request_header(index, "explain") == "True"


def _decoded(row):
    if not isinstance(row, dict):
        return row
    if list(row) == ["b64"]:
        return b64decode(row["b64"])
    return {name: _decoded(value) if isinstance(value, dict) and list(value) == ["b64"] else value
            for name, value in row.items()}


def _output(name, value):
    """A tensor of a number, a text, a truth value, or of nested lists of them."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    shape, flat = _shape(value), []
    _flatten(value, flat)
    return {"name": name, "shape": shape, "datatype": _datatype(flat), "data": flat if shape else value}


def _shape(value):
    if not isinstance(value, (list, tuple)):
        return []
    return [len(value)] + (_shape(value[0]) if value else [])


def _flatten(value, flat):
    if isinstance(value, (list, tuple)):
        for each in value:
            _flatten(each, flat)
    else:
        flat.append(value)


def _datatype(values):
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return "BOOL"
    if kinds == {int}:
        return "INT64"
    if kinds <= {int, float, bool}:
        return "FP64"
    return "BYTES"
