# SPDX-License-Identifier: ISC
"""Root at the command line: it becomes the service's user before anything is opened, so that no
file of root's lies where the workers write theirs, and no link of theirs leads root elsewhere."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import pytest

from conftest import BUILD, Host
from database import MariaDB

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("useradd"),
                                reason="left out: only root can make a system user")


@pytest.fixture(scope="module")
def user():
    """A system user of our own; gone afterwards."""
    name = f"ostiary-t{os.getpid()}"
    subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin",
                    name], check=True, capture_output=True)
    yield pwd.getpwnam(name)
    subprocess.run(["userdel", name], check=True, capture_output=True)


@pytest.fixture(scope="module")
def home(user):  # pylint: disable=redefined-outer-name
    """A folder that user and root alone can enter."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ostiary-root-"))
    os.chown(folder, user.pw_uid, user.pw_gid)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server(home):  # pylint: disable=redefined-outer-name
    (home / "db").mkdir(mode=0o711)
    running = MariaDB(home / "db", BUILD).start()
    yield running
    running.stop(fast=True)


@pytest.fixture
def installed(user, home, server, request):  # pylint: disable=redefined-outer-name
    """A host whose db_user is a system user, before the first migration."""
    name = f"root{len(request.node.name)}"
    host = Host(home / request.node.name, server, name)
    server.query(f"CREATE USER IF NOT EXISTS '{user.pw_name}'@localhost; "
                 f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{name}`.* "
                 f"TO '{user.pw_name}'@localhost")
    host.log = host.folder / "ostiary.log"
    host.write_conf(db_user=user.pw_name, log_target=host.log)
    host.master.write_text("5a" * 32 + "\n")
    host.master.chmod(0o600)
    for path in (host.folder, host.master, host.state, host.conf):
        os.chown(path, user.pw_uid, user.pw_gid)
    return host


def owner(path):
    return pwd.getpwuid(path.lstat().st_uid).pw_name


def test_root_becomes_the_services_user(installed, user):  # pylint: disable=redefined-outer-name
    installed.ok("migrate")
    assert not installed.log.exists(), "root makes no log file"
    assert "pending" in installed.ok("migrate", "status", "--json")
    assert not installed.log.exists(), "root makes no log file"
    installed.ok("realm", "add", "main", "--issuer", "https://main.example")
    assert owner(installed.log) == user.pw_name
    assert "event=realm_added" in installed.log.read_text()
    # the database too has been asked by that name, and the record tells who was at work
    assert installed.query("SELECT actor FROM audit") == [["admin:root"]]
    before = installed.log.stat().st_size
    installed.ok("migrate")
    assert installed.log.stat().st_size == before and owner(installed.log) == user.pw_name


def test_the_log_is_no_link(installed, tmp_path):
    target = tmp_path / "precious"
    target.write_text("as it was\n")
    target.chmod(0o666)
    tmp_path.chmod(0o755)
    installed.ok("migrate")
    for where in (target, tmp_path / "nothing", installed.folder / "own"):
        installed.log.symlink_to(where)
        assert "log file" in installed.fails(1, "realm", "list")
        assert target.read_text() == "as it was\n"
        assert where == target or not where.exists()
        installed.log.unlink()
    installed.ok("realm", "list")


def test_what_is_the_users_alone_cannot_be_reached(installed):
    """Proof that root's rights are gone: what only root may read is not read."""
    installed.ok("migrate")
    os.chown(installed.master, 0, 0)
    assert "Permission denied" in installed.fails(1, "realm", "add", "main", "--issuer",
                                                  "https://main.example")
