# SPDX-License-Identifier: ISC
"""`make install`, and the units it installs: nothing that systemd does not know, and how much it
thinks that a break-in would get."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = os.environ.get("OSTIARY_BUILD", "build")

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"),
                                   reason="left out: systemd-analyze is not installed")

INSTALLED = """
etc/logrotate.d/ostiary etc/ostiary/ostiary.conf etc/ostiary/pamd.conf etc/pam.d/ostiary
opt/o/bin/ostiary opt/o/lib/ostiary/ostiary.fcgi opt/o/lib/ostiary/ostiary-fetch
opt/o/lib/ostiary/ostiary-pamd
opt/o/lib/systemd/system/ostiary@.service opt/o/lib/systemd/system/ostiary.socket
opt/o/lib/systemd/system/ostiary.target opt/o/lib/systemd/system/ostiary-fetch.service
opt/o/lib/systemd/system/ostiary-fetch.socket opt/o/lib/systemd/system/ostiary-jobs.service
opt/o/lib/systemd/system/ostiary-jobs.timer opt/o/lib/systemd/system/ostiary-pamd.service
opt/o/lib/sysusers.d/ostiary.conf opt/o/lib/sysusers.d/ostiary-pam.conf
opt/o/lib/tmpfiles.d/ostiary.conf
opt/o/share/man/man5/ostiary.conf.5 opt/o/share/man/man8/ostiary.8
opt/o/share/man/man8/ostiary.fcgi.8 opt/o/share/man/man8/ostiary-fetch.8
opt/o/share/man/man8/ostiary-pamd.8
opt/o/share/ostiary/pages/templates/signin.html opt/o/share/ostiary/pages/static/style.css
opt/o/share/ostiary/pages/locales/de.json opt/o/share/ostiary/schema/0001_start.sql
opt/o/share/ostiary/database.sql opt/o/share/bash-completion/completions/ostiary
opt/o/share/doc/ostiary/examples/systemd/database-over-tcp.conf
opt/o/share/doc/ostiary/examples/nginx.conf
""".split()

# what `systemd-analyze security` may say at most
EXPOSURE = {"ostiary@.service": 2.0, "ostiary-fetch.service": 2.0, "ostiary-jobs.service": 3.5,
            "ostiary-pamd.service": 4.5}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """An installation for another place. Objects of its own: PREFIX is compiled in."""
    folder = tmp_path_factory.mktemp("root")
    objects = tmp_path_factory.mktemp("objects")
    shutil.copytree(TOP / BUILD, objects / "build", dirs_exist_ok=True, symlinks=True,
                    ignore=shutil.ignore_patterns("tests", "deb", "cache", "run", "*.log", "asan",
                                                  "fuzz", "valgrind", "coverage"))
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("MAKE") and name != "OSTIARY_BUILD"}
    done = subprocess.run(
        ["make", "--no-print-directory", f"BUILD={objects / 'build'}", f"DESTDIR={folder}",
         "PREFIX=/opt/o", "install"], cwd=TOP, env=environment, capture_output=True, text=True,
        check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


def test_what_is_installed(root):  # pylint: disable=redefined-outer-name
    for name in INSTALLED:
        assert (root / name).is_file(), name
    for program in ("bin/ostiary", "lib/ostiary/ostiary.fcgi", "lib/ostiary/ostiary-fetch"):
        assert os.access(root / "opt/o" / program, os.X_OK), program


def test_paths_are_those_of_the_prefix(root):  # pylint: disable=redefined-outer-name
    """No text sends anybody to the default prefix, and the programs look in their own."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not os.access(path, os.X_OK):
            text = path.read_text(encoding="utf-8")
            assert "/usr/local/" not in text or path.suffix == ".md", path.relative_to(root)
    shown = subprocess.run([root / "opt/o/bin/ostiary", "config", "reference"], text=True,
                           capture_output=True, check=True).stdout
    assert "#pages_dir = /opt/o/share/ostiary/pages\n" in shown
    assert shown == (root / "etc/ostiary/ostiary.conf").read_text(encoding="utf-8")


def test_every_program_has_a_page(root):  # pylint: disable=redefined-outer-name
    for folder in ("bin", "lib/ostiary"):
        for program in (root / "opt/o" / folder).iterdir():
            page = root / f"opt/o/share/man/man8/{program.name}.8"
            assert page.is_file(), program.name
            assert "/usr/local/lib/ostiary" not in page.read_text(encoding="utf-8"), page.name


def test_a_configuration_stays(root):  # pylint: disable=redefined-outer-name
    conf = root / "etc/ostiary/ostiary.conf"
    before = conf.read_text(encoding="utf-8")
    conf.write_text(before + "# mine\n", encoding="utf-8")
    rule = (TOP / "make/install.mk").read_text(encoding="utf-8")
    for name in ("ostiary.conf", "pamd.conf"):
        assert f"test -e $(DESTDIR)$(SYSCONF)/ostiary/{name} ||" in rule
    conf.write_text(before, encoding="utf-8")


@needs_systemd
@pytest.mark.parametrize("unit", EXPOSURE)
def test_exposure(unit):
    """The score of the unit as it is in the sources: nothing else is asked for it."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         str(TOP / "conf-examples/systemd" / unit)], capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found.group(1)) <= EXPOSURE[unit], done.stdout


@needs_systemd
def test_words_that_systemd_knows(root, tmp_path):  # pylint: disable=redefined-outer-name
    units = root / "opt/o/lib/systemd/system"
    for unit in sorted(units.iterdir()):
        shutil.copy(unit, tmp_path / unit.name.replace("@.", "@1."))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no",
                           *sorted(map(str, tmp_path.iterdir()))],
                          capture_output=True, text=True, check=False)
    for line in done.stderr.splitlines():
        if "ostiary" in line:
            assert not re.search(r"Unknown|Failed to parse|Invalid|ignoring", line), line


def test_units_name_what_is_installed(root):  # pylint: disable=redefined-outer-name
    for unit in (root / "opt/o/lib/systemd/system").glob("*.service"):
        text = unit.read_text(encoding="utf-8")
        for program in re.findall(r"^ExecStart=(\S+)", text, re.M):
            assert (root / program[1:]).is_file(), (unit.name, program)
        for page in re.findall(r"man:([\w.-]+)\((\d)\)", text):
            assert (root / f"opt/o/share/man/man{page[1]}/{page[0]}.{page[1]}").is_file(), page
