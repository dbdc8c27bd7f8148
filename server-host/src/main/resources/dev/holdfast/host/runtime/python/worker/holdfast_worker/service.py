"""Answers one batch by the handler, whatever it does."""

import json
import sys
import time

from holdfast_worker import wire
from holdfast_worker.context import RequestProcessor
from holdfast_worker.envelopes import Refused
from holdfast_worker.wire import Answer

_RESERVED = ("content-type",)
_MORE = "ts_stream_next"
# What the host takes.
_MOST_HEADERS = 1000
_LONGEST_MESSAGE = 1 << 16


class Outcome:
    """The answer to a batch: a code and a message for all of it, and an answer for each request."""

    def __init__(self, code, message, answers):
        self.code = code
        self.message = message
        self.answers = answers


def predict(service, requests, decode=True):
    """Asks the handler for the answers to a batch; never raises but for what is to end the worker."""
    context = service.context
    context.request_ids = {i: request.request_id for i, request in enumerate(requests)}
    context.request_processor = [RequestProcessor(request.headers) for request in requests]
    data = [_input(request, decode) for request in requests]
    started = time.time()
    try:
        result = service.entry_point(data, context)
        if hasattr(context, "metrics"):
            _time(context.metrics, "PredictionTime", started)
    except MemoryError:
        return _failed(requests, 507, "Out of resources")
    except Exception as failure:  # Whatever a handler raises costs its batch, and no more.
        return _failure(requests, failure)
    if not isinstance(result, list):
        return _failed(requests, 503, "Invalid model predict output")
    if len(result) != len(requests):
        return _failed(requests, 503, "number of batch response mismatched")
    try:
        return Outcome(200, "Prediction success", [answer(context, i, value) for i, value in enumerate(result)])
    except TypeError:
        return _failed(requests, 503, "Unsupported model output data type.")
    except Exception:
        _print_traceback()
        return _failed(requests, 503, "Prediction failed")


def _failure(requests, failure):
    try:
        if _is_prediction_exception(failure):
            return _failed(requests, _int32(failure.error_code), str(failure.message)[:_LONGEST_MESSAGE])
    except Exception:  # Neither is what it should be.
        pass
    _print_traceback()
    try:
        if "CUDA" in str(failure):
            return _failed(requests, 507, "Out of resources")
    except Exception:  # It does not even tell what it is.
        pass
    return _failed(requests, 503, "Prediction failed")


def _int32(value):
    number = int(value)
    if not -(1 << 31) <= number < 1 << 31:
        raise ValueError("%d does not fit into 32 bits" % number)
    return number


def _print_traceback():
    import traceback

    traceback.print_exc()


def _time(metrics, name, started):
    metrics.add_time(name, round((time.time() - started) * 1000, 2))


def answer(context, index, value, more=False):
    """What the handler gave for one request, with what it said about the answer, and whether another piece follows."""
    headers = context.get_response_headers(index)
    if _MORE in headers:
        headers[_MORE] = "true" if more else "false"
    status, phrase = context.get_response_status(index)
    if len(headers) > _MOST_HEADERS:
        raise ValueError("An answer has %d headers, more than %d" % (len(headers), _MOST_HEADERS))
    return Answer(
        context.get_request_id(index),
        _body(value),
        content_type=str(context.get_response_content_type(index) or ""),
        status=_int32(status),
        phrase=str(phrase or ""),
        headers=[(str(k), str(v)) for k, v in headers.items() if k not in _RESERVED],
    )


def send_intermediate_predict_response(ret, req_id_map, message, code, context=None):
    """Sends pieces of the answers to some requests of the batch at once; what the handler returns is the last piece.

    `ret` has a piece for each index of `req_id_map`, which is `context.request_ids` or a part of it.
    """
    pieces = []
    for index in req_id_map:
        context.set_response_header(index, _MORE, "true")
        pieces.append(answer(context, index, ret[index], more=True))
    wire.write(context.cl_socket, code, message, pieces)


def _failed(requests, code, message):
    return Outcome(code, message, [Answer(request.request_id, "error", status=code) for request in requests])


def _is_prediction_exception(failure):
    """By its names, for the package ts may be the user's own or the one that is shipped with this worker."""
    return any(
        (kind.__name__ == "PredictionException" and kind.__module__ == "ts.utils.util") or kind is Refused
        for kind in type(failure).__mro__
    )


def _input(request, decode):
    """A dict from the name of a parameter to its value, as handlers want a request."""
    return {name: _value(content_type, value, decode) for name, content_type, value in request.parameters}


def _value(content_type, value, decode):
    if not decode:
        return value
    try:
        if content_type == "application/json":
            return json.loads(value.decode("utf-8"))
        if content_type.startswith("text"):
            return value.decode("utf-8")
    except ValueError:
        pass  # What cannot be decoded is handed over as it came.
    return value


def _body(value):
    if isinstance(value, (bytes, bytearray)):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        import io

        buffer = io.BytesIO()
        torch.save(value, buffer)
        return buffer.getvalue()
    return json.dumps(value, indent=2).encode("utf-8")
