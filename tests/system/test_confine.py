# SPDX-License-Identifier: ISC
"""Workers and ostiary-fetch of a whole installation have given up what they do not need, and do
their work all the same. What is refused is tried by tests/core/port/test_confine.c."""

import pathlib

import pytest

from conftest import add_client
from outside import Authority, Page, Site
from relying import Person
from stack import Stack

SECCOMP_FILTER = "2"
# "looking-glass-7", made with four lanes: verifying it takes four threads
FOUR_LANES = ("$argon2id$v=19$m=1024,t=2,p=4$c29tZXNhbHRzb21lc2FsdA$"
              "a6TPCA2ePGzp60nJpsISBlWO/wBFJdWrnyOWkZhmxh4")


def status(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def core_limit(pid):
    for line in pathlib.Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines():
        if line.startswith("Max core file size"):
            return line.split()[4:6]
    return None


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def test_everything_that_serves_is_confined(stack):
    for pid in [*stack.pids(), stack.fetch.child.pid]:
        facts = status(pid)
        assert facts["Seccomp"] == SECCOMP_FILTER, facts["Name"]
        assert facts["NoNewPrivs"] == "1", facts["Name"]
        assert core_limit(pid) == ["0", "0"], facts["Name"]
        # not dumpable: what /proc tells of it belongs to root
        assert pathlib.Path(f"/proc/{pid}/mem").stat().st_uid == 0, facts["Name"]


def test_a_site_may_need_more():
    with Stack(workers=1, extra_conf={"server": {"confine": "no"}}) as stack:
        for pid in [*stack.pids(), stack.fetch.child.pid]:
            assert status(pid)["Seccomp"] == "0"
            assert status(pid)["NoNewPrivs"] == "1"


def test_a_program_of_its_own(authority):
    """Where workers start ostiary-fetch themselves, both lists are in force at once."""
    page = Page(b"\x89PNG\r\n\x1a\n" + b"x" * 1000, headers={"Content-Type": "image/png"})
    with Site(authority) as site, Stack(workers=1, extra_conf={"fetch": {
            "fetch_socket": "", "fetch_allow_networks": "127.0.0.0/8",
            "fetch_ca_file": authority.file, "fetch_allow_ports": site.port}}) as stack:
        site.pages["/logo.png"] = page
        stack.ctl("client", "add", "--id", "pretty", "--name", "Pretty", "--redirect-uri",
                  f"{stack.site}/callback", "--set", f"logo_uri={site.url('/logo.png')}")
        assert status(stack.pids()[0])["Seccomp"] == SECCOMP_FILTER
        assert stack.get("/logo?client_id=pretty")[0] == 200, stack.log_text()[-2000:]
        assert "call_refused" not in stack.log_text() + pathlib.Path(stack.pool.log).read_text()


def test_threads(stack):
    """libargon2 makes a thread for each lane."""
    stack.ctl("user", "add", "lanes", "--password-stdin", stdin="another-password-1\n")
    stack.mariadb.query(f"UPDATE account SET password = '{FOUR_LANES}' WHERE username = 'lanes'",
                        stack.database)
    client = add_client(stack, "lanes-client")
    stack.pool.restart()
    stack.wait_ready()
    before = sorted(stack.pids())
    reply = Person(stack).sign_in(client, {"username": "lanes", "password": "looking-glass-7"})
    assert "code" in reply
    assert sorted(stack.pids()) == before
    assert "call_refused" not in stack.log_text()
