# SPDX-License-Identifier: ISC
"""Web servers that ask for client certificates, in front of a pool that runs already. Each is made
of the second half of its file under conf-examples, the server of the second name.

    with ApacheMutual(folder, fcgi_socket, authority) as server:
        server.url("/token")       "https://localhost:PORT/token"
"""

import os
import pathlib
import socket

from children import Child, wait_until
from web import TOP, free_ports

EXAMPLES = TOP / "conf-examples"
MODULES = pathlib.Path("/usr/lib/apache2/modules")
MODULE_NAMES = ("mpm_event", "authz_core", "ssl", "headers", "proxy", "proxy_fcgi")


class Mutual:
    """What the three have in common: the example with our paths in it, start and stop."""

    program = example = ""
    begins = ""  # what each server begins with

    def __init__(self, folder, fcgi_socket, authority):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.port = free_ports(1)
        certificate, key = authority.issue("DNS:localhost")
        self.replaced = {
            "/etc/ostiary/tls/mtls.login.example.org.pem": certificate,
            "/etc/ostiary/tls/mtls.login.example.org.key": key,
            "/etc/ostiary/tls/clients.pem": authority.file,
            "/run/ostiary/fcgi.sock": fcgi_socket, "mtls.login.example.org": "localhost"}
        self.log = self.folder / "server.log"
        self.conf = self.folder / "server.conf"
        self.child = None

    def text(self):
        text = (EXAMPLES / self.example).read_text(encoding="utf-8")
        text = self.begins + text.split(self.begins)[2]
        for old, new in self.replaced.items():
            assert old in text, f"{self.example} has no {old}"
            text = text.replace(old, str(new))
        return text

    def whole(self):
        raise NotImplementedError

    def argv(self):
        raise NotImplementedError

    def url(self, path):
        return f"https://localhost:{self.port}{path}"

    def _listens(self):
        self.child.check()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self):
        self.conf.write_text(self.whole(), encoding="utf-8")
        self.child = Child(self.example, self.argv(), str(self.log),
                           env={"PATH": "/usr/sbin:/usr/bin:/bin"})
        try:
            wait_until(self._listens, 10, f"the start of {self.program}")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class NginxMutual(Mutual):
    program, example = "/usr/sbin/nginx", "nginx.conf"
    begins = "server {"

    def whole(self):
        f = self.folder
        self.replaced["include fastcgi_params"] = "include /etc/nginx/fastcgi_params"
        self.replaced["listen 443 ssl"] = f"listen 127.0.0.1:{self.port} ssl"
        self.replaced["listen [::]:443 ssl;"] = ""
        temp = " ".join(f'{kind}_temp_path "{f}/tmp";'
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (f / "tmp").mkdir(exist_ok=True)
        user = "user root root;" if os.geteuid() == 0 else ""
        return (f'{user} daemon off; worker_processes 1; pid "{f}/nginx.pid";\n'
                f'error_log "{self.log}" info; events {{ }}\n'
                f"http {{ access_log off; {temp}\n{self.text()}\n}}\n")

    def argv(self):
        return [self.program, "-p", str(self.folder), "-c", str(self.conf), "-e", str(self.log)]


class ApacheMutual(Mutual):
    program, example = "/usr/sbin/apache2", "apache.conf"
    begins = "<VirtualHost"

    def whole(self):
        f = self.folder
        self.replaced["<VirtualHost *:443>"] = f"<VirtualHost 127.0.0.1:{self.port}>"
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                            for name in MODULE_NAMES)
        user = ""
        if os.geteuid() == 0:
            # its children are somebody else: a way to the socket that they may go
            f.chmod(0o755)
            door = f / "fcgi.sock"
            os.link(self.replaced["/run/ostiary/fcgi.sock"], door)
            door.chmod(0o666)
            self.replaced["/run/ostiary/fcgi.sock"] = door
            user = "User www-data\nGroup www-data"
        return (f"{modules}\n{user}\nServerName localhost\n"
                f'Listen 127.0.0.1:{self.port}\nPidFile "{f}/apache.pid"\n'
                f'ErrorLog "{self.log}"\n'
                f'LogLevel warn\n<Directory "/">\n    Require all granted\n</Directory>\n'
                f"{self.text()}\n")

    def argv(self):
        return [self.program, "-X", "-f", str(self.conf)]


class LighttpdMutual(Mutual):
    program, example = "/usr/sbin/lighttpd", "lighttpd.conf"
    begins = "$HTTP"

    def whole(self):
        f = self.folder
        pem, key = list(self.replaced.values())[:2]
        (f / "www").mkdir(exist_ok=True)
        return (f'server.document-root = "{f}/www"\nserver.port = {free_ports(1)}\n'
                f'server.bind = "127.0.0.1"\nserver.errorlog = "{self.log}"\n'
                'server.modules += ("mod_openssl", "mod_fastcgi")\n'
                f'$SERVER["socket"] == "127.0.0.1:{self.port}" {{\n'
                f'ssl.engine = "enable"\nssl.pemfile = "{pem}"\nssl.privkey = "{key}"\n'
                f"{self.text()}\n")

    def argv(self):
        return [self.program, "-D", "-f", str(self.conf)]
