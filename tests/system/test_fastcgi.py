# SPDX-License-Identifier: ISC
"""What no good web server sends, straight to the workers' socket; and what a stranger can make a
web server send, through nginx. After each case every worker is the one it was before."""

import base64
import json
import os
import pathlib
import socket

import pytest

import fastcgi as f
from relying import pkce
from stack import Stack

FORM = "application/x-www-form-urlencoded"
LIBFCGI_BUFFER = 8192  # what an unread body would be parsed behind
BODY_MAX = 65536
DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture(scope="module", name="raw")
def fixture_raw():
    with Stack(workers=2, extra_conf={"log": {"log_level": "debug"}}) as running:
        yield running


@pytest.fixture(autouse=True)
def workers_survive(raw):
    before = sorted(raw.pids())
    yield
    assert sorted(raw.pids()) == before, raw.log_text()[-2000:]
    for _ in range(4):
        assert raw.get("/health")[0] == 200


def get(target, **more):
    return f.begin() + f.params(f.variables("GET", target, **more)) + f.stdin()


# ---- request smuggling ---------------------------------------------------------------------------

def forged():
    """A request with a client certificate that no web server has seen."""
    return f.begin(request=7) + f.params(f.variables(
        "GET", "/forged", HTTPS="on", SSL_CLIENT_VERIFY="SUCCESS", REMOTE_ADDR="127.0.0.1"),
        request=7) + f.stdin(request=7)


def smuggling(method, target, size, announced=None):
    """A request on a kept connection with a body that holds a forged one at every byte of the
    connection that a fresh read could begin with."""
    length = str(size if announced is None else announced)
    head = f.begin(keep=True) + f.params(f.variables(
        method, target, CONTENT_TYPE=FORM, CONTENT_LENGTH=length))
    body = bytearray(b"a" * size)
    out = head
    sent = 0
    while sent < size:
        piece = min(f.CONTENT_MAX, size - sent)
        start = len(out) + 8  # where this piece lies in the connection
        for at in range(start + -start % LIBFCGI_BUFFER, start + piece, LIBFCGI_BUFFER):
            inside = sent + at - start
            if inside + len(forged()) <= sent + piece:
                body[inside:inside + len(forged())] = forged()
        out += f.record(f.STDIN, bytes(body[sent:sent + piece]))
        sent += piece
    assert forged() in out
    return out + f.stdin(), out


SMUGGLED = {
    "a GET has no body": ("GET", "/health", 40000, None),
    "a method nobody knows": ("BREW", "/health", 40000, None),
    "no such path": ("POST", "/nothing", 40000, None),
    "an unacceptable path": ("POST", "/a/../b", 40000, None),
    "a form that is refused": ("POST", "/token", 40000, None),
    "more than a body may hold": ("POST", "/token", BODY_MAX + 40000, None),
    "more than is drained": ("POST", "/token", 3 * 1024 * 1024, None),
    "more than was announced": ("POST", "/token", 40000, 10),
    "less than was announced": ("POST", "/token", 40000, 50000),
    "no length": ("POST", "/token", 40000, ""),
    "a length that is no number": ("POST", "/token", 40000, "1e4"),
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_no_request_within_a_body(raw, name):
    whole, unfinished = smuggling(*SMUGGLED[name])
    for data in (whole, unfinished + b"", unfinished + forged()):
        with f.Connection(raw.pool.socket, 3) as connection:
            connection.send(data)
            if data is not whole:
                connection.socket.shutdown(socket.SHUT_WR)
            reply = connection.reply()
        assert reply.closed, "the connection was kept"
        assert {request for kind, request, _ in reply.records if kind == f.STDOUT} <= {1}
    assert "/forged" not in raw.log_text()


def test_forged_request_would_be_seen(raw):
    """The payload of the test above is a good request where it is not inside a body."""
    reply = f.ask(raw.pool.socket, forged())
    assert reply.requests() == {7} and reply.status == 404
    assert "/forged" in raw.wait_log("/forged")
    pathlib.Path(raw.log).write_text("", encoding="utf-8")


# ---- bodies --------------------------------------------------------------------------------------

def test_body_of_the_maximum(raw):
    body = b"grant_type=" + b"x" * (BODY_MAX - 11)
    reply = f.ask(raw.pool.socket, f.form("/token", body))
    assert reply.status in (400, 401) and reply.ended
    assert json.loads(reply.body)["error"] != "invalid_request" or \
        b"larger" not in reply.body


def test_body_over_the_maximum(raw):
    for size in (BODY_MAX + 1, 4 * BODY_MAX):
        reply = f.ask(raw.pool.socket, f.form("/token", b"a" * size))
        assert reply.status == 413, size
        assert json.loads(reply.body)["error"] == "invalid_request"


BROKEN = {"shorter": "100", "longer": "3", "zero": "0"}


@pytest.mark.parametrize("name", BROKEN)
def test_body_of_another_length(raw, name):
    reply = f.ask(raw.pool.socket, f.form("/token", b"a=b&c=d", CONTENT_LENGTH=BROKEN[name]))
    assert reply.status == 400
    assert "body ended early" in json.loads(reply.body)["error_description"]


def test_body_that_never_ends(raw):
    """The peer goes away in the middle."""
    with f.Connection(raw.pool.socket) as connection:
        connection.send(f.begin() + f.params(f.variables(
            "POST", "/token", CONTENT_TYPE=FORM, CONTENT_LENGTH="1000")) +
            f.stdin(b"a=b", end=False))
    assert raw.get("/health")[0] == 200


def test_other_content_types(raw):
    for kind in ("application/json", "multipart/form-data; boundary=x", "", "text/plain"):
        reply = f.ask(raw.pool.socket, f.form("/token", b"a=b", CONTENT_TYPE=kind))
        assert reply.status == 400, kind
        assert "application/x-www-form-urlencoded" in json.loads(reply.body)["error_description"]


# ---- the protocol itself -------------------------------------------------------------------------

HALF = f.begin() + f.params(f.variables("POST", "/token", CONTENT_TYPE=FORM, CONTENT_LENGTH="9"))

GARBAGE = {
    "nothing": b"",
    "noise": os.urandom(3000),
    "zeros": bytes(3000),
    "a browser": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another version": f.record(f.BEGIN_REQUEST, bytes(8), version=9),
    "half a record": f.begin() + f.params(f.variables())[:20],
    "parameters that claim gigabytes":
        f.begin() + f.record(f.PARAMS, b"\xff\xff\xff\xff\xff\xff\xff\xffAAAA"),
    "parameters cut short": f.begin() + f.record(f.PARAMS, b"\x0e\x04REQUEST_MET") + f.stdin(),
    "no parameters": f.begin() + f.params({}) + f.stdin(),
    "no target": f.begin() + f.params({"REQUEST_METHOD": "GET"}) + f.stdin(),
    "no method": f.begin() + f.params({"REQUEST_URI": "/health"}) + f.stdin(),
    "a role we do not have": f.begin(role=3) + f.params(f.variables()) + f.stdin(),
    "a role nobody has": f.begin(role=77) + f.params(f.variables()) + f.stdin(),
    "aborted": HALF + f.stdin(b"a=b", end=False) + f.record(f.ABORT_REQUEST),
    "aborted within the parameters":
        f.begin() + f.params(f.variables(), end=False) + f.record(f.ABORT_REQUEST),
    "two requests at once": HALF + f.begin(request=2) + f.params(f.variables(), request=2),
    "an unknown type": f.begin() + f.record(99, b"x" * 64) + f.params(f.variables()) + f.stdin(),
    "a management record": f.record(f.GET_VALUES, b"\x0f\x00FCGI_MPXS_CONNS", request=0),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage(raw, name):
    with f.Connection(raw.pool.socket, 3) as connection:
        connection.send(GARBAGE[name])
        try:
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        reply = connection.reply()
    assert reply.closed
    assert reply.status in (0, 400, 404, 405), (reply.status, reply.body)


# ---- targets -------------------------------------------------------------------------------------

TARGETS = {  # straight to the worker: (target, status)
    "plain": (DISCOVERY, 200),
    "absolute form": ("http://evil.example" + DISCOVERY, 200),
    "query": (DISCOVERY + "?a=b", 200),
    "fragment": (DISCOVERY + "#x", 200),
    "encoded letters": ("/%6awks", 200),
    "slash, encoded": ("/.well-known%2Fopenid-configuration", 400),
    "NUL": ("/jwks%00", 400),
    "dots": ("/x/../jwks", 400),
    "dots, encoded": ("/x/%2e%2e/jwks", 400),
    "one dot": ("/./jwks", 400),
    "empty segment": ("//jwks", 400),
    "a byte of 0x80": ("/jwks\x80", 400),
    "a byte of 0x80, encoded": ("/jwks%80", 400),
    "half an escape": ("/jwks%2", 400),
    "no escape": ("/jwks%zz", 400),
    "twice encoded": ("/%256awks", 404),
    "a slash too many": ("/jwks/", 404),
    "upper case": ("/JWKS", 404),
    "longer than the maximum": ("/jwks?" + "a" * 20000, 400),
    "no path": ("http://evil.example", 400),
    "not a path": ("jwks", 400),
    "star": ("*", 400),
    "static, out of it": ("/static/../templates/head.html", 400),
    "static, encoded": ("/static/..%2ftemplates%2fhead.html", 400),
    "static, unknown": ("/static/head.html", 404),
}


@pytest.mark.parametrize("name", TARGETS)
def test_targets(raw, name):
    target, status = TARGETS[name]
    reply = f.ask(raw.pool.socket, get(target))
    assert reply.status == status, reply.body[:300]
    if status == 200 and DISCOVERY in target:
        assert json.loads(reply.body)["issuer"] == raw.issuer


def through_nginx(raw, request):
    """The bytes that nginx answers a raw request with."""
    with socket.create_connection(("127.0.0.1", raw.port), 5) as connection:
        connection.sendall(request)
        data = b""
        try:
            while piece := connection.recv(65536):
                data += piece
        except (socket.timeout, ConnectionResetError):
            pass
    return data


WEB_TARGETS = {
    "absolute form": (b"http://evil.example/.well-known/openid-configuration", {200}),
    "dots": (b"/x/../jwks", {400, 404}),
    "slash, encoded": (b"/.well-known%2Fopenid-configuration", {400, 404}),
    "NUL": (b"/jwks%00", {400}),
    "a byte of 0x80": (b"/jwks\x80", {400, 404}),
    "UTF-8": ("/jwks\u00e9".encode(), {400, 404}),
}


@pytest.mark.parametrize("name", WEB_TARGETS)
def test_targets_through_nginx(raw, name):
    target, statuses = WEB_TARGETS[name]
    answer = through_nginx(raw, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n"
                                b"Connection: close\r\n\r\n")
    assert int(answer.split()[1]) in statuses, answer[:300]
    assert b"evil.example" not in answer


# ---- headers -------------------------------------------------------------------------------------

FORGED_HEADERS = {
    "host": {"HTTP_HOST": "evil.example"},
    "forwarded host": {"HTTP_X_FORWARDED_HOST": "evil.example",
                       "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "203.0.113.9",
                       "HTTP_FORWARDED": "host=evil.example;for=203.0.113.9"},
    "proxy": {"HTTP_PROXY": "http://evil.example"},
    "https": {"HTTP_HTTPS": "on", "HTTP_SSL_CLIENT_VERIFY": "SUCCESS"},
    "rewritten": {"HTTP_X_ORIGINAL_URL": "/forged", "HTTP_X_REWRITE_URL": "/forged",
                  "HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
    "virtual host": {"HTTP_OSTIARY_VHOST": "evil"},
    "script name": {"SCRIPT_NAME": "/evil", "PATH_INFO": "/forged", "SERVER_NAME": "evil.example"},
    "remote user": {"REMOTE_USER": "alice"},
}


@pytest.mark.parametrize("name", FORGED_HEADERS)
def test_headers_that_prove_nothing(raw, name):
    plain = f.ask(raw.pool.socket, get(DISCOVERY))
    reply = f.ask(raw.pool.socket, get(DISCOVERY, **FORGED_HEADERS[name]))
    assert reply.status == 200 and reply.body == plain.body
    query = (f"/authorize?client_id={raw.demo['web']['client_id']}&response_type=code&scope=openid"
             f"&redirect_uri={raw.demo['web']['redirect_uri']}&code_challenge={pkce()[1]}"
             f"&code_challenge_method=S256")
    page = f.ask(raw.pool.socket, get(query, **FORGED_HEADERS[name]))
    assert page.status == 200 and b"evil" not in page.body
    assert "evil" not in str(page.headers)
    wrong = f.ask(raw.pool.socket, f.form("/token", b"grant_type=x", **FORGED_HEADERS[name]))
    identity = json.loads(wrong.body)["request_id"]
    record = raw.ctl("explain", identity, json=True)
    assert record["address"] == "192.0.2.7" and record["request"] == "POST /token"


def basic(client_id, secret):
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def test_repeated_authorization(raw):
    web = raw.demo["web"]
    good = basic(web["client_id"], web["client_secret"])
    body = b"token=nothing"

    def ask(*values):
        pairs = list(f.variables("POST", "/introspect", CONTENT_TYPE=FORM,
                                 CONTENT_LENGTH=str(len(body))).items())
        pairs += [("HTTP_AUTHORIZATION", value) for value in values]
        return f.ask(raw.pool.socket, f.begin() + f.params(pairs) + f.stdin(body))

    assert ask(good).status == 200
    for values in ((good, good), (good, "Bearer x"), ("Bearer x", good), (f"{good}, Bearer x",),
                   (f"{good},{good}",), ("",), ("Basic",), ("Basic !!!",), ("Basic OnNlY3JldA==",)):
        assert ask(*values).status in (400, 401), values
    answer = through_nginx(raw, b"POST /introspect HTTP/1.1\r\nHost: localhost\r\n"
                           + f"Authorization: {good}\r\nAuthorization: {good}\r\n".encode()
                           + f"Content-Type: {FORM}\r\n".encode()
                           + b"Content-Length: 13\r\nConnection: close\r\n\r\n" + body)
    assert int(answer.split()[1]) in (400, 401)


def test_huge_headers(raw):
    for name in ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_ACCEPT_LANGUAGE", "HTTP_USER_AGENT",
                 "HTTP_ORIGIN", "CONTENT_TYPE", "REMOTE_ADDR", "REQUEST_METHOD",
                 "HTTP_IF_NONE_MATCH"):
        reply = f.ask(raw.pool.socket, get("/health", **{name: "a" * 70000}))
        assert reply.status == 400, name
    # what nobody looks at may be of any size
    reply = f.ask(raw.pool.socket, get("/health", HTTP_X_NOTHING="a" * 200000))
    assert reply.status == 200
    many = {f"HTTP_X_{number}": "b" for number in range(5000)}
    assert f.ask(raw.pool.socket, get("/health", **many)).status == 200


def test_odd_cookies(raw):
    for cookie in ("=", ";;;;", "a", "ostiary-browser-main", "ostiary-browser-main=",
                   "ostiary-session-main=" + "A" * 4000, "ostiary-browser-main=\xff\xfe",
                   "ostiary-session-main=a; ostiary-session-main=b", "a=b, c=d"):
        reply = f.ask(raw.pool.socket, get("/logout", HTTP_COOKIE=cookie))
        assert reply.status == 200, cookie


def test_methods(raw):
    cases = {("GET", "/token"): 405, ("PUT", "/token"): 405, ("DELETE", "/jwks"): 405,
             ("POST", "/jwks"): 405, ("TRACE", "/health"): 405, ("get", "/health"): 405,
             ("HEAD", "/jwks"): 200, ("OPTIONS", "/authorize"): 405, ("OPTIONS", "/token"): 204}
    for (method, target), status in cases.items():
        reply = f.ask(raw.pool.socket, f.begin() + f.params(f.variables(method, target)) +
                      f.stdin())
        assert reply.status == status, (method, target)
        if status == 405:
            assert reply.headers["allow"], (method, target)
        if method == "HEAD":
            assert reply.body == b""
