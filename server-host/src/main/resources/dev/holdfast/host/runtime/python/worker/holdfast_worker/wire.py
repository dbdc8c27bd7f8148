"""The wire between host and worker: messages in, messages out.

All integers are signed, 32 bits, big-endian; a field is its length and its bytes. There is no framing: whoever reads a
message knows from its fields where it ends.
"""

import struct

_INT = struct.Struct("!i")
END = _INT.pack(-1)
_PIECE = 1 << 20


class Closed(Exception):
    """The host has closed the connection."""


class Malformed(Exception):
    """What came is no message of a host."""


class Load:
    """What the host wants loaded."""

    def __init__(self, model, path, batch_size, handler, gpu, envelope, limit_pixels):
        self.model = model
        self.path = path
        self.batch_size = batch_size
        self.handler = handler
        self.gpu = gpu
        self.envelope = envelope
        self.limit_pixels = limit_pixels


class Request:
    """One request of a batch: its id, its headers, and (name, content type, value) of each parameter."""

    def __init__(self, request_id, headers, parameters):
        self.request_id = request_id
        self.headers = headers
        self.parameters = parameters


def read(connection):
    """The next message: a Load, or a list of Requests."""
    command = _bytes(connection, 1)
    if command == b"L":
        return _load(connection)
    if command == b"I":
        return _batch(connection)
    raise Malformed("unknown command %r" % bytes(command))


def _load(connection):
    return Load(
        model=_text(connection),
        path=_text(connection),
        batch_size=_int(connection),
        handler=_text(connection),
        gpu=_int(connection),
        envelope=_text(connection),
        limit_pixels=_bytes(connection, 1) == b"\x01",
    )


def _batch(connection):
    requests = []
    while True:
        length = _int(connection)
        if length < 0:
            return requests
        request_id = _bytes(connection, length).decode("utf-8")
        headers = []
        name = _optional(connection)
        while name is not None:
            headers.append((name.decode("utf-8"), _field(connection).decode("utf-8", "replace")))
            name = _optional(connection)
        parameters = []
        name = _optional(connection)
        while name is not None:
            content_type = _field(connection).decode("utf-8", "replace")
            parameters.append((name.decode("utf-8", "replace"), content_type, _field(connection)))
            name = _optional(connection)
        requests.append(Request(request_id, headers, parameters))


def _bytes(connection, length):
    """Exactly so many bytes, as a bytearray; what has not come takes little memory."""
    received = _piece(connection, min(length, _PIECE))
    while len(received) < length:
        received += _piece(connection, min(length - len(received), _PIECE))
    return received


def _piece(connection, length):
    received = bytearray(length)
    view = memoryview(received)
    while length > 0:
        count = connection.recv_into(view[len(received) - length :], length)
        if count == 0:
            raise Closed()
        length -= count
    return received


def _int(connection):
    return _INT.unpack(_bytes(connection, 4))[0]


def _optional(connection):
    """A field, or None where the list ends."""
    length = _int(connection)
    return None if length < 0 else _bytes(connection, length)


def _field(connection):
    length = _int(connection)
    if length < 0:
        raise Malformed("a field of %d bytes" % length)
    return _bytes(connection, length)


def _text(connection):
    return _field(connection).decode("utf-8")


class Answer:
    """The answer to one request of a batch."""

    def __init__(self, request_id, body, content_type="", status=200, phrase="", headers=()):
        self.request_id = request_id
        self.body = body
        self.content_type = content_type
        self.status = status
        self.phrase = phrase
        self.headers = headers


def write(connection, code, message, answers=()):
    """Sends the answer to a Load, or to a batch."""
    parts = [_INT.pack(code)]
    _put(parts, message)
    for answer in answers:
        _put(parts, answer.request_id)
        _put(parts, answer.content_type)
        parts.append(_INT.pack(answer.status))
        _put(parts, answer.phrase)
        parts.append(_INT.pack(len(answer.headers)))
        for name, value in answer.headers:
            _put(parts, name)
            _put(parts, value)
        _put(parts, answer.body)
    parts.append(END)
    connection.sendall(b"".join(parts))


def _put(parts, value):
    data = value.encode("utf-8") if isinstance(value, str) else value
    parts.append(_INT.pack(len(data)))
    parts.append(data)
