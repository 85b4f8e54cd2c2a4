# SPDX-License-Identifier: ISC
"""A private MariaDB on a socket: no port, nothing shared with a server that the host may have."""

import fcntl
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

from children import Child, StackError, tail, wait_until

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SERVER = "/usr/sbin/mariadbd"

# mariadbd refuses to run as root unless told so. It stays root here: folders of the tree need not
# be readable for the user mysql, and giving up root would lose the parent-death signal.
AS_ROOT = ["--user=root"] if os.geteuid() == 0 else []

SETTINGS = """[mariadbd]
datadir={folder}/data
socket={socket}
pid-file={folder}/mariadb.pid
log-error={folder}/mariadb.log
tmpdir={folder}
{network}
skip-name-resolve
skip-log-bin
performance-schema=OFF
max-connections=200
innodb-buffer-pool-size={buffer_pool}
innodb-log-file-size={log_size}
innodb-flush-log-at-trx-commit={flush}
innodb-buffer-pool-dump-at-shutdown=OFF
innodb-buffer-pool-load-at-startup=OFF
character-set-server=utf8mb4
"""


def _version():
    words = subprocess.run([SERVER, "--version"], capture_output=True, text=True, check=True).stdout
    return words.split("Ver ")[-1].split()[0].split("-MariaDB")[0]


def template(build):
    """A data folder as mariadb-install-db makes it, made once and kept under the build folder."""
    if not os.access(SERVER, os.X_OK):
        raise StackError("mariadbd is not installed (make/packages.sh run)")
    cache = pathlib.Path(build) / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    done = cache / f"mariadb-{_version()}-{os.geteuid()}"
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.is_dir():
            return done
        fresh = tempfile.mkdtemp(prefix="new-", dir=cache)
        made = subprocess.run(
            ["/usr/bin/mariadb-install-db", "--no-defaults", f"--datadir={fresh}",
             "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
             "--innodb-log-file-size=16M", *AS_ROOT],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise StackError("mariadb-install-db failed:\n" + made.stdout + made.stderr)
        os.rename(fresh, done)
    return done


class MariaDB:
    """folder/data is made from the template when it is not there, and used again when it is.
    network: lines of its configuration that say how else it is reached."""

    def __init__(self, folder, build, socket_path=None, durable=False, large=False,
                 network="skip-networking"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.build = build
        self.socket = str(socket_path or self.folder / "db.sock")
        self.log = str(self.folder / "mariadb.log")
        self.child = None
        self.settings = {
            "folder": self.folder, "socket": self.socket, "network": network,
            # Tests may lose the last second when the *machine* stops; a crash of the server loses
            # nothing in either case.
            "flush": 1 if durable else 2,
            "buffer_pool": "1G" if large else "32M",
            "log_size": "256M" if large else "16M"}

    def start(self):
        data = self.folder / "data"
        if not data.is_dir():
            half = self.folder / "data.new"
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(template(self.build), half)
            os.rename(half, data)
        conf = self.folder / "my.cnf"
        conf.write_text(SETTINGS.format(**self.settings), encoding="utf-8")
        self.child = Child("MariaDB", [SERVER, f"--defaults-file={conf}", *AS_ROOT], self.log)
        try:
            wait_until(self._answers, 60, "the start of MariaDB")
        except StackError:
            self.stop(fast=True)
            raise
        return self

    def _answers(self):
        self.child.check()
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.socket)
                return bool(probe.recv(1))
            except OSError:
                return False

    def running(self):
        return self.child is not None and self.child.running()

    def stop(self, fast=False):
        """fast: without an orderly shutdown, as a crash would."""
        if self.child is not None:
            self.child.stop(signal.SIGKILL if fast else signal.SIGTERM, 30)
            self.child = None

    def restart(self, fast=False):
        self.stop(fast)
        return self.start()

    def query(self, sql, database=""):
        """Rows as lists of text. As the server's root: for fixtures and questions of tests."""
        done = subprocess.run(
            ["/usr/bin/mariadb", "--no-defaults", "--default-character-set=utf8mb4", "-u", "root",
             "-S", self.socket, "-N", "-B", *([database] if database else [])],
            input=sql, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"{done.stderr.strip()} in: {sql[:300]}\n{tail(self.log, 5)}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def create(self, name):
        """A fresh database and the two users that the documentation recommends: one for the service
        without rights to change the schema, one for migrations. The folder of the socket is ours
        alone, which stands for their passwords."""
        self.query(f"""
            DROP DATABASE IF EXISTS `{name}`;
            CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
            CREATE USER IF NOT EXISTS ostiary@localhost, ostiary_admin@localhost;
            GRANT SELECT, INSERT, UPDATE, DELETE ON `{name}`.* TO ostiary@localhost;
            GRANT ALL ON `{name}`.* TO ostiary_admin@localhost;
            """)

    def exists(self, name):
        return bool(self.query(f"SHOW DATABASES LIKE '{name}'"))
