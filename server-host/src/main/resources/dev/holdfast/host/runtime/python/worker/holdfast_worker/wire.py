"""The wire between host and worker: messages in, messages out.

All integers are signed, 32 bits, big-endian; a field is its length and its bytes. There is no framing: whoever reads a
message knows from its fields where it ends.
"""

import struct

_INT = struct.Struct("!i")
END = _INT.pack(-1)
_PIECE = 1 << 20
_ROOM = 1 << 16


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


class Reader:
    """Reads messages from a connection. It takes what has come at once: a call of the system for each field would cost more
    than all that is done with a small request."""

    def __init__(self, connection):
        self._connection = connection
        self._data = b""
        self._at = 0
        self._room = bytearray(_ROOM)

    def read(self):
        """The next message: a Load, or a list of Requests."""
        command = self._bytes(1)
        if command == b"I":
            return self._batch()
        if command == b"L":
            return self._load()
        raise Malformed("unknown command %r" % bytes(command))

    def _load(self):
        return Load(
            model=self._text(),
            path=self._text(),
            batch_size=self._int(),
            handler=self._text(),
            gpu=self._int(),
            envelope=self._text(),
            limit_pixels=self._bytes(1) == b"\x01",
        )

    def _batch(self):
        requests = []
        while True:
            length = self._int()
            if length < 0:
                return requests
            request_id = self._bytes(length).decode("utf-8")
            headers = []
            name = self._optional()
            while name is not None:
                headers.append((name.decode("utf-8"), self._field().decode("utf-8", "replace")))
                name = self._optional()
            parameters = []
            name = self._optional()
            while name is not None:
                content_type = self._field().decode("utf-8", "replace")
                value = self._field()
                # Handlers may write to it.
                value = value if isinstance(value, bytearray) else bytearray(value)
                parameters.append((name.decode("utf-8", "replace"), content_type, value))
                name = self._optional()
            requests.append(Request(request_id, headers, parameters))

    def _bytes(self, length):
        """Exactly so many bytes; what has not come takes little memory."""
        end = self._at + length
        if end > len(self._data):
            return self._more(length)
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def _more(self, length):
        received = bytearray(self._data[self._at :])
        self._data, self._at = b"", 0
        while len(received) < length:
            if length - len(received) < _ROOM:
                count = self._connection.recv_into(self._room, _ROOM)
                rest = length - len(received)
                received += self._room[: min(count, rest)]
                self._data = bytes(self._room[rest:count])
            else:
                count = self._piece(received, min(length - len(received), _PIECE))
            if count == 0:
                raise Closed()
        return received

    def _piece(self, received, length):
        """Takes a part of what is large to where it is to be, without a copy."""
        begin = len(received)
        received += bytes(length)
        with memoryview(received) as view:
            while begin < len(received):
                count = self._connection.recv_into(view[begin:], len(received) - begin)
                if count == 0:
                    return 0
                begin += count
        return length

    def _int(self):
        at = self._at
        if at + 4 > len(self._data):
            return _INT.unpack(self._more(4))[0]
        self._at = at + 4
        return _INT.unpack_from(self._data, at)[0]

    def _optional(self):
        """A field, or None where the list ends."""
        length = self._int()
        return None if length < 0 else self._bytes(length)

    def _field(self):
        length = self._int()
        if length < 0:
            raise Malformed("a field of %d bytes" % length)
        return self._bytes(length)

    def _text(self):
        return self._field().decode("utf-8")


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
