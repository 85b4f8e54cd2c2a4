# SPDX-License-Identifier: ISC
"""Stacks that the tests of a whole installation share. Tests that break something start their
own."""

import json
import os
import tempfile

import pytest

from relying import Person
from servers import House
from stack import Stack


def write_demo_site(stack):
    """The facts that the demo relying party reads; `make run` writes the same."""
    spa = stack.demo["spa"]
    (stack.folder / "demo-site.json").write_text(json.dumps({
        "issuer": stack.issuer, "client_id": spa["client_id"],
        "redirect_uri": spa["redirect_uri"],
        "post_logout_redirect_uri": spa["post_logout_redirect_uri"],
        "scope": "openid profile email offline_access", "hint": "a test"}), encoding="utf-8")


def add_client(stack, client_id, *options, public=False, **settings):
    """A client whose redirect URI is the demo site's callback page."""
    redirect = f"{stack.site}/callback"
    made = stack.ctl("client", "add", "--id", client_id, "--name", f"Client {client_id}",
                     "--redirect-uri", redirect, *(["--public"] if public else []),
                     "--set", "grant_types=authorization_code refresh_token",
                     *[word for name, value in settings.items()
                       for word in ("--set", f"{name}={value}")], *options, json=True)
    return {"client_id": client_id, "redirect_uri": redirect,
            "client_secret": made.get("client_secret")}


# Tests fail sign-ins on purpose, all of them from one address.
PATIENT = {"server": {"throttle_account_limit": 1000, "throttle_network_limit": 1000,
                      "rate_limit_network": 0}}


@pytest.fixture(scope="session")
def stack():
    """At the root of its host name, with the demo relying party beside it."""
    with Stack(demo_site=True, extra_conf=PATIENT) as running:
        write_demo_site(running)
        for alg in ("PS256", "EdDSA"):  # the others are there from the start
            running.ctl("key", "rotate", "--alg", alg, "--now")
        running.pool.restart()  # workers look for news once a second
        running.wait_ready()
        yield running


@pytest.fixture(scope="session")
def mounted():
    """The same below a path."""
    with Stack(mount="/sub/path", demo_site=True, extra_conf=PATIENT) as running:
        write_demo_site(running)
        yield running


@pytest.fixture
def person(stack):  # pylint: disable=redefined-outer-name
    return Person(stack)


@pytest.fixture(scope="module", name="house_place")
def fixture_house_place():
    """Where its folder is made; None: where temporary files are."""
    return None


@pytest.fixture(scope="module", name="house")
def fixture_house(house_place):
    """What every web server is put in front of."""
    with tempfile.TemporaryDirectory(prefix="ostiary-", dir=house_place) as folder, \
            House(folder) as house:
        before = os.environ.get("REQUESTS_CA_BUNDLE")
        os.environ["REQUESTS_CA_BUNDLE"] = str(house.authority.file)
        yield house
        os.environ.pop("REQUESTS_CA_BUNDLE")
        if before:
            os.environ["REQUESTS_CA_BUNDLE"] = before


# ---- a table of web servers and cases --------------------------------------------------------

_table = {}


def pytest_runtest_logreport(report):
    name = report.nodeid.partition("test_web_servers.py::test_")[2]
    if not name.endswith("]") or (report.when != "call" and not report.failed):
        return
    case, _, server = name[:-1].partition("[")
    told = dict(report.user_properties).get("told", "yes")
    word = {"passed": told, "failed": "NO"}.get(report.outcome)
    if word:
        _table.setdefault(server, {})[case.replace("_", " ")] = word


def pytest_terminal_summary(terminalreporter):
    """Cases downwards, servers across, each at the root of a host and below a path."""
    if not _table:
        return
    cases = list(dict.fromkeys(case for row in _table.values() for case in row))
    kinds = list(dict.fromkeys(server.rpartition("-")[0] for server in _table))
    wide = max(map(len, cases)) + 2
    terminalreporter.section("web servers: at the root of a host | below a path")
    terminalreporter.write_line(" " * wide + "".join(f"{kind:<20}" for kind in kinds))
    for case in cases:
        words = (" | ".join(_table.get(f"{kind}-{mount}", {}).get(case, "-")
                            for mount in ("root", "path")) for kind in kinds)
        terminalreporter.write_line(f"{case:<{wide}}" + "".join(f"{word:<20}" for word in words))
