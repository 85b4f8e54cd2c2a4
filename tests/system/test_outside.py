# SPDX-License-Identifier: ISC
"""A whole installation that fetches from other servers: through the service, by a program of the
workers' own, and what it means for everybody else when those servers are slow."""

import threading
import time

import pytest

from outside import Authority, Page, Site
from stack import Stack

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 60_000
WORKERS = 4
SLOW = 1.0  # seconds


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def site(authority):  # pylint: disable=redefined-outer-name
    with Site(authority) as running:
        yield running


def conf_for(site, authority, **more):  # pylint: disable=redefined-outer-name
    return {"fetch": {"fetch_allow_networks": "127.0.0.0/8", "fetch_ca_file": authority.file,
                      "fetch_allow_ports": f"443, {site.port}", **more}}


@pytest.fixture(scope="module")
def stack(site, authority):  # pylint: disable=redefined-outer-name
    with Stack(workers=WORKERS, extra_conf=conf_for(site, authority)) as running:
        yield running


def add_client(stack, client_id, logo):  # pylint: disable=redefined-outer-name
    stack.ctl("client", "add", "--id", client_id, "--name", client_id, "--redirect-uri",
              f"{stack.site}/callback", "--set", f"logo_uri={logo}")


def logo_of(stack, client_id):  # pylint: disable=redefined-outer-name
    return stack.get(f"/logo?client_id={client_id}")


def test_a_logo(stack, site):  # pylint: disable=redefined-outer-name
    site.pages["/logo.png"] = Page(PNG, headers={"Content-Type": "text/html"})
    add_client(stack, "pretty", site.url("/logo.png"))
    stack.ctl("realm", "set", "session_idle=3600")  # workers see news with the next generation
    for _ in range(2 * WORKERS):
        status, headers, body = logo_of(stack, "pretty")
        assert (status, headers["Content-Type"], body) == (200, "image/png", PNG)
    assert site.asked("/logo.png") == 1


def test_all_workers_at_once(stack, site):  # pylint: disable=redefined-outer-name
    """One of them fetches; of the others none may wait beside it, for a quarter is one."""
    def slow(handler):
        time.sleep(SLOW)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(PNG)))
        handler.end_headers()
        handler.wfile.write(PNG)

    answers = []

    def ask(number):
        begun = time.monotonic()
        answer = logo_of(stack, f"slow{number}")
        answers.append((*answer, time.monotonic() - begun))

    for number in range(WORKERS):
        site.pages[f"/slow{number}"] = slow
        add_client(stack, f"slow{number}", site.url(f"/slow{number}"))
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    time.sleep(SLOW / 2)
    begun = time.monotonic()
    assert stack.get("/health")[0] == 200
    assert time.monotonic() - begun < SLOW / 4
    for thread in threads:
        thread.join()
    served = [answer for answer in answers if answer[0] == 200]
    busy = [answer for answer in answers if answer[0] == 503]
    assert (len(served), len(busy)) == (1, WORKERS - 1)
    for _, headers, body, took in busy:
        assert headers["Retry-After"] == "5"
        assert b"temporarily_unavailable" in body
        assert took < SLOW / 2
    # nobody was asked for them, so nothing forbids to ask them again
    for number in range(WORKERS):
        site.pages[f"/slow{number}"] = PNG
        assert logo_of(stack, f"slow{number}")[0] == 200


def test_a_worker_that_is_killed_while_it_waits(stack, site):
    # pylint: disable=redefined-outer-name
    entered, leave = threading.Event(), threading.Event()

    def hang(_):
        entered.set()
        leave.wait(10)

    site.pages["/hang"] = hang
    add_client(stack, "hang", site.url("/hang"))
    thread = threading.Thread(target=logo_of, args=(stack, "hang"))
    thread.start()
    assert entered.wait(5)
    stack.pool.kill_workers()
    leave.set()
    thread.join()
    stack.wait_ready()
    # its place at the gate is free at once
    site.pages["/after.png"] = PNG
    add_client(stack, "after", site.url("/after.png"))
    assert logo_of(stack, "after")[0] == 200


def test_the_service_is_away(stack, site):  # pylint: disable=redefined-outer-name
    site.pages["/away.png"] = PNG
    add_client(stack, "away", site.url("/away.png"))
    stack.fetch.stop()
    try:
        assert logo_of(stack, "away")[0] == 503
        line = stack.wait_log("event=fetch_failed")
        assert "is ostiary-fetch there?" in stack.log_text(), line
        assert logo_of(stack, "pretty")[0] == 200  # what is kept needs nobody
        assert "start ostiary-fetch" in stack.ctl("doctor", "--no-web")
    finally:
        stack.fetch.start()
    # nothing has to be waited for
    assert logo_of(stack, "away")[0] == 200
    assert "start ostiary-fetch" not in stack.ctl("doctor", "--no-web")


def test_private_addresses_are_refused(stack):  # pylint: disable=redefined-outer-name
    add_client(stack, "inside", "https://169.254.169.254/latest/meta-data/")
    assert logo_of(stack, "inside")[0] == 404
    assert "its address is not public" in stack.wait_log("169.254.169.254")


def test_without_a_service(site, authority):  # pylint: disable=redefined-outer-name
    site.pages["/own.png"] = PNG
    with Stack(extra_conf=conf_for(site, authority, fetch_socket="")) as alone:
        alone.fetch.stop()
        add_client(alone, "own", site.url("/own.png"))
        status, _, body = logo_of(alone, "own")
        assert (status, body) == (200, PNG)
        assert "ostiary-fetch" in alone.ctl("doctor", "--no-web")
