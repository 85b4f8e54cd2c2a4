# SPDX-License-Identifier: ISC
"""A broker of the host's logins for tests: ostiary-pamd with services of its own, PAM stacks in a
private folder, and an NSS out of files. Needs no rights."""

import os
import pathlib
import signal
import subprocess
import time

import pamd_wire as wire

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("OSTIARY_BUILD", "build")
PROGRAM = BUILD / "ostiary-pamd"
MODULES = BUILD / "tests/pamd/modules"
MODULE = MODULES / "pam_ostiary_test.so"
MATRIX = "/usr/lib/x86_64-linux-gnu/pam_wrapper/pam_matrix.so"
BINDING = b"b" * 32
LONG = 60  # seconds that no step of a test takes, however slow the machine


def asan_runtime():
    """What must be loaded first where the program is built with the address sanitizer. It looks for
    crypt_r() at its start, and pam_unix brings that only later."""
    said = subprocess.run(["ldd", str(PROGRAM)], capture_output=True, text=True, check=False)
    runtime = [line.split()[2] for line in said.stdout.splitlines() if "libasan" in line]
    return [*runtime, "libcrypt.so.1"] if runtime else []


class Talk:
    """One conversation as a worker sees it."""

    def __init__(self, broker, binding=BINDING):
        self.broker, self.binding, self.id = broker, binding, None
        self.state = None

    def _ask(self, kind, **members):
        packet = wire.request(kind, binding=self.binding, **members)
        self.state = wire.State(wire.ask(self.broker.socket, packet))
        if self.state.id:
            self.id = self.state.id
        return self.state

    def start(self, username, password=None, *, services=("matrix",), address="192.0.2.1",
              keep=None, wait=100):
        return self._ask("S", wait=wait, services=list(services), username=username,
                         address=address, password=password, keep=keep)

    def poll(self, wait=100):
        return self._ask("P", wait=wait, id=self.id)

    def respond(self, *answers, sequence=None, wait=100):
        if sequence is None:
            sequence = self.state.sequence
        return self._ask("R", wait=wait, id=self.id, sequence=sequence, answers=list(answers))

    def cancel(self):
        return self._ask("X", id=self.id)

    def settle(self, seconds=LONG):
        """Asks until it is not running any more."""
        end = time.monotonic() + seconds
        while self.state.status == "RUNNING":
            assert time.monotonic() < end, "it runs for ever"
            self.poll()
        return self.state


class Broker:
    """`services` is name: (PAM stack as lines, or options of a service of any kind)."""

    def __init__(self, folder, services=None, people=(), nss=True, env=None, **options):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = str(self.folder / "s")
        self.conf, self.pam = self.folder / "pamd.conf", self.folder / "pam.d"
        self.nss = self.folder / "nss"
        self.log_path = self.folder / "log"
        self.process, self.extra, self.with_nss = None, dict(env or {}), nss
        self.pass_fds = ()
        self.options = {"socket": self.socket, "allow_users": os.getuid(),
                        "log_target": "stderr", **options}
        self.services = {}
        self.pam.mkdir(exist_ok=True)
        self.write_people(people)
        for name, stack in (services or {}).items():
            self.add(name, stack)

    def add(self, name, stack):
        """A service: lines of a PAM stack, or a dict of options."""
        if isinstance(stack, dict):
            self.services[name] = {"kind": "pam", **stack}
            return
        (self.pam / name).write_text("\n".join(stack) + "\n", encoding="utf-8")
        self.services[name] = {"kind": "pam", "pam_service": name, "pam_dir": self.pam}

    def write_people(self, people):
        """(name, uid, gecos, shadow) and groups of the private NSS."""
        self.people = [tuple(p) + ("",) * (4 - len(p)) for p in people]
        lines = [f"{n}:x:{u}:{u}:{g}:/nonexistent:/bin/false" for n, u, g, _ in self.people]
        (self.folder / "nss.passwd").write_text("\n".join([*lines, ""]), encoding="utf-8")
        shadow = [f"{n}:{s or '*:19000::::::'}" for n, _, _, s in self.people]
        (self.folder / "nss.shadow").write_text("\n".join([*shadow, ""]), encoding="utf-8")
        if not (self.folder / "nss.group").exists():
            self.write_groups([(n, u, []) for n, u, _, _ in self.people])

    def write_groups(self, groups):
        lines = [f"{n}:x:{g}:{','.join(m)}" for n, g, m in groups]
        (self.folder / "nss.group").write_text("\n".join([*lines, ""]), encoding="utf-8")

    def write_conf(self):
        with open(self.conf, "w", encoding="utf-8") as out:
            out.write("[broker]\n")
            out.writelines(f"{n} = {v}\n" for n, v in self.options.items())
            for name, options in self.services.items():
                out.write(f"[service {name}]\n")
                out.writelines(f"{n} = {v}\n" for n, v in options.items())

    def start(self, wrapper=()):
        self.write_conf()
        env = {**os.environ, **self.extra}
        preload = asan_runtime()
        if self.with_nss:
            preload.append(str(MODULES / "nss_of_files.so"))
            env["OSTIARY_TEST_NSS"] = str(self.nss)
        if preload:
            env["LD_PRELOAD"] = " ".join(preload)
        # modules of other packages leak; our own memory is looked at when the broker ends
        env.setdefault("ASAN_OPTIONS", "abort_on_error=1:detect_leaks=1")
        self.log_path.touch()
        before = self.log().count("event=started")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [*wrapper, str(PROGRAM), "-c", str(self.conf)], env=env, stderr=log,
                stdout=log, pass_fds=self.pass_fds)
        end = time.monotonic() + LONG
        while self.log().count("event=started") == before:
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.01)
        return self

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def talk(self, binding=BINDING):
        return Talk(self, binding)

    def sign_in(self, username, password=None, **members):
        """A conversation's first state that is not RUNNING."""
        talk = self.talk()
        talk.start(username, password, **members)
        talk.settle()
        return talk

    def lookup(self, username, service="matrix", key=None, wait=100, patient=True):
        """What is known; a patient one asks again while the service takes its time."""
        end = time.monotonic() + LONG
        while True:
            answer = wire.Answer(wire.ask(self.socket, wire.request(
                "L", wait=wait, services=[service], username=username, key=key)))
            if not patient or "takes its time" not in (answer.why or ""):
                return answer
            assert time.monotonic() < end, answer

    def children(self):
        """The broker's processes."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(p) for p in pathlib.Path(path).read_text(encoding="ascii").split()]

    def wait_children(self, count, seconds=LONG):
        end = time.monotonic() + seconds
        while len(self.children()) != count:
            assert time.monotonic() < end, (self.children(), self.log())
            time.sleep(0.02)

    def stop(self, code=0):
        """Ends it as a service manager does; it must end well."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        result = self.process.wait(LONG)
        self.process = None
        assert result == code, (result, self.log())
        assert "Sanitizer" not in self.log() and "runtime error" not in self.log(), self.log()


def down(broker, is_down=True):
    """The name service behind is not there, or is again."""
    path = broker.folder / "nss.down"
    if is_down:
        path.touch()
    else:
        path.unlink()


def matrix_stack(folder, people):
    """A stack of pam_matrix for (name, password), and its file."""
    path = pathlib.Path(folder) / "matrix"
    path.write_text("".join(f"{n}:{p}:matrix\n" for n, p in people), encoding="utf-8")
    return [f"auth required {MATRIX} passdb={path}", f"account required {MATRIX} passdb={path}"]
