# SPDX-License-Identifier: ISC
"""The pool of workers and the web server in front of it. The location blocks are those of
conf-examples/nginx.conf, so every system test also tests the example."""

import os
import pathlib
import re
import signal
import socket
import time

from children import Child, StackError, descendants, tail, wait_until

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
NGINX = "/usr/sbin/nginx"


def port_is_free(port):
    """Whether both loopback addresses can be listened on."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        if family == socket.AF_INET6 and not has_ipv6():
            continue
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
                probe.listen(1)
            except OSError:
                return False
    return True


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            return True
    except OSError:
        return False


def free_ports(count=2):
    """So many free ports in a row, below the range that the kernel hands out by itself."""
    start = 20000 + (os.getpid() * 7 + time.monotonic_ns() // 1000) % 10000
    for port in [*range(start, 32000), *range(20000, start)]:
        if all(port_is_free(port + i) for i in range(count)):
            return port
    raise StackError("no free port between 20000 and 32000")


class Pool:
    """spawn-fcgi holds the socket and becomes multiwatch, which keeps so many workers alive."""

    def __init__(self, folder, program, workers=2, socket_path=None, env=None, name="workers"):
        self.folder = pathlib.Path(folder)
        self.socket = str(socket_path or self.folder / "fcgi.sock")
        self.program, self.workers, self.name = program, workers, name
        self.env = {"PATH": "/usr/bin:/bin", **(env or {})}
        self.log = str(self.folder / f"{name}.log")
        self.child = None

    def start(self):
        for tool in ("/usr/bin/spawn-fcgi", "/usr/bin/multiwatch", *self.program[:1]):
            if not os.access(tool, os.X_OK):
                raise StackError(f"{tool} is not there")
        # -r and -t: multiwatch's defaults give a slot up after four quick deaths
        self.child = Child(self.name, [
            "/usr/bin/spawn-fcgi", "-n", "-s", self.socket, "-M", "0660", "--",
            "/usr/bin/multiwatch", "-f", str(self.workers), "-r", "100000", "-t", "1000", "--",
            *self.program], self.log, env=self.env)
        try:
            wait_until(self._listening, 10, f"the start of the {self.name}")
        except StackError:
            self.stop()
            raise
        return self

    def _listening(self):
        self.child.check()
        return os.path.exists(self.socket) and len(self.pids()) >= self.workers

    def pids(self):
        """The ids of the workers that live now."""
        return descendants(self.child.pid) if self.child is not None else []

    def kill_workers(self, number=signal.SIGKILL):
        """Ends all workers at once; multiwatch brings them back."""
        pids = self.pids()
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        return pids

    def running(self):
        return self.child is not None and self.child.running()

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None
        try:
            os.unlink(self.socket)
        except FileNotFoundError:
            pass

    def restart(self):
        self.stop()
        return self.start()


def locations(mount, fcgi_socket):
    """The example's location blocks for this mount and socket: what people copy who have a server
    block already."""
    name = "nginx-path.conf" if mount else "nginx.conf"
    text = (TOP / "conf-examples" / name).read_text(encoding="utf-8")
    server = text.split("\nserver {", 2)[1]  # the second one asks for certificates
    blocks = re.findall(r"^\tlocation .*?^\t\}$", server, re.M | re.S)
    text = "\n".join(blocks).replace("unix:/run/ostiary/fcgi.sock", f'"unix:{fcgi_socket}"')
    text = text.replace("include fastcgi_params", "include /etc/nginx/fastcgi_params")
    return text.replace("/sub/path", mount)


class Nginx:
    """A web server of our own in the foreground. servers: texts of server blocks."""

    def __init__(self, folder, servers, access_log=True, worker_processes=1):
        self.folder = pathlib.Path(folder)
        self.servers = servers
        self.access_log, self.worker_processes = access_log, worker_processes
        self.log = str(self.folder / "nginx-error.log")
        self.child = None

    def _conf(self):
        f = self.folder
        temp = "\n".join(f'{kind}_temp_path "{f}/tmp";'
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # as root the workers stay root: the socket and the pages may lie where others cannot read
        user = "user root root;" if os.geteuid() == 0 else ""
        access = f'"{f}/nginx-access.log"' if self.access_log else "off"
        return f"""{user}
daemon off;
worker_processes {self.worker_processes};
worker_shutdown_timeout 2s;
pid "{f}/nginx.pid";
error_log "{self.log}" warn;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log {access};
    server_tokens off;
    absolute_redirect off;
    keepalive_requests 1000000;
    large_client_header_buffers 4 16k;
    {temp}
    {"".join(self.servers)}
}}
"""

    def start(self):
        (self.folder / "tmp").mkdir(exist_ok=True)
        conf = self.folder / "nginx.conf"
        conf.write_text(self._conf(), encoding="utf-8")
        if not os.access(NGINX, os.X_OK):
            raise StackError("nginx is not installed (make/packages.sh run)")
        try:
            os.unlink(self.folder / "nginx.pid")
        except FileNotFoundError:
            pass
        self.child = Child("nginx", [NGINX, "-p", str(self.folder), "-c", str(conf),
                                     "-e", self.log], self.log, env={"PATH": "/usr/bin:/bin"})
        try:
            wait_until(self._started, 10, "the start of nginx")
        except StackError:
            self.stop()
            raise
        return self

    def _started(self):
        self.child.check()
        return (self.folder / "nginx.pid").exists() and descendants(self.child.pid)

    def running(self):
        return self.child is not None and self.child.running()

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None

    def restart(self):
        self.stop()
        return self.start()


def server_block(port, inside, address=("127.0.0.1", "[::1]")):
    """A server on loopback."""
    listen = "\n".join(f"        listen {a}:{port};" for a in address
                       if has_ipv6() or not a.startswith("["))
    return f"""
    server {{
{listen}
        server_name localhost;
        {inside}
    }}
"""


def check_mount(mount):
    """A mount as it is used everywhere: "" or "/sub/path" without a slash at the end."""
    mount = mount.rstrip("/")
    if mount and not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", mount):
        raise StackError(f'MOUNT="{mount}" must look like /sub/path '
                         "(letters, digits, and . _ ~ - inside)")
    return mount


__all__ = ["Nginx", "Pool", "StackError", "check_mount", "free_ports", "locations", "port_is_free",
           "server_block", "tail"]
