# SPDX-License-Identifier: ISC
"""MariaDB over TCP: only with TLS, only a certificate of the authority that is named, and only for
the host that was asked for."""

import pytest

from conftest import BUILD, Host
from database import MariaDB
from outside import Authority
from web import free_ports

PASSWORD = "a-password-of-the-service"


class Remote:
    """A server that listens on loopback with these lines about TLS."""

    def __init__(self, folder, *lines):
        folder.mkdir()
        self.port = free_ports(1)
        self.server = MariaDB(folder, BUILD, network="\n".join(
            ["bind-address=127.0.0.1", f"port={self.port}", *lines]))

    def __enter__(self):
        self.server.start()
        self.server.query(f"""
            CREATE USER ostiary@'127.0.0.1' IDENTIFIED BY '{PASSWORD}',
                        secure@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;
            GRANT ALL ON *.* TO ostiary@'127.0.0.1', secure@'127.0.0.1';""")
        return self

    def __exit__(self, *_):
        self.server.stop(fast=True)


@pytest.fixture(scope="module", name="authorities")
def fixture_authorities(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    return {name: Authority(folder, name) for name in ("ours", "other")}


def certificate_lines(authority, names):
    certificate, key = authority.issue(names)
    return f"ssl-cert={certificate}", f"ssl-key={key}"


@pytest.fixture(scope="module", name="remotes")
def fixture_remotes(tmp_path_factory, authorities):
    folder = tmp_path_factory.mktemp("remote")
    good = certificate_lines(authorities["ours"], "IP:127.0.0.1,DNS:db.example.org")
    elsewhere = certificate_lines(authorities["ours"], "DNS:elsewhere.example.org")
    with Remote(folder / "good", *good) as right, \
            Remote(folder / "elsewhere", *elsewhere) as another, \
            Remote(folder / "plain", "skip-ssl") as plain:
        yield {"right": right, "another name": another, "plain": plain}


def over_tcp(folder, remote, authority, user="secure"):
    host = Host(folder / "host", remote.server, "over_tcp")
    password = host.folder / "password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    host.master.write_text("11" * 32)
    host.master.chmod(0o600)
    host.write_conf(db_socket="", db_host="127.0.0.1", db_port=remote.port, db_user=user,
                    db_admin_user="", db_password_file=password, db_ca=authority.file)
    return host


def test_right(remotes, authorities, tmp_path):
    host = over_tcp(tmp_path, remotes["right"], authorities["ours"])
    host.ok("migrate", "apply")
    host.ok("realm", "add", "main", "--issuer", "http://localhost:9/a")
    assert [row["name"] for row in host.json("realm", "list")["realms"]] == ["main"]


@pytest.mark.parametrize("server,authority,user,wanted", [
    ("right", "other", "secure", "certificate"),
    ("right", "other", "ostiary", "certificate"),
    ("another name", "ours", "ostiary", "name|Validation|verif"),
    ("plain", "ours", "ostiary", "SSL|TLS|encrypted"),
])
def test_refused(remotes, authorities, tmp_path, server, authority, user, wanted):
    """No byte of a password or a row goes there; the reason is told."""
    host = over_tcp(tmp_path, remotes[server], authorities[authority], user)
    done = host.run("realm", "list")
    assert done.returncode == 5, (done.stdout, done.stderr)
    assert any(word in done.stderr for word in wanted.split("|")), done.stderr
    seen = remotes[server].server.query("SHOW GLOBAL STATUS LIKE 'Com_select'")
    assert host.run("realm", "list").returncode == 5
    assert remotes[server].server.query("SHOW GLOBAL STATUS LIKE 'Com_select'") == seen


def test_plain_server_would_answer(remotes):
    """The test above refuses TLS that is not there, not a server that is down."""
    assert remotes["plain"].server.query("SHOW VARIABLES LIKE 'have_ssl'")[0][1] != "YES"
    assert remotes["right"].server.query("SHOW VARIABLES LIKE 'have_ssl'")[0][1] == "YES"
