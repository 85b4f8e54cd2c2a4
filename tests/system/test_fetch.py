# SPDX-License-Identifier: ISC
"""The program ostiary-fetch with real TLS servers: what it fetches, what it refuses, and that no
server and no client holds it up."""

import os
import secrets
import signal
import socket
import ssl
import subprocess
import time
import warnings

import pytest

from outside import (BUSY, FAILED, OK, REFUSED, Authority, Fetch, Page, Site, read_answer,
                     request_packet)
from stack import build_folder

TIMEOUT = 0.3  # seconds; what slow servers are given
BODY_MAX = 256 * 1024
AT_ONCE = 64


def write_conf(folder, **options):
    """A configuration for ostiary-fetch alone."""
    key = folder / "master.key"
    key.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    key.chmod(0o600)
    path = folder / "ostiary.conf"
    path.write_text(f"[keys]\nmaster_key_file = {key}\n[log]\nlog_target = stderr\n[fetch]\n"
                    + "".join(f"{name} = {value}\n" for name, value in options.items()),
                    encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def site(authority):  # pylint: disable=redefined-outer-name
    with Site(authority) as running:
        yield running


def service(folder, site, authority, env=None, **options):  # pylint: disable=redefined-outer-name
    """The service that may go to the site."""
    given = {"fetch_allow_networks": "127.0.0.0/8", "fetch_allow_ports": f"443, {site.port}",
             "fetch_ca_file": authority.file, "fetch_timeout": int(TIMEOUT * 1000), **options}
    conf = write_conf(folder, **{name: value for name, value in given.items() if value != ""})
    return Fetch(build_folder(), folder, conf, folder / "s", env)


@pytest.fixture(scope="module")
def fetch(tmp_path_factory, site, authority):  # pylint: disable=redefined-outer-name
    folder = tmp_path_factory.mktemp("fetch")
    trap = f"http://127.0.0.1:{site.port}"
    (folder / ".netrc").write_text("default login me password secret\n", encoding="ascii")
    env = {"https_proxy": trap, "HTTPS_PROXY": trap, "ALL_PROXY": trap, "all_proxy": trap,
           "HOME": str(folder), "CURL_HOME": str(folder)}
    with service(folder, site, authority, env) as running:
        yield running


# -- what comes ----------------------------------------------------------------------------------


def test_a_document(fetch, site):  # pylint: disable=redefined-outer-name
    site.pages["/jwks"] = Page(b'{"keys":[]}', headers={
        "Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=77",
        "Set-Cookie": "a=b"})
    for _ in range(2):
        got = fetch.get(site.url("/jwks"), accept="application/jwk-set+json")
        assert (got.verdict, got.status, got.body) == (OK, 200, b'{"keys":[]}')
        assert (got.type, got.max_age) == ("application/jwk-set+json", 77)
        method, _, headers, body = site.requests[-1]
        assert (method, body) == ("GET", b"")
        # neither cookies nor credentials nor a way to be answered in compressed form
        assert {name.lower() for name in headers} == {"host", "user-agent", "accept"}
        assert headers["Accept"] == "application/jwk-set+json"
        assert headers["User-Agent"] == "Ostiary"


@pytest.mark.parametrize("headers, age", [
    ({}, -1), ({"Cache-Control": "no-store"}, 0), ({"cache-control": "max-age=5"}, 5),
    ({"Expires": "Thu, 01 Jan 2099 00:00:00 GMT"}, -1)])
def test_how_long_it_may_be_kept(fetch, site, headers, age):
    # pylint: disable=redefined-outer-name
    site.pages["/age"] = Page(b"x", headers=headers)
    assert fetch.get(site.url("/age")).max_age == age


def test_the_last_answer_counts(fetch, site):  # pylint: disable=redefined-outer-name
    def early(handler):
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nCache-Control: max-age=5\r\n\r\n"
                            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

    site.pages["/early"] = early
    got = fetch.get(site.url("/early"))
    assert (got.verdict, got.status, got.max_age, got.body) == (OK, 200, -1, b"x")


@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 100_000, BODY_MAX])
def test_bodies_of_every_size(fetch, site, size):  # pylint: disable=redefined-outer-name
    body = secrets.token_bytes(size)
    site.pages["/size"] = body
    got = fetch.get(site.url("/size"), size)
    assert (got.verdict, got.status) == (OK, 200)
    assert got.body == body


@pytest.mark.parametrize("status", [201, 204, 404, 500])
def test_other_answers_are_told(fetch, site, status):  # pylint: disable=redefined-outer-name
    site.pages["/status"] = Page(b"", status)
    got = fetch.get(site.url("/status"))
    assert (got.verdict, got.status) == (OK, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(fetch, site, status):  # pylint: disable=redefined-outer-name
    site.pages["/away"] = Page(b"", status, {"Location": site.url("/target")})
    site.pages["/target"] = b"target"
    before = site.asked("/target")
    got = fetch.get(site.url("/away"))
    assert (got.verdict, got.status, got.body) == (OK, status, b"")
    assert site.asked("/target") == before


@pytest.mark.parametrize("value", ["x" * 129, "text/\xe4"])
def test_a_strange_type_is_none(fetch, site, value):  # pylint: disable=redefined-outer-name
    site.pages["/type"] = Page(b"x", headers={"Content-Type": value})
    got = fetch.get(site.url("/type"))
    assert (got.verdict, got.type, got.body) == (OK, None, b"x")


# -- what is too much ----------------------------------------------------------------------------


def chunked(handler, pieces, piece):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(pieces):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    handler.wfile.write(b"0\r\n\r\n")


def test_a_body_that_is_too_long(fetch, site):  # pylint: disable=redefined-outer-name
    site.pages["/long"] = b"x" * 1001
    got = fetch.get(site.url("/long"), 1000)
    assert (got.verdict, got.body, got.why) == (FAILED, b"", "its answer is too long")
    site.pages["/long"] = lambda handler: chunked(handler, 101, b"x" * 10)
    got = fetch.get(site.url("/long"), 1000)
    assert (got.verdict, got.body, got.why) == (FAILED, b"", "its answer is too long")
    assert fetch.get(site.url("/long"), 1010).verdict == OK


def test_a_header_that_is_too_long(fetch, site):  # pylint: disable=redefined-outer-name
    lines = {f"X-{i}": "y" * 1000 for i in range(40)}
    site.pages["/header"] = Page(b"x", headers=lines)
    got = fetch.get(site.url("/header"))
    assert (got.verdict, got.why) == (FAILED, "its header is too long")


def in_time(begun):
    """It was waited for, but no longer than was said."""
    return TIMEOUT - 0.01 <= time.monotonic() - begun < TIMEOUT + 0.7


def test_a_server_that_says_nothing(fetch, site):  # pylint: disable=redefined-outer-name
    site.pages["/slow"] = site.hang
    begun = time.monotonic()
    got = fetch.get(site.url("/slow"))
    assert (got.verdict, got.why) == (FAILED, "it took too long (see fetch_timeout)")
    assert in_time(begun)


def test_a_server_that_drips(fetch, site):  # pylint: disable=redefined-outer-name
    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        for _ in range(30):
            handler.wfile.write(b"x")
            site.leave.wait(TIMEOUT / 5)

    site.pages["/drip"] = drip
    begun = time.monotonic()
    assert fetch.get(site.url("/drip")).verdict == FAILED
    assert in_time(begun)


def test_a_server_that_never_shakes_hands(tmp_path, site, authority):
    # pylint: disable=redefined-outer-name
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        port = listener.getsockname()[1]
        with service(tmp_path, site, authority, fetch_allow_ports=port) as running:
            begun = time.monotonic()
            assert running.get(f"https://localhost:{port}/").verdict == FAILED
            assert in_time(begun)


# -- TLS -----------------------------------------------------------------------------------------


def test_certificates_are_checked(tmp_path, site, authority):
    # pylint: disable=redefined-outer-name
    stranger = Authority(tmp_path, "stranger")
    with Site(stranger) as unknown, Site(authority, "DNS:other.example") as misnamed:
        ports = f"{site.port}, {unknown.port}, {misnamed.port}"
        with service(tmp_path, site, authority, fetch_allow_ports=ports) as running:
            assert running.get(site.url("/status")).verdict == OK
            assert running.get(site.url("/", "127.0.0.1")).verdict == OK
            for other in (unknown, misnamed):
                got = running.get(other.url())
                assert got.verdict == FAILED
                assert "certificate" in got.why
                assert not other.requests


def test_without_an_authority_of_our_own(tmp_path, site, authority):
    # pylint: disable=redefined-outer-name
    with service(tmp_path, site, authority, fetch_ca_file="") as running:
        assert running.get(site.url()).verdict == FAILED


def test_old_tls_is_refused(tmp_path, site, authority):  # pylint: disable=redefined-outer-name
    with Site(authority) as old, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.context.set_ciphers("ALL:@SECLEVEL=0")
        old.context.minimum_version = ssl.TLSVersion.TLSv1
        old.context.maximum_version = ssl.TLSVersion.TLSv1_1
        with service(tmp_path, site, authority, fetch_allow_ports=old.port) as running:
            assert running.get(old.url()).verdict == FAILED
            assert not old.requests


# -- addresses -----------------------------------------------------------------------------------

PRIVATE = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433",
           "0x7f.1", "0x7f000001", "0177.0.0.1", "127.1", "0", "0.0.0.0", "10.0.0.1",
           "169.254.169.254", "[fe80::1]", "[fd00::1]", "[::]"]


@pytest.fixture(scope="module")
def strict(tmp_path_factory, site, authority):  # pylint: disable=redefined-outer-name
    """Nothing but public addresses."""
    folder = tmp_path_factory.mktemp("strict")
    with service(folder, site, authority, fetch_allow_networks="") as running:
        yield running


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused(strict, site, host):
    # pylint: disable=redefined-outer-name
    before = len(site.requests)
    got = strict.get(f"https://{host}:{site.port}/")
    assert got.verdict == REFUSED, got
    assert "not public" in got.why
    assert len(site.requests) == before


def test_one_network_is_not_another(fetch, site):  # pylint: disable=redefined-outer-name
    assert fetch.get(site.url("/", "127.0.0.1")).verdict == OK
    for host in ("10.0.0.1", "169.254.169.254", "[fd00::1]"):
        assert fetch.get(f"https://{host}:{site.port}/").verdict == REFUSED


def test_ports_are_refused(fetch, authority):  # pylint: disable=redefined-outer-name
    with Site(authority) as other:
        got = fetch.get(other.url())
        assert got.verdict == REFUSED
        assert "port" in got.why
        assert not other.requests


@pytest.mark.parametrize("url", ["http://localhost/", "file:///etc/passwd", "ftp://localhost/",
                                 "gopher://localhost:70/", "https://me:pw@localhost/",
                                 "https://localhost/#x", "localhost", "https://"])
def test_other_urls_are_refused(fetch, url):  # pylint: disable=redefined-outer-name
    assert fetch.get(url).verdict == REFUSED


def test_a_name_that_is_not_there(fetch):  # pylint: disable=redefined-outer-name
    assert fetch.get("https://nobody.invalid/").verdict == FAILED


# -- clients -------------------------------------------------------------------------------------


@pytest.mark.parametrize("packet", [b"", b"x", b"GET / HTTP/1.1\r\n\r\n", b"Q\x01", b"Q" * 16384,
                                    b"Q\x02" + request_packet("https://localhost/")[2:]])
def test_bad_packets_end_the_connection(fetch, packet):  # pylint: disable=redefined-outer-name
    with fetch.connect() as connection:
        connection.send(packet)
        assert read_answer(connection) is None


def descriptors(running):
    """How many it has open; root alone may look, since nobody may trace it."""
    return len(os.listdir(f"/proc/{running.child.pid}/fd")) if os.geteuid() == 0 else 0


def test_who_goes_away_is_forgotten(fetch, site):  # pylint: disable=redefined-outer-name
    site.pages["/slow"] = site.hang
    before = descriptors(fetch)
    for _ in range(2 * AT_ONCE):
        connection = fetch.connect()
        connection.send(request_packet(site.url("/slow")))
        connection.close()
    assert fetch.get(site.url("/status")).verdict == OK
    assert descriptors(fetch) <= before + 1


def test_one_slow_server_holds_nobody_up(fetch, site):  # pylint: disable=redefined-outer-name
    site.pages["/slow"] = site.hang
    with fetch.connect() as waiting:
        waiting.send(request_packet(site.url("/slow")))
        begun = time.monotonic()
        assert fetch.get(site.url("/status")).verdict == OK
        assert time.monotonic() - begun < TIMEOUT
        assert read_answer(waiting).verdict == FAILED


def test_more_than_it_takes_at_once(fetch, site):  # pylint: disable=redefined-outer-name
    site.pages["/slow"] = site.hang
    connections = [fetch.connect() for _ in range(AT_ONCE + 5)]
    for connection in connections:
        connection.send(request_packet(site.url("/slow")))
    verdicts = [read_answer(connection).verdict for connection in connections]
    for connection in connections:
        connection.close()
    assert verdicts.count(BUSY) == 5
    assert verdicts.count(FAILED) == AT_ONCE


def test_a_reader_that_does_not_read(fetch, site):  # pylint: disable=redefined-outer-name
    body = secrets.token_bytes(BODY_MAX)
    site.pages["/size"] = body
    with fetch.connect() as lazy:
        lazy.send(request_packet(site.url("/size"), BODY_MAX))
        assert fetch.get(site.url("/size"), BODY_MAX).body == body
        assert read_answer(lazy).body == body


# -- how it is started ---------------------------------------------------------------------------


def test_it_ends_when_it_is_told_to(tmp_path, site, authority):
    # pylint: disable=redefined-outer-name
    with service(tmp_path, site, authority) as running:
        site.pages["/brief"] = lambda handler: (time.sleep(0.1), chunked(handler, 1, b"x"))
        with running.connect() as connection:
            before = site.asked("/brief")
            connection.send(request_packet(site.url("/brief")))
            while site.asked("/brief") == before:
                time.sleep(0.005)
            running.child.process.send_signal(signal.SIGTERM)
            # what was begun is answered
            assert read_answer(connection).body == b"x"
        assert running.child.process.wait(5) == 0
        assert not os.path.exists(running.socket)


def test_a_socket_left_over_is_replaced(tmp_path, site, authority):
    # pylint: disable=redefined-outer-name
    running = service(tmp_path, site, authority).start()
    running.child.kill()
    assert os.path.exists(running.socket)
    running.start()
    try:
        assert running.get(site.url("/status")).verdict == OK
        # but not one that answers
        done = subprocess.run(running.argv, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "in use" in done.stderr
        assert running.get(site.url("/status")).verdict == OK
    finally:
        running.stop()


def test_the_socket_is_private(fetch):  # pylint: disable=redefined-outer-name
    assert os.stat(fetch.socket).st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
def test_strangers_are_not_served(tmp_path, site, authority):
    # pylint: disable=redefined-outer-name
    with service(tmp_path, site, authority) as running:
        path = tmp_path
        while path != path.parent and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o011)
            path = path.parent
        os.chmod(running.socket, 0o666)
        for owner, group, user, served in ((0, 0, 65534, False), (65534, 0, 65534, True),
                                           (0, 65534, 65534, True), (0, 0, 0, True)):
            os.chown(running.socket, owner, group)
            script = ("import socket, sys\n"
                      "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
                      f"s.connect({running.socket!r})\n"
                      f"s.send({request_packet('http://x/')!r})\n"
                      "sys.exit(0 if s.recv(9999) else 3)\n")
            done = subprocess.run(["/usr/bin/python3", "-c", script], user=user, group=user,
                                  extra_groups=[], check=False, stderr=subprocess.DEVNULL)
            assert (done.returncode == 0) == served, (owner, group, user)
            assert "event=peer_refused" in open(running.log, encoding="utf-8").read()


def test_a_socket_that_is_passed(tmp_path, site, authority):
    # pylint: disable=redefined-outer-name
    running = service(tmp_path, site, authority)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(running.socket)
        listener.listen(5)
        shell = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"'
        with subprocess.Popen(["/bin/sh", "-c", shell, *running.argv[:3]], pass_fds=[3],
                              preexec_fn=lambda: os.dup2(listener.fileno(), 3)) as process:
            try:
                assert running.get(site.url("/status")).verdict == OK
            finally:
                process.terminate()
        # it is not ours to take away
        assert os.path.exists(running.socket)


def test_a_socket_that_was_passed_to_another(tmp_path):
    conf = write_conf(tmp_path, fetch_socket="/nonexistent/socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(5)
        done = subprocess.run([build_folder() / "ostiary-fetch", "--config", conf], check=False,
                              env={"LISTEN_FDS": "1", "LISTEN_PID": "1"}, pass_fds=[3],
                              preexec_fn=lambda: os.dup2(listener.fileno(), 3), timeout=5)
    assert done.returncode == 1


def test_once(tmp_path, site, authority):  # pylint: disable=redefined-outer-name
    running = service(tmp_path, site, authority)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, subprocess.Popen([*running.argv[:3], "--once"], stdin=theirs) as process:
        theirs.close()
        ours.send(request_packet(site.url("/size"), BODY_MAX))
        assert len(read_answer(ours).body) == BODY_MAX
        assert process.wait(5) == 0


def test_once_without_a_request(tmp_path, site, authority):
    # pylint: disable=redefined-outer-name
    running = service(tmp_path, site, authority)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, subprocess.Popen([*running.argv[:3], "--once"], stdin=theirs) as process:
        theirs.close()
        ours.close()
        assert process.wait(5) == 0


@pytest.mark.parametrize("options, word", [
    ({"fetch_allow_networks": "10.0.0.1/8"}, "10.0.0.1/8 is no network"),
    ({"fetch_allow_ports": "https"}, "https is no port"),
    ({"fetch_ca_file": "/nonexistent.pem"}, "No such file"),
    ({"fetch_timeout": "2000"}, "write a number from 100 to 1900")])
def test_mistakes_of_the_configuration(tmp_path, options, word):
    conf = write_conf(tmp_path, **options)
    done = subprocess.run([build_folder() / "ostiary-fetch", "--config", conf], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 1
    assert word in done.stderr


@pytest.mark.parametrize("argv, status", [(["--help"], 0), (["--what"], 2), (["--socket"], 2),
                                          (["--once", "--socket", "/x"], 2), (["x"], 2)])
def test_usage(argv, status):
    done = subprocess.run([build_folder() / "ostiary-fetch", *argv], text=True, check=False,
                          capture_output=True)
    assert done.returncode == status
    assert "usage: ostiary-fetch" in (done.stderr if status else done.stdout)
