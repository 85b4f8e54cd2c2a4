#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""What `make run` does once everything is built: a private MariaDB under build/run, demo data, four
workers behind a private nginx, and a demo relying party on the next port. Ends with Ctrl-C or
SIGTERM, and everything that it started ends with it.

    make run [PORT=8080] [MOUNT=/sub/path]

One MariaDB is kept between starts; each port and mount is an issuer of its own and so has a
database of its own in it.
"""

import argparse
import fcntl
import hashlib
import json
import os
import pathlib
import signal
import sys
import time

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "lib"))

# pylint: disable=wrong-import-position
from children import StackError, die_with_parent, tail  # noqa: E402
from stack import Stack, build_folder  # noqa: E402
from web import check_mount, port_is_free  # noqa: E402

WORKERS = 4
RESTARTS_MAX = 5  # of one program within
RESTARTS_WINDOW = 60  # seconds; more means that it does not help

STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Stopped(Exception):
    """A signal asked us to end."""


def arguments():
    parser = argparse.ArgumentParser(prog="make run", description="Runs Ostiary on loopback.")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--mount", default="")
    parser.add_argument("--with-parent", action="store_true",
                        help="end when the program that started this one ends")
    given = parser.parse_args()
    if not 1024 <= given.port <= 65534:
        raise StackError(f"PORT={given.port} must be from 1024 to 65534 "
                         "(the demo page takes the port after it)")
    given.mount = check_mount(given.mount)
    return given


def take_lock(folder):
    """The open lock file; StackError when another run holds it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = open(folder / "lock", "a+", encoding="ascii")  # pylint: disable=consider-using-with
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        who = lock.read().strip() or "another process"
        raise StackError(f"`make run` is already running here ({who}); end it first with Ctrl-C, "
                         "or use another checkout") from None
    lock.truncate(0)
    return lock


def check_ports(port):
    for number, what in ((port, "Ostiary"), (port + 1, "the demo page")):
        if not port_is_free(number):
            raise StackError(f"port {number} for {what} is in use by another program; "
                             f"choose another with `make run PORT={port + 10}`")


def database_name(port, mount):
    suffix = "_" + hashlib.sha256(mount.encode()).hexdigest()[:8] if mount else ""
    return f"ostiary_{port}{suffix}"


def write_facts(stack):
    facts = {
        "issuer": stack.demo["issuer"], "web": stack.demo["web"],
        "spa": {name: stack.demo["spa"][name] for name in ("client_id", "redirect_uri")},
        "user": stack.demo["user"]}
    path = stack.folder / "demo.json"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
              encoding="utf-8") as out:
        json.dump(facts, out, indent=2)
        out.write("\n")
    site = {"issuer": stack.issuer, "client_id": stack.demo["spa"]["client_id"],
            "redirect_uri": stack.demo["spa"]["redirect_uri"],
            "post_logout_redirect_uri": stack.demo["spa"]["post_logout_redirect_uri"],
            "scope": "openid profile email offline_access",
            "hint": "Sign in as {username} with the password {password}".format(
                **stack.demo["user"])}
    (stack.folder / "demo-site.json").write_text(json.dumps(site, indent=2) + "\n",
                                                 encoding="utf-8")
    return path


def say(stack, facts, seconds):
    user = stack.demo["user"]
    print(f"""
Ostiary is up after {seconds:.1f} s. Issuer: {stack.issuer}

  open      {stack.site}/
            a demo relying party; sign in as {user['username']} with {user['password']}
  try       curl -s {stack.issuer}/.well-known/openid-configuration
  facts     {os.path.relpath(facts, TOP)}
  log       {os.path.relpath(stack.log, TOP)}
  command   {os.path.relpath(stack.build / 'ostiary', TOP)} \
--config {os.path.relpath(stack.conf, TOP)} --help

Ctrl-C ends it.""", flush=True)


class Watch:
    """Brings back what ends by itself; gives up when that happens again and again. Workers are
    multiwatch's business."""

    def __init__(self, stack):
        self.parts = {"MariaDB": stack.mariadb, "ostiary-fetch": stack.fetch,
                      "the worker pool": stack.pool, "nginx": stack.nginx}
        self.restarts = {name: [] for name in self.parts}

    def round(self):
        for name, part in self.parts.items():
            if part.running():
                continue
            now = time.monotonic()
            recent = [at for at in self.restarts[name] if now - at < RESTARTS_WINDOW]
            self.restarts[name] = [*recent, now]
            if len(recent) >= RESTARTS_MAX:
                raise StackError(f"{name} has ended {len(recent) + 1} times within "
                                 f"{RESTARTS_WINDOW} s; its log ends with\n{tail(part.log)}")
            print(f"{name} ended by itself; starting it again", file=sys.stderr, flush=True)
            part.stop()
            part.start()


def main():
    begun = time.monotonic()
    given = arguments()
    if given.with_parent:
        die_with_parent(signal.SIGTERM)
    folder = build_folder() / "run"
    lock = take_lock(folder)
    (folder / "demo.json").unlink(missing_ok=True)
    check_ports(given.port)
    lock.write(f"process {os.getpid()}, http://localhost:{given.port}{given.mount}")
    lock.flush()

    def stop(*_):
        # one is enough: a second signal must not interrupt the ending
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    stack = None
    try:
        stack = Stack(given.mount, WORKERS, port=given.port, folder=folder, durable=True,
                      database=database_name(given.port, given.mount), demo_site=True, start=False)
        stack.start()
        say(stack, write_facts(stack), time.monotonic() - begun)
        watcher = Watch(stack)
        while True:
            time.sleep(0.5)
            watcher.round()
    except Stopped:
        print("\nstopping", flush=True)
        return 0
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if stack is not None:
            stack.stop()
        (folder / "demo.json").unlink(missing_ok=True)
        lock.truncate(0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        print(f"make run: {error}", file=sys.stderr)
        sys.exit(1)
