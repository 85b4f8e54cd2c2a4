# SPDX-License-Identifier: ISC
"""Brokers with services of a test's own."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import pamd  # noqa: E402  pylint: disable=wrong-import-position

PEOPLE = [("alice", 1001, "Alice Doe,Room 1"), ("bob", 1002, ""), ("daemon", 2, "A daemon"),
          ("root", 0, "Root")]


@pytest.fixture(scope="session", autouse=True)
def built():
    """Modules and program, built the way the build folder is."""
    missing = [p for p in (pamd.PROGRAM, pamd.MODULE) if not p.exists()]
    if missing:
        subprocess.run(["make", f"BUILD={pamd.BUILD.relative_to(pamd.TOP)}", "build-pamd"],
                       cwd=pamd.TOP, check=True)


def stack(auth, account="", password=""):
    """A stack of the module that does what its arguments say."""
    return [f"auth required {pamd.MODULE} {auth}", f"account required {pamd.MODULE} {account}",
            f"password required {pamd.MODULE} {password}"]


@pytest.fixture(name="broker")
def make_broker():
    """broker(services, **options) makes one and starts it; all are stopped, and must end well."""
    made = []

    def make(services=None, people=PEOPLE, wrapper=(), start=True, **options):
        # the address of a Unix socket is short
        folder = tempfile.mkdtemp(prefix="pamd.")
        one = pamd.Broker(folder, services, people, **options)
        made.append((one, folder))
        return one.start(wrapper) if start else one

    yield make
    for one, folder in made:
        try:
            one.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
