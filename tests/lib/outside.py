# SPDX-License-Identifier: ISC
"""The world outside for tests: a certificate authority, HTTPS sites on loopback, and the program
ostiary-fetch that goes to them.

    authority = Authority(folder)              authority.file: its certificate
    with Site(authority) as site:
        site.pages["/jwks"] = b"{}"            or a Page, or a function that is given the handler
        site.url("/jwks")                      "https://localhost:PORT/jwks"
        site.requests                          [(method, path, headers, body), ...]
    with Fetch(build, folder, conf) as fetch:  the service
        fetch.get(site.url("/jwks"))           Fetched(verdict, status, type, max_age, body, why)
"""

import dataclasses
import http.server
import pathlib
import socket
import ssl
import struct
import subprocess
import threading

from children import Child, wait_until

PACKET_MAX = 16384
OK, REFUSED, FAILED, BUSY = range(4)


def run_openssl(*argv, text=None):
    subprocess.run(["openssl", *map(str, argv)], input=text, check=True, capture_output=True,
                   text=True)


class Authority:
    """A certificate authority of a test's own."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder)
        self.file, self.key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        self._issued = 0
        run_openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", self.key, "-out", self.file, "-days", "2",
                    "-subj", f"/CN=Test {name}", "-addext",
                    "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign")

    def issue(self, names="DNS:localhost,IP:127.0.0.1", days=2, subject="/CN=test"):
        """(certificate file, key file)"""
        self._issued += 1
        base = self.folder / f"{self.file.stem}-{self._issued}"
        request, extensions = base.with_suffix(".csr"), base.with_suffix(".ext")
        run_openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", base.with_suffix(".key"), "-out", request, "-subj", subject)
        extensions.write_text(f"subjectAltName={names}\n", encoding="ascii")
        run_openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key,
                    "-set_serial", str(self._issued), "-days", str(days), "-extfile", extensions,
                    "-out", base.with_suffix(".pem"))
        return base.with_suffix(".pem"), base.with_suffix(".key")


@dataclasses.dataclass
class Page:
    """An answer of a site."""
    body: bytes = b""
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what the site has at the path."""
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Site", ""

    def do_GET(self):  # pylint: disable=invalid-name
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        self.server.site.requests.append((self.command, self.path, self.headers, body))
        page = self.server.site.pages.get(self.path, Page(b"nothing here", 404))
        if callable(page):
            page(self)
            return
        if isinstance(page, bytes):
            page = Page(page)
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    do_POST = do_GET

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # clients that go away are part of the tests
        pass

    def get_request(self):
        connection, address = super().get_request()
        return connection, address

    def finish_request(self, request, client_address):
        # the handshake in the connection's own thread: one that never ends holds nobody up
        with self.site.context.wrap_socket(request, server_side=True) as wrapped:
            self.RequestHandlerClass(wrapped, client_address, self)


class Site:
    """An HTTPS server on loopback."""

    def __init__(self, authority, names="DNS:localhost,IP:127.0.0.1", days=2):
        self.pages, self.requests, self.leave = {}, [], threading.Event()
        certificate, key = authority.issue(names, days)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.site = self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def url(self, path="/", host="localhost"):
        return f"https://{host}:{self.port}{path}"

    def asked(self, path):
        return sum(1 for request in self.requests if request[1] == path)

    def hang(self, _):
        """A page that never comes."""
        self.leave.wait(20)

    def stop(self):
        self.leave.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


@dataclasses.dataclass
class Fetched:
    verdict: int
    status: int = 0
    type: str = None
    max_age: int = -1
    body: bytes = b""
    why: str = None


def _field(tag, data):
    return tag + struct.pack(">H", len(data)) + data


def request_packet(url, size=65536, accept=None):
    fields = _field(b"u", url.encode()) + _field(b"m", struct.pack(">I", size))
    return b"Q\x01" + fields + (_field(b"a", accept.encode()) if accept is not None else b"")


def read_answer(connection):
    """What came back; None when the connection was closed without an answer."""
    try:
        packet = connection.recv(PACKET_MAX)
    except ConnectionResetError:
        return None
    if not packet:
        return None
    assert packet[:2] == b"A\x01"
    fields, at = {}, 2
    while at < len(packet):
        size = struct.unpack(">H", packet[at + 1:at + 3])[0]
        fields[packet[at:at + 1]] = packet[at + 3:at + 3 + size]
        at += 3 + size
    numbers = {tag: struct.unpack(">I", fields[tag])[0] for tag in (b"v", b"s", b"n", b"g")}
    body = b""
    while len(body) < numbers[b"n"]:
        body += connection.recv(PACKET_MAX)
    assert len(body) == numbers[b"n"]
    age = numbers[b"g"]
    return Fetched(numbers[b"v"], numbers[b"s"], fields[b"t"].decode() if b"t" in fields else None,
                   -1 if age == 0xffffffff else age, body,
                   fields[b"w"].decode() if b"w" in fields else None)


class Fetch:
    """The service ostiary-fetch. env: what its environment holds."""

    def __init__(self, build, folder, conf, socket_path, env=None):
        self.argv = [str(pathlib.Path(build) / "ostiary-fetch"), "--config", str(conf),
                     "--socket", str(socket_path)]
        self.socket, self.env = str(socket_path), {"PATH": "/usr/bin:/bin", **(env or {})}
        self.log = str(pathlib.Path(folder) / "fetch.log")
        self.child = None

    def start(self):
        self.child = Child("ostiary-fetch", self.argv, self.log, env=self.env)
        wait_until(self._listening, 10, "the start of ostiary-fetch")
        return self

    def _listening(self):
        self.child.check()
        try:
            self.connect().close()
            return True
        except OSError:
            return False

    def running(self):
        return self.child is not None and self.child.running()

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None

    def connect(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(10)
        connection.connect(self.socket)
        return connection

    def get(self, url, size=65536, accept=None):
        with self.connect() as connection:
            connection.send(request_packet(url, size, accept))
            return read_answer(connection)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
