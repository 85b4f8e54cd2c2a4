# SPDX-License-Identifier: ISC
"""A FastCGI client small enough to send what no web server would.

    with Connection(path) as connection:
        connection.send(begin() + params({...}) + stdin(b"a=b"))
        reply = connection.reply()          Reply(status, headers, body, records, closed)
"""

import socket
import struct

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
GET_VALUES, UNKNOWN_TYPE = 9, 11
RESPONDER = 1
KEEP_CONN = 1
CONTENT_MAX = 65528


def record(kind, content=b"", request=1, version=1):
    padding = -len(content) % 8
    return struct.pack(">BBHHBx", version, kind, request, len(content), padding) + content + \
        bytes(padding)


def stream(kind, content, request=1):
    """Records of a stream without the empty one that ends it."""
    return b"".join(record(kind, content[at:at + CONTENT_MAX], request)
                    for at in range(0, len(content), CONTENT_MAX))


def begin(keep=False, role=RESPONDER, request=1):
    return record(BEGIN_REQUEST, struct.pack(">HB5x", role, KEEP_CONN if keep else 0), request)


def _length(size):
    return struct.pack(">B", size) if size < 128 else struct.pack(">I", size | 0x80000000)


def params(variables, request=1, end=True):
    """variables: a dict, or pairs where a name stands twice."""
    pairs = variables.items() if isinstance(variables, dict) else variables
    content = b""
    for name, value in pairs:
        name, value = name.encode("latin-1"), value.encode("latin-1")
        content += _length(len(name)) + _length(len(value)) + name + value
    return stream(PARAMS, content, request) + (record(PARAMS, b"", request) if end else b"")


def stdin(body=b"", request=1, end=True):
    return stream(STDIN, body, request) + (record(STDIN, b"", request) if end else b"")


def variables(method="GET", target="/", **more):
    return {"REQUEST_METHOD": method, "REQUEST_URI": target, "REMOTE_ADDR": "192.0.2.7",
            "SERVER_PROTOCOL": "HTTP/1.1", **more}


def form(target, body, **more):
    """A whole request that posts a form."""
    usual = {"CONTENT_TYPE": "application/x-www-form-urlencoded",
             "CONTENT_LENGTH": str(len(body))}
    return begin() + params(variables("POST", target, **{**usual, **more})) + stdin(body)


class Reply:
    """What came back until the end of the request or of the connection."""

    def __init__(self, records, closed):
        self.records, self.closed = records, closed
        out = b"".join(content for kind, _, content in records if kind == STDOUT)
        head, _, self.body = out.partition(b"\r\n\r\n")
        self.headers = {}
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        self.status = int(self.headers.get("status", "0").split()[0])
        self.ended = any(kind == END_REQUEST for kind, _, _ in records)

    def requests(self):
        """The ids of requests that were answered."""
        return {request for _, request, _ in self.records}


class Connection:
    """One connection to a worker's socket."""

    def __init__(self, path, seconds=5):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends all of it, or as much as the other side takes before it closes."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def reply(self):
        """Everything until the connection is closed; closed is False when it was kept open."""
        data, closed = b"", True
        try:
            while piece := self.socket.recv(65536):
                data += piece
        except socket.timeout:
            closed = False
        except ConnectionResetError:
            pass
        records, at = [], 0
        while at + 8 <= len(data):
            _, kind, request, size, padding = struct.unpack_from(">BBHHB", data, at)
            records.append((kind, request, data[at + 8:at + 8 + size]))
            at += 8 + size + padding
        return Reply(records, closed)


def ask(path, data, seconds=5):
    """One connection, one request."""
    with Connection(path, seconds) as connection:
        connection.send(data)
        return connection.reply()
