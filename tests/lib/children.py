# SPDX-License-Identifier: ISC
"""Child processes that never outlive us.

Each child gets a process group of its own, so a Ctrl-C at the terminal reaches only this program,
which then ends its children in order; and a parent-death signal, so that they end even when this
program is killed with SIGKILL. (The kernel sends that signal when the *thread* that started the
child ends: start children from the main thread.) A group is ended by the id of its leader, a child
of ours, so nothing else can be hit.
"""

import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class StackError(Exception):
    """Something could not be started; the text is for people."""


def die_with_parent(number=signal.SIGTERM):
    """Asks the kernel for a signal when the parent ends."""
    _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def tail(path, lines=15):
    """The last lines of a log file, or "" when there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:])
    except OSError:
        return ""


def wait_until(condition, seconds, what, step=0.005):
    """Returns the first true value of condition(); StackError after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise StackError(f"{what} did not happen within {seconds} s")
        time.sleep(step)


def descendants(pid):
    """The ids of the children of a process, from /proc."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            return [int(word) for word in children.read().split()]
    except OSError:
        return []


class Child:
    """One running program with its log file."""

    def __init__(self, name, argv, log, env=None, cwd=None, death_signal=signal.SIGTERM):
        self.name, self.log = name, log
        parent = os.getpid()

        def before_exec():
            die_with_parent(death_signal)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            if os.getppid() != parent:  # the parent ended before the signal was asked for
                os._exit(127)

        with open(log, "ab") as out:
            try:
                self.process = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd,
                    process_group=0, preexec_fn=before_exec, close_fds=True)
            except FileNotFoundError as error:
                raise StackError(f"{name}: {argv[0]} is not installed") from error

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def check(self):
        """StackError with the end of the log when the program has ended."""
        if not self.running():
            raise StackError(f"{self.name} ended with status {self.process.returncode}:\n"
                             + tail(self.log))

    def _signal_group(self, number):
        # The group's id cannot have been given away while the leader is not reaped or a member
        # lives; when nobody is left the call fails and that is what was wanted.
        try:
            os.killpg(self.process.pid, number)
            return True
        except ProcessLookupError:
            return False
        except PermissionError:
            return False

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Ends the leader, then whatever is left of its group."""
        if self.running():
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        end = time.monotonic() + 2
        while self._signal_group(0) and time.monotonic() < end:
            if not self.running() and not self._signal_group(signal.SIGTERM):
                break
            time.sleep(0.005)
        self._signal_group(signal.SIGKILL)
        if self.running():
            self.process.wait(seconds)

    def kill(self):
        """SIGKILL to the leader alone, as a crash would."""
        if self.running():
            self.process.kill()
        self.process.wait()
