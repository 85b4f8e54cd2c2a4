# SPDX-License-Identifier: ISC
"""`make run` as a stranger meets it: one command, a page, Ctrl-C, nothing left behind."""

import fcntl
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import time

import pytest
import requests

from relying import Person, redeem
from stack import build_folder
from web import free_ports, port_is_free

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = build_folder() / "run"
START_MAX = 10  # seconds; 3 is the aim, and printed
STOP_MAX = 20


def running_elsewhere():
    """Whether somebody uses the folder just now."""
    try:
        with open(FOLDER / "lock", "a+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


pytestmark = pytest.mark.skipif(running_elsewhere(), reason="left out: make run is at work here")


class Run:
    """One `make run` in a process group of its own, as a shell would start it."""

    def __init__(self, port, mount="", out=None):
        self.port, self.mount, self.out = port, mount, out
        self.begun = time.monotonic()
        # make's own variables would come from the make that runs the tests
        env = {name: value for name, value in os.environ.items()
               if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")}
        with open(out, "wb") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                ["make", "run", f"PORT={port}", f"MOUNT={mount}",
                 f"BUILD={os.environ.get('OSTIARY_BUILD', 'build')}"],
                cwd=TOP, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

    def text(self):
        return pathlib.Path(self.out).read_text(encoding="utf-8", errors="replace")

    def wait_ready(self):
        """Seconds until the first page."""
        end = self.begun + 120  # the first one of a checkout makes a database
        while time.monotonic() < end and self.process.poll() is None:
            try:
                requests.get(f"http://localhost:{self.port}{self.mount}/health", timeout=2)
                requests.get(f"http://127.0.0.1:{self.port + 1}/config.json",
                             timeout=2).raise_for_status()
                assert (FOLDER / "demo.json").exists()
                return time.monotonic() - self.begun
            except (requests.RequestException, AssertionError):
                time.sleep(0.01)
        raise AssertionError(self.text())

    def members(self):
        """Everything that was started: the session's processes, wherever their groups are."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (OSError, ValueError):
                continue
            if entry.name.isdigit() and int(fields[3]) == self.process.pid:
                found.append(int(entry.name))
        return found

    def stop(self, number):
        """As the terminal does: to the whole foreground group."""
        os.killpg(self.process.pid, number)
        try:
            return self.process.wait(STOP_MAX)
        except subprocess.TimeoutExpired:
            for pid in self.members():
                os.kill(pid, signal.SIGKILL)
            raise

    def end(self):
        if self.process.poll() is None:
            self.stop(signal.SIGTERM)


def sockets():
    return [path for path in FOLDER.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)]


def assert_nothing_left(run):
    end = time.monotonic() + 5
    while run.members() and time.monotonic() < end:
        time.sleep(0.02)
    assert not run.members(), run.text()
    assert not sockets(), sockets()
    assert port_is_free(run.port) and port_is_free(run.port + 1)
    assert not (FOLDER / "demo.json").exists()


@pytest.fixture(name="out")
def fixture_out(tmp_path):
    return tmp_path / "out"


def test_run(out, tmp_path):
    run = Run(free_ports(2), out=out)
    try:
        run.wait_ready()
        facts = json.loads((FOLDER / "demo.json").read_text(encoding="utf-8"))
        assert facts["issuer"] == f"http://localhost:{run.port}"
        assert set(facts) == {"issuer", "web", "spa", "user"}
        assert set(facts["web"]) == {"client_id", "client_secret", "redirect_uri"}
        assert set(facts["spa"]) == {"client_id", "redirect_uri"}
        assert set(facts["user"]) == {"username", "password"}
        assert stat.S_IMODE((FOLDER / "demo.json").stat().st_mode) == 0o600
        told = run.text()
        for word in (f"http://127.0.0.1:{run.port + 1}/", f"curl -s {facts['issuer']}",
                     facts["user"]["password"], "Ctrl-C"):
            assert word in told, told
        assert "Reading room" in requests.get(f"http://127.0.0.1:{run.port + 1}/").text

        class Facts:  # what Person asks of a stack
            issuer, demo = facts["issuer"], facts

        reply = Person(Facts).sign_in(facts["web"], scope="openid offline_access")
        assert redeem(Facts, facts["web"], reply).status_code == 200

        second = Run(free_ports(2), out=tmp_path / "second")
        assert second.process.wait(60) != 0
        assert "already running" in second.text() and "Ctrl-C" in second.text()
        assert requests.get(facts["issuer"] + "/health").status_code == 200

        assert run.stop(signal.SIGINT) is not None
        assert_nothing_left(run)
    finally:
        run.end()


def test_second_start_is_quick(out):
    """And below a path, and ended as a supervisor does."""
    port = free_ports(2)
    times = []
    for _ in range(2):
        run = Run(port, "/sub/path", out)
        try:
            times.append(run.wait_ready())
            facts = json.loads((FOLDER / "demo.json").read_text(encoding="utf-8"))
            assert facts["issuer"] == f"http://localhost:{port}/sub/path"
            document = requests.get(facts["issuer"] + "/.well-known/openid-configuration").json()
            assert document["issuer"] == facts["issuer"]
            run.stop(signal.SIGTERM)
            assert_nothing_left(run)
        finally:
            run.end()
    print(f"from `make run` to the first page: {times[1]:.2f} s")
    assert times[1] < START_MAX


def test_killed_hard(out):
    """SIGKILL of the program that holds everything together takes the rest with it."""
    run = Run(free_ports(2), out=out)
    try:
        run.wait_ready()
        holder = next(pid for pid in run.members() if b"make/run.py" in pathlib.Path(
            f"/proc/{pid}/cmdline").read_bytes())
        os.kill(holder, signal.SIGKILL)
        run.process.wait(STOP_MAX)
        end = time.monotonic() + STOP_MAX
        while run.members() and time.monotonic() < end:
            time.sleep(0.05)
        assert not run.members()
    finally:
        run.end()


def test_port_in_use(out):
    port = free_ports(2)
    with socket.create_server(("127.0.0.1", port + 1)):
        run = Run(port, out=out)
        try:
            code = run.process.wait(60)
        finally:
            run.end()
    assert code != 0 and f"port {port + 1}" in run.text() and "PORT=" in run.text()
    assert not run.members()
