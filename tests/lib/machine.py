# SPDX-License-Identifier: ISC
"""A Debian machine to install packages on, as root: a copy of a bare one, entered by chroot in
namespaces of its own, or this very machine. No systemd runs there: units are started as their files
say.

    with Machine("/srv/bare-debian") as machine:        "" is this machine
        machine.run("apt-get install ...", network=True)
        machine.start_unit("ostiary@.service", machine.listen("ostiary.socket"))
"""

import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile

BACKLOG = 64


class Machine:
    def __init__(self, bare):
        self.bare = bare
        self.holder, self.inner, self.root = None, None, pathlib.Path("/")
        self.children, self.listeners = [], []
        self.logs = pathlib.Path(tempfile.mkdtemp(prefix="ostiary-machine-"))

    # -- life ----------------------------------------------------------------------------------

    def __enter__(self):
        if self.bare:
            self.root = self.logs / "root"
            subprocess.run(["cp", "-a", "--reflink=auto", self.bare, self.root], check=True)
            shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
            self._hold()
            self.run("printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && "
                     "chmod 755 /usr/sbin/policy-rc.d")
        return self

    def _hold(self):
        """A process that keeps the namespaces; everything in them ends with it."""
        mounts = " && ".join([
            "mount --make-rprivate /", f"mount -t proc proc {self.root}/proc",
            f"mount --rbind /dev {self.root}/dev", f"mount -t tmpfs tmpfs {self.root}/run",
            f"mount -t tmpfs tmpfs {self.root}/tmp", f"mkdir -p {self.root}/run/lock",
            "ip link set lo up", "echo ready", "exec sleep infinity"])
        # pylint: disable-next=consider-using-with
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c", mounts],
            stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n", "the machine cannot be entered"
        children = pathlib.Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children")
        self.inner = children.read_text(encoding="ascii").split()[0]

    def __exit__(self, *_):
        for child in reversed(self.children):
            self.stop(child)
        for listener in self.listeners:
            listener.close()
        if self.holder:
            self.holder.kill()
            self.holder.wait()
            self.holder.stdout.close()
        shutil.rmtree(self.logs, ignore_errors=True)

    # -- use -----------------------------------------------------------------------------------

    def argv(self, *words, network=False):
        """The words to be typed here for a program there."""
        if not self.bare:
            return list(words)
        enter = ["nsenter", f"--target={self.inner}", "--mount", "--pid"]
        return [*enter, *([] if network else ["--net"]), "chroot", str(self.root),
                "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C",
                "DEBIAN_FRONTEND=noninteractive", *words]

    def run(self, command, network=False, check=True, text=None):
        done = subprocess.run(self.argv("sh", "-c", command, network=network), input=text or "",
                              capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, \
            f"{command}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout if check else done

    def start(self, name, *words, stdin=subprocess.DEVNULL):
        with open(self.logs / f"{name}.log", "ab") as out:
            # pylint: disable-next=consider-using-with
            child = subprocess.Popen(self.argv(*words), stdin=stdin, stdout=out, stderr=out)
        self.children.append(child)
        return child

    def stop(self, child, number=signal.SIGTERM, seconds=60):
        """Ends what was started; the program behind nsenter is a child of it."""
        if child.poll() is not None:
            return
        children = pathlib.Path(f"/proc/{child.pid}/task/{child.pid}/children")
        for pid in [child.pid, *map(int, children.read_text(encoding="ascii").split())]:
            if not self.bare or pid != child.pid:
                os.kill(pid, number)
        child.wait(seconds)

    def log(self, name):
        return (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def path(self, inside):
        return self.root / inside.lstrip("/")

    def number(self, kind, name):
        """The number of a user ("passwd") or group ("group") there."""
        return int(self.run(f"getent {kind} {name}").split(":")[2])

    # -- units ---------------------------------------------------------------------------------

    def unit(self, name):
        """The settings of a unit; of one that is given twice the last counts."""
        text = self.path(f"/lib/systemd/system/{name}").read_text(encoding="utf-8")
        return dict(re.findall(r"^(\w+)=(.*)$", text, re.M))

    def listen(self, name):
        """The socket of a socket unit."""
        settings = self.unit(name)
        path = settings["ListenStream"]
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        inside = f"/proc/{self.inner}/root{self.root}{path}" if self.bare else path
        pathlib.Path(inside).unlink(missing_ok=True)
        # the name is longer than an address holds
        folder = os.open(os.path.dirname(inside), os.O_PATH)
        short = f"/proc/self/fd/{folder}/{os.path.basename(path)}"
        listener.bind(short)
        os.chown(short, self.number("passwd", settings["SocketUser"]),
                 self.number("group", settings["SocketGroup"]))
        os.chmod(short, int(settings["SocketMode"], 8))
        os.close(folder)
        listener.listen(BACKLOG)
        self.listeners.append(listener)
        return listener

    def start_unit(self, name, listener=None, environment=""):
        settings = self.unit(name)
        groups = [settings["Group"], *settings.get("SupplementaryGroups", "").split()]
        words = ["setpriv", f"--reuid={settings['User']}", f"--regid={settings['Group']}",
                 f"--groups={','.join(groups)}", "env", *shlex.split(environment),
                 *shlex.split(settings["ExecStart"])]
        return self.start(name, *words, stdin=listener or subprocess.DEVNULL)
