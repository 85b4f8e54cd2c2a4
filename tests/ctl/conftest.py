# SPDX-License-Identifier: ISC
"""A host to administer: a private MariaDB, a configuration file and the real program."""

import json
import os
import pathlib
import pty
import select
import subprocess
import sys
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/lib"))

from database import MariaDB  # noqa: E402  pylint: disable=wrong-import-position

BUILD = TOP / os.environ.get("OSTIARY_BUILD", "build")
PROGRAM = str(BUILD / "ostiary")


class Host:
    """One database with its configuration."""

    def __init__(self, folder, mariadb, name):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True, mode=0o700)
        self.mariadb, self.name = mariadb, name
        self.conf = self.folder / "ostiary.conf"
        self.master = self.folder / "master.key"
        self.state = self.folder / "state"
        self.state.mkdir(mode=0o700)
        self.write_conf()
        mariadb.create(name)

    def write_conf(self, **changes):
        """The usual file with options changed; None leaves one out."""
        options = {
            "database": {"db_socket": self.mariadb.socket, "db_name": self.name,
                         "db_user": "ostiary", "db_admin_user": "ostiary_admin"},
            "keys": {"master_key_file": self.master},
            "server": {"pages_dir": TOP / "pages", "state_dir": self.state,
                       "allow_http_loopback": "yes"},
            "fetch": {"fetch_socket": "", "fetch_program": BUILD / "ostiary-fetch"},
            "log": {"log_target": "stderr"},
        }
        for section in options.values():
            for option in list(section):
                if option in changes:
                    section[option] = changes.pop(option)
        for option, value in changes.items():
            options["keys" if "key" in option else "database"][option] = value
        with open(self.conf, "w", encoding="utf-8") as out:
            for section, values in options.items():
                out.write(f"[{section}]\n")
                out.writelines(f"{name} = {value}\n" for name, value in values.items()
                               if value is not None)

    def run(self, *words, stdin=""):
        return subprocess.run([PROGRAM, "--config", str(self.conf), *map(str, words)], input=stdin,
                              text=True, capture_output=True, check=False, timeout=120)

    def ok(self, *words, stdin=""):
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def json(self, *words, stdin=""):
        return json.loads(self.ok(*words, "--json", stdin=stdin))

    def fails(self, code, *words, stdin=""):
        """The complaints of a command that must end with this code, in both forms."""
        done = self.run(*words, "--json", stdin=stdin)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        error = json.loads(done.stderr)["error"]
        assert error["exit"] == code
        return "\n".join(error["messages"])

    def query(self, sql):
        return self.mariadb.query(sql, self.name)

    def terminal(self, *words, answers=()):
        """Runs on a terminal and answers each prompt (text that must appear, line to type or a
        function that gives it). Gives exit code and all that was seen."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(PROGRAM, [PROGRAM, "--config", str(self.conf), *words])
        seen, waiting, end = "", list(answers), time.monotonic() + 60
        while time.monotonic() < end:
            if waiting and waiting[0][0] in seen[getattr(self, "_mark", 0):]:
                line = waiting.pop(0)[1]
                os.write(fd, (line() if callable(line) else line).encode() + b"\n")
                self._mark = len(seen)
            if not select.select([fd], [], [], 0.05)[0]:
                continue
            try:
                piece = os.read(fd, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece.decode()
        self._mark = 0
        os.close(fd)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert not waiting, (words, waiting, seen)
        return code, seen


def add_session(host, number, account):
    now = int(time.time())
    values = {"id": f"UNHEX('{number:032x}')", "account_id": f"UNHEX('{account}')",
              "realm_id": "(SELECT id FROM realm)", "secret_hash": "UNHEX(REPEAT('00', 32))",
              "auth_epoch": "0", "created_at": now, "activated_at": now,
              "last_seen_at": now, "expires_at": now + 3600, "ended_at": 0,
              "address": "'192.0.2.1'", "user_agent": "'Browser'"}
    host.query(f"INSERT INTO session ({', '.join(values)}) VALUES "
               f"({', '.join(map(str, values.values()))})")


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory):
    server = MariaDB(tmp_path_factory.mktemp("db"), BUILD).start()
    yield server
    server.stop(fast=True)


_count = 0


@pytest.fixture
def bare(mariadb, tmp_path):  # pylint: disable=redefined-outer-name
    """A host whose database is empty."""
    global _count  # pylint: disable=global-statement
    _count += 1
    return Host(tmp_path / "host", mariadb, f"ctl{_count}")


@pytest.fixture
def host(bare):  # pylint: disable=redefined-outer-name
    """A host with a realm called main."""
    bare.ok("migrate")
    bare.ok("realm", "add", "main", "--issuer", "http://localhost:9/a")
    return bare
