# SPDX-License-Identifier: ISC
"""The Debian packages: built, judged by lintian, installed on a bare machine, where the three
commands that they print lead to a sign-in; upgraded and purged.

OSTIARY_TEST_ROOT names the root of a bare Debian that is copied and entered; OSTIARY_TEST_INSTALL=1
takes this very machine, which should be one to throw away. Both need root."""

import hashlib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import urllib.parse

import pytest

from children import wait_until
from machine import Machine
from relying import Page, parameters, pkce

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("OSTIARY_BUILD", "build")
HOST, REDIRECT = "login.example.org", "https://wiki.example.org/callback"
PASSWORD = "looking-glass-77"
CREDENTIALS = "/run/credentials/ostiary-pamd.service"
NEEDED = ("dpkg-buildpackage", "dh", "lintian")

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in NEEDED),
    reason=f"left out: one of {', '.join(NEEDED)} is not installed (make/packages.sh deb)")

BARE = os.environ.get("OSTIARY_TEST_ROOT", "")
HERE = os.environ.get("OSTIARY_TEST_INSTALL") == "1"
needs_machine = pytest.mark.skipif(
    os.geteuid() != 0 or not (BARE or HERE),
    reason="left out: needs root and a machine (OSTIARY_TEST_ROOT or OSTIARY_TEST_INSTALL=1)")


def version():
    text = (TOP / "ctl/version.h").read_text(encoding="utf-8")
    return re.search(r'OSTIARY_VERSION "([^"]+)"', text).group(1)


@pytest.fixture(scope="module")
def packages():
    """The two packages, by name."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("MAKE")}
    folder = BUILD / "deb"
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run([TOP / "make/deb.sh", folder, f"{version()}-1"], cwd=TOP,
                          env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    found = {path.name.split("_")[0]: path for path in folder.glob("*.deb")}
    return {name: found[name] for name in ("ostiary", "ostiary-pam")}


def test_versions_agree():
    first = (TOP / "debian/changelog").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f"ostiary ({version()}-1) ")


def test_lintian(packages):  # pylint: disable=redefined-outer-name
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error",
                           *packages.values()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_contents(packages):  # pylint: disable=redefined-outer-name
    """Each file once, no secrets, and nothing that everybody may write."""
    seen = set()
    for path in packages.values():
        listing = subprocess.run(["dpkg", "-c", path], capture_output=True, text=True,
                                 check=True).stdout
        for line in listing.splitlines():
            rights, owner, _, _, _, name = line.split(None, 5)
            assert owner == "root/root", line
            assert rights[8] != "w" or rights[0] == "l", line
            assert "s" not in rights[1:], line
            assert not name.endswith("/master.key"), line
            if not name.endswith("/"):
                assert name not in seen, name
                seen.add(name)
    assert {"./usr/bin/ostiary", "./usr/lib/ostiary/ostiary.fcgi",
            "./usr/lib/ostiary/ostiary-pamd", "./usr/share/man/man8/ostiary-pamd.8.gz",
            "./lib/systemd/system/ostiary@.service", "./etc/ostiary/ostiary.conf"} <= seen


# ---- a machine ----


class Browser:
    """curl on the machine, as the site's certificate is nobody's."""

    def __init__(self, machine):
        self.machine, self.url = machine, None

    def ask(self, url, form=None, user=None):
        """(status, headers, body)"""
        words = ["curl", "-sk", "-i", "--max-time", "30", "-b", "/tmp/jar", "-c", "/tmp/jar",
                 "--resolve", f"{HOST}:443:127.0.0.1", *(["-u", user] if user else [])]
        for name, value in (form or {}).items():
            words += ["--data-urlencode", f"{name}={value}"]
        text = self.machine.run(shlex.join([*words, url]))
        head, _, body = text.replace("\r\n", "\n").partition("\n\n")
        lines = head.split("\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        self.url = url
        return int(lines[0].split()[1]), {name.lower(): value for name, value in headers.items()}, \
            body

    def sign_in(self, client_id, secret):
        """The token endpoint's answer at the end of a code flow."""
        verifier, challenge = pkce()
        status, headers, body = self.ask(f"https://{HOST}/authorize?" + urllib.parse.urlencode({
            "client_id": client_id, "redirect_uri": REDIRECT, "response_type": "code",
            "scope": "openid", "state": "here", "code_challenge": challenge,
            "code_challenge_method": "S256"}))
        for _ in range(6):
            if status == 303:
                break
            assert status == 200, (status, body)
            form = Page(body).forms[0]
            fields = {name: value for name, value in form["fields"].items() if name}
            if "signin" in form["buttons"]:
                fields.update(username="alice", password=PASSWORD, action="signin")
            else:
                fields["action"] = "allow" if "allow" in form["buttons"] else "continue"
            status, headers, body = self.ask(urllib.parse.urljoin(self.url, form["action"]), fields)
        assert headers["location"].startswith(REDIRECT + "?"), (status, headers, body)
        return self.ask(f"https://{HOST}/token", {
            "grant_type": "authorization_code", "code": parameters(headers["location"])["code"],
            "redirect_uri": REDIRECT, "code_verifier": verifier}, user=f"{client_id}:{secret}")


def first_steps(output):
    """The commands that the installation printed."""
    steps = re.findall(r"^  \d\. .*\n\n     (.+)\n", output, re.M)
    assert len(steps) == 3, output
    return steps


def make_certificate(machine):
    base = f"/etc/ostiary/tls/{HOST}"
    machine.run(f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                f"-keyout {base}.key -out {base}.pem -subj /CN={HOST}")


def start_unless_there(machine, question, name, *words):
    """A service of the machine's own; where its installation has started it, that one."""
    def is_there():
        return machine.run(question, check=False).returncode == 0

    if not is_there():
        machine.start(name, *words)
        wait_until(is_there, 120, f"the start of {name}", step=0.2)


def start_mariadb(machine):
    machine.run("install -d -o mysql -g mysql /run/mysqld")
    start_unless_there(machine, "mariadb -e 'SELECT 1'", "mariadbd", "mariadbd", "--user=mysql")


def start_nginx(machine):
    start_unless_there(machine, "test -s /run/nginx.pid && kill -0 $(cat /run/nginx.pid)", "nginx",
                       "nginx", "-g", "daemon off;")


def digest(machine, path):
    return hashlib.sha256(machine.path(path).read_bytes()).hexdigest()


def repacked(package, folder, number):
    """The same package with a higher version."""
    tree, result = folder / package.stem, folder / f"{package.stem}-{number}.deb"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN/control"
    text = control.read_text(encoding="utf-8").replace(f"{version()}-1", f"{version()}-{number}")
    control.write_text(text, encoding="utf-8")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, result], check=True,
                   capture_output=True)
    return result


def bring(machine, package):
    """The path of a package there."""
    inside = f"/root/{package.name}"
    if machine.bare:
        shutil.copy(package, machine.path(inside))
        return inside
    return str(package)


@pytest.fixture(scope="module")
def machine():
    with Machine(BARE) as running:
        running.run("apt-get update -qq && apt-get install -y -qq --no-install-recommends "
                    "mariadb-server nginx curl openssl ca-certificates", network=True)
        yield running
        if HERE and not BARE:
            running.run("rm -f /etc/nginx/conf.d/ostiary.conf; rm -rf /etc/ostiary; "
                        "mariadb -e 'DROP DATABASE IF EXISTS ostiary; "
                        "DROP USER IF EXISTS ostiary@localhost'", check=False)


@needs_machine
# pylint: disable-next=redefined-outer-name,too-many-statements
def test_a_life(machine, packages, tmp_path):
    """Installed, used, upgraded, purged, and installed again."""
    paths = [bring(machine, package) for package in packages.values()]
    start_mariadb(machine)

    # installed
    output = machine.run(f"apt-get install -y --no-install-recommends {' '.join(paths)}",
                         network=True)
    database, people, site = first_steps(output)
    machine.run("systemd-tmpfiles --create ostiary.conf")
    start_nginx(machine)
    assert machine.run("stat -c '%U:%G %a' /etc/ostiary /run/ostiary").split("\n")[:2] == \
        ["root:ostiary 750", "ostiary:ostiary 755"]

    # the three commands; what asks a person is given its answer, what asks systemd the program
    machine.run(database)
    assert machine.run("stat -c '%U:%G %a' /etc/ostiary/master.key").strip() == "root:ostiary 640"
    made = machine.run(people.replace("user add alice",
                                      "user add alice --password-stdin"), text=PASSWORD + "\n")
    client_id, secret = (re.search(rf"^{name} +(\S+)$", made, re.M).group(1)
                         for name in ("client_id", "client_secret"))
    make_certificate(machine)
    assert site.endswith(" && systemctl reload nginx"), site
    listener = machine.listen("ostiary.socket")
    workers = [machine.start_unit("ostiary@.service", listener) for _ in range(2)]
    machine.run(site.replace("systemctl reload nginx", "nginx -t && nginx -s reload"))

    # a sign-in
    browser = Browser(machine)
    wait_until(lambda: machine.run(
        f"curl -sk --resolve {HOST}:443:127.0.0.1 https://{HOST}/.well-known/openid-configuration",
        check=False).stdout.startswith('{"issuer"'), 60, "discovery", step=0.2)
    status, _, body = browser.sign_in(client_id, secret)
    assert status == 200 and '"id_token"' in body, (status, body)

    # the other units do what their files say
    jobs = machine.start_unit("ostiary-jobs.service")
    assert jobs.wait(120) == 0, machine.log("ostiary-jobs.service")
    machine.run(f"install -d -o ostiary-pamd -g ostiary-pamd /run/ostiary-pamd && "
                f"install -D -m 644 /etc/ostiary/pamd.conf {CREDENTIALS}/pamd.conf")
    pamd = machine.start_unit("ostiary-pamd.service", environment=machine.unit(
        "ostiary-pamd.service")["Environment"].replace("%d", CREDENTIALS))
    wait_until(lambda: machine.run("test -S /run/ostiary-pamd/socket", check=False).returncode == 0
               or pamd.poll() is not None, 60, "the broker's socket", step=0.1)
    assert pamd.poll() is None, machine.log("ostiary-pamd.service")

    # upgraded: configuration and master key stay
    with open(machine.path("/etc/ostiary/ostiary.conf"), "a", encoding="utf-8") as conf:
        conf.write("\n# changed by the administrator\n")
    kept = {path: digest(machine, path)
            for path in ("/etc/ostiary/ostiary.conf", "/etc/ostiary/master.key")}
    newer = [bring(machine, repacked(package, tmp_path, 2)) for package in packages.values()]
    output = machine.run(f"dpkg -i {' '.join(newer)}")
    assert "ostiary migrate plan" in output and "Three commands" not in output
    assert {path: digest(machine, path) for path in kept} == kept
    assert all(worker.poll() is None for worker in workers)
    for worker in workers:
        machine.stop(worker)
    workers = [machine.start_unit("ostiary@.service", listener) for _ in range(2)]
    status, _, body = browser.sign_in(client_id, secret)
    assert status == 200, (status, body)

    # purged: what the package made is gone, what people made is left and named
    for child in (*workers, pamd):
        machine.stop(child)
    output = machine.run("dpkg --purge ostiary-pam ostiary")
    assert "database" in output and "master.key" in output and HOST not in output
    for path in ("/usr/lib/ostiary", "/usr/share/ostiary", "/etc/ostiary/ostiary.conf",
                 "/etc/ostiary/pamd.conf", "/run/ostiary", "/var/log/ostiary",
                 "/lib/systemd/system/ostiary@.service"):
        assert machine.run(f"test -e {path}", check=False).returncode == 1, path
    assert machine.run("getent passwd ostiary ostiary-pamd", check=False).stdout == ""
    assert machine.run("stat -c '%U:%G %a' /etc/ostiary/master.key").strip() == "root:root 600"
    assert digest(machine, "/etc/ostiary/master.key") == kept["/etc/ostiary/master.key"]
    assert machine.run("mariadb -N -e 'SELECT COUNT(*) FROM ostiary.account'").strip() == "1"

    # installed again it opens what was left
    machine.run(f"dpkg -i {paths[0]}")
    assert machine.run("stat -c '%U:%G %a' /etc/ostiary/master.key").strip() == "root:ostiary 640"
    assert "alice" in machine.run("ostiary user list")
    machine.run("dpkg --purge ostiary")
