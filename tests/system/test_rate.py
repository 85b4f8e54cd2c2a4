# SPDX-License-Identifier: ISC
"""Too many requests, told to real clients by a real pool."""

import time

import pytest
import requests

import fastcgi
from conftest import PATIENT, add_client
from stack import Stack

FORM = "application/x-www-form-urlencoded"
LIMIT = 6
BODY = b"grant_type=x&client_id=nobody"


@pytest.fixture(scope="module", name="s")
def fixture_s():
    server = {**PATIENT["server"], "rate_limit_network": LIMIT}
    with Stack(workers=2, extra_conf={"server": server}) as running:
        yield running


def forget(s):
    """The pool begins anew with nothing counted; workers may be killed at any time."""
    s.pool.stop()
    (s.folder / "state" / "rate").unlink(missing_ok=True)
    s.pool.start()
    s.wait_ready()


def held(s):
    """A connection whose worker waits for the last byte of a body."""
    connection = fastcgi.Connection(s.pool.socket, 10)
    connection.send(fastcgi.begin() + fastcgi.params(fastcgi.variables(
        "POST", "/token", CONTENT_TYPE=FORM, CONTENT_LENGTH=str(len(BODY)),
        REMOTE_ADDR="127.0.0.1")) + fastcgi.stdin(BODY[:-1], end=False))
    time.sleep(0.05)  # until a worker has taken it
    return connection


def strange(s):
    """The status of a request that proves nothing."""
    return s.post("/token", {"grant_type": "x", "client_id": "nobody"})[0]


def test_two_workers_share_the_limit(s):
    forget(s)
    with held(s) as one:
        # the other worker alone answers these
        assert [strange(s) for _ in range(LIMIT + 1)] == [401] * LIMIT + [429]
        one.send(fastcgi.stdin(BODY[-1:]))
        assert one.reply().status == 429


def test_workers_that_come_and_go_know_it(s):
    forget(s)
    assert [strange(s) for _ in range(LIMIT + 1)] == [401] * LIMIT + [429]
    s.pool.restart()
    s.wait_ready()
    assert strange(s) == 429


def test_what_a_client_sees(s):
    forget(s)
    client = add_client(s, "rate", client_rate=2)
    url, good = s.issuer + "/introspect", (client["client_id"], client["client_secret"])
    for _ in range(LIMIT):
        strange(s)
    answers = [requests.post(url, {"token": "x"}, auth=good, timeout=10) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    assert refused.json()["error"] == "too_many_requests"
    told = s.ctl("explain", refused.json()["request_id"])
    assert "client_rate = 2 requests a minute, a setting of the client" in told
    assert s.wait_log("error=too_many_requests")
