# SPDX-License-Identifier: ISC
"""Every web server that Ostiary is documented for, on loopback, each with its file under
conf-examples: only ports, paths and the place of the certificates are changed.

    with House(folder) as house:                     one database, one pool, two realms
        with house.server("apache", "path") as site:
            site.issuer          "https://www.example.org:PORT/sub/path"
            site.mutual          the same under the name that asks for client certificates
            site.raw(b"GET …")   bytes of the answer

Names below example.org lead to loopback while the house stands.
"""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import socket
import ssl
import tempfile

from children import Child, StackError, wait_until
from outside import Authority
from stack import TOP, Stack
from web import free_ports, has_ipv6

EXAMPLES = TOP / "conf-examples"
APACHE_MODULES = pathlib.Path("/usr/lib/apache2/modules")
WEB_USER = "www-data"
PASSWORD = "looking-glass-7"
MOUNTS = {"root": ("main", "login.example.org", "mtls.login.example.org", ""),
          "path": ("site", "www.example.org", "mtls.example.org", "/sub/path")}
LIMITS = {"throttle_account_limit": 1000, "throttle_network_limit": 1000, "rate_limit_network": 0}


def as_root():
    return os.geteuid() == 0


def give_to_web_user(*paths):
    """As root the web server's children are somebody else, as they are everywhere."""
    if as_root():
        entry = pwd.getpwnam(WEB_USER)
        for path in paths:
            os.chown(path, entry.pw_uid, entry.pw_gid)


@contextlib.contextmanager
def names_on_loopback():
    """*.example.org is 127.0.0.1 for this process."""
    real = socket.getaddrinfo

    def resolve(host, *words, **more):
        if isinstance(host, str) and host.endswith("example.org"):
            host = "127.0.0.1"
        return real(host, *words, **more)

    socket.getaddrinfo = resolve
    try:
        yield
    finally:
        socket.getaddrinfo = real


class House:
    """The database, the pool, the realms, the certificates, and a folder that the web server's user
    may read."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        self.port = free_ports(2)
        self.stack = Stack(demo=False, start=False, workers=4, folder=self.folder / "stack",
                           extra_conf={"server": LIMITS, "log": {"log_level": "debug"}})
        self.web = self.folder / "web"
        self.conf = self.web / "ostiary.conf"
        self.program = self.web / "ostiary.fcgi"
        self.log = self.web / "ostiary.log"
        self.authority = None
        self.clients = {}
        self._names = names_on_loopback()

    def __enter__(self):
        try:
            self.stack.mariadb.start()
            self.stack.prepare()
            self._realms()
            self.stack.pool.start()
            self._install()
            self._certificates()
        except BaseException:
            self.stop()
            raise
        self._names.__enter__()
        return self

    def __exit__(self, *_):
        self._names.__exit__(None, None, None)
        self.stop()

    def stop(self):
        self.stack.stop()

    def _realms(self):
        for name, host, mutual, path in MOUNTS.values():
            issuer = f"https://{host}:{self.port}{path}"
            ctl = self.stack.ctl
            ctl("realm", "add", name, "--issuer", issuer)
            ctl("realm", "set", f"mtls_endpoint_base=https://{mutual}:{self.port}{path}",
                "--realm", name)
            made = ctl("client", "add", "--realm", name, "--id", "web", "--name", "Web",
                       "--redirect-uri", "https://app.example.net/callback",
                       "--redirect-uri", "https://app.example.net/" + "x" * 1500,
                       "--set", "grant_types=authorization_code refresh_token",
                       "--set", "post_logout_redirect_uris=https://app.example.net/", json=True)
            ctl("client", "add", "--realm", name, "--id", "machine", "--name", "Machine",
                "--set", "grant_types=client_credentials", "--set", "response_types=",
                "--set", "scope=email", "--set", "token_endpoint_auth_method=tls_client_auth",
                "--set", "tls_client_auth_san_dns=client.example")
            ctl("user", "add", "alice", "--realm", name, "--password-stdin",
                "--claim", "email=alice@example.com", stdin=PASSWORD + "\n")
            self.clients[name] = {"client_id": "web", "client_secret": made["client_secret"],
                                  "redirect_uri": "https://app.example.net/callback"}

    def _install(self):
        """What the web server's user needs, as an installation would have it."""
        self.web.mkdir(mode=0o755)
        state = self.web / "state"
        state.mkdir(mode=0o700)
        shutil.copy(self.stack.build / "ostiary.fcgi", self.program)
        shutil.copytree(TOP / "pages", self.web / "pages")
        os.link(self.stack.mariadb.socket, self.web / "db.sock")
        os.link(self.stack.pool.socket, self.web / "fcgi.sock")
        (self.web / "fcgi.sock").chmod(0o666)
        key = self.web / "master.key"
        shutil.copy(self.stack.master_key, key)
        key.chmod(0o600)
        self.log.touch(mode=0o600)
        text = pathlib.Path(self.stack.conf).read_text(encoding="utf-8")
        for option, value in {"db_socket": self.web / "db.sock", "master_key_file": key,
                              "pages_dir": self.web / "pages", "state_dir": state,
                              "log_target": self.log}.items():
            text = re.sub(rf"^{option} = .*$", f"{option} = {value}", text, flags=re.M)
        self.conf.write_text(text, encoding="utf-8")
        give_to_web_user(state, key, self.log)

    def _certificates(self):
        tls = self.folder / "tls"
        tls.mkdir(mode=0o755)
        self.authority = Authority(tls, "clients")
        for _, host, mutual, _ in MOUNTS.values():
            for name in (host, mutual):
                certificate, key = self.authority.issue(f"DNS:{name}")
                certificate.rename(tls / f"{name}.pem")
                key.rename(tls / f"{name}.key")

    def vhost(self, kind, mount, *options):
        """What `ostiary vhost` prints for the realm."""
        return self.stack.ctl("vhost", kind, "--realm", MOUNTS[mount][0],
                              "--config", self.conf, "--socket", self.web / "fcgi.sock",
                              "--program", self.program, "--tls", self.folder / "tls", *options)

    def example(self, kind, mount):
        """The file that people copy, with our port and paths."""
        name = kind if mount == "root" else f"{kind}-path"
        text = (EXAMPLES / f"{name}.conf").read_text(encoding="utf-8")
        for old, new in {
                "/usr/local/lib/ostiary/ostiary.fcgi": self.program,
                "/run/ostiary/fcgi.sock": self.web / "fcgi.sock",
                "/etc/ostiary/ostiary.conf": self.conf, "/etc/ostiary/tls": self.folder / "tls",
                ":443": f":{self.port}", "listen 443": f"listen {self.port}",
                "fcgi://ostiary-main/": f"fcgi://ostiary-{MOUNTS[mount][0]}/"}.items():
            text = text.replace(old, str(new))
        return text

    def server(self, kind, mount):
        return KINDS[kind](self, kind, mount)


class Site:
    """One web server with one configuration."""

    program = ""

    def __init__(self, house, kind, mount):
        self.house, self.kind, self.mount = house, kind, mount
        self.realm, self.host, self.mutual_host, self.path = MOUNTS[mount]
        self.port = house.port
        self.issuer = f"https://{self.host}:{self.port}{self.path}"
        self.mutual = f"https://{self.mutual_host}:{self.port}{self.path}"
        self.client = house.clients[self.realm]
        self.demo = {"user": {"username": "alice", "password": PASSWORD}}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{kind}-{mount}-", dir=house.folder))
        self.folder.chmod(0o755)
        (self.folder / "tmp").mkdir(mode=0o700)
        (self.folder / "www").mkdir(mode=0o755)
        give_to_web_user(self.folder / "tmp")
        self.log = self.folder / "server.log"
        self.log.touch(mode=0o666)
        give_to_web_user(self.log)
        self.conf = self.folder / "server.conf"
        self.child = None

    def whole(self, text):
        """A configuration of the server around the text."""
        raise NotImplementedError

    def argv(self):
        raise NotImplementedError

    def own_text(self):
        return self.house.example(self.kind, self.mount)

    def log_text(self):
        """What the workers of this house logged, whoever started them."""
        return self.house.log.read_text(encoding="utf-8") + self.house.stack.log_text()

    def _listens(self):
        self.child.check()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self, text=None):
        self.conf.write_text(self.whole(text or self.own_text()), encoding="utf-8")
        self.child = Child(self.kind, self.argv(), str(self.log),
                           env={"PATH": "/usr/sbin:/usr/bin:/bin"})
        try:
            wait_until(self._listens, 20, f"the start of {self.program}")
        except StackError as error:
            self.stop()
            raise StackError(f"{error}\n{self.log.read_text(encoding='utf-8')}") from error
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

    def raw(self, data, host=None, seconds=30):
        """Sends bytes over TLS as they are; everything that came back until the end."""
        context = ssl.create_default_context(cafile=str(self.house.authority.file))
        with socket.create_connection(("127.0.0.1", self.port), seconds) as plain, \
                context.wrap_socket(plain, server_hostname=host or self.host) as tls:
            answer = b""
            # some answer before they have read it all, and close
            with contextlib.suppress(OSError):
                tls.sendall(data)
            try:
                while piece := tls.recv(65536):
                    answer += piece
            except OSError:
                pass
            return answer

    def status(self, target, method="GET", *lines, body=b""):
        """The status of a request whose target goes out as it is written."""
        head = [f"{method} {target} HTTP/1.1", f"Host: {self.host}:{self.port}",
                "Connection: close", *lines]
        for _ in range(5):
            words = self.raw("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body).split(b" ")
            if len(words) > 1:
                return int(words[1])
            # an answer to a body that was still on its way may be lost with the connection
        return 0


class NginxSite(Site):
    program = "/usr/sbin/nginx"

    def whole(self, text):
        f = self.folder
        text = text.replace("include fastcgi_params", "include /etc/nginx/fastcgi_params")
        if not has_ipv6():
            text = re.sub(r"^\tlisten \[::\].*\n", "", text, flags=re.M)
        temp = " ".join(f'{kind}_temp_path "{f}/tmp/{kind}";'
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = f"user {WEB_USER};" if as_root() else ""
        return (f'{user} daemon off; worker_processes 1; pid "{f}/nginx.pid";\n'
                f'error_log "{self.log}" warn; events {{ }}\n'
                f"http {{ access_log off; {temp}\n{text}\n}}\n")

    def argv(self):
        return [self.program, "-p", str(self.folder), "-c", str(self.conf), "-e", str(self.log)]


class ApacheSite(Site):
    program = "/usr/sbin/apache2"
    modules = ("mpm_event", "authz_core", "ssl", "headers", "proxy", "proxy_fcgi")
    more = ""

    def whole(self, text):
        f = self.folder
        modules = "\n".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so"
                            for name in self.modules)
        user = f"User {WEB_USER}\nGroup {WEB_USER}" if as_root() else ""
        listen = "" if re.search(r"^Listen ", text, re.M) else f"Listen {self.port}"
        return (f"{modules}\n{user}\nServerName localhost\n{listen}\n"
                f'PidFile "{f}/apache.pid"\nDefaultRuntimeDir "{f}"\nDocumentRoot "{f}/www"\n'
                f'ErrorLog "{self.log}"\nLogLevel warn\nStartServers 1\n'
                f"<Directory />\n\tAllowOverride None\n\tRequire all denied\n</Directory>\n"
                f"{self.more.format(folder=f)}{text}\n")

    def argv(self):
        return [self.program, "-DFOREGROUND", "-f", str(self.conf)]


class FcgidSite(ApacheSite):
    modules = ("mpm_event", "authz_core", "ssl", "headers", "alias", "mime", "rewrite", "fcgid")
    more = ('FcgidIPCDir "{folder}/tmp"\nFcgidProcessTableFile "{folder}/tmp/table"\n'
            "TypesConfig /dev/null\n")


class LighttpdSite(Site):
    program = "/usr/sbin/lighttpd"

    def whole(self, text):
        f = self.folder
        user = f'server.username = "{WEB_USER}"\nserver.groupname = "{WEB_USER}"\n' \
            if as_root() else ""
        text = text.replace("/run/lighttpd/ostiary.sock", f"{f}/tmp/ostiary.sock")
        return (f'{user}server.document-root = "{f}/www"\nserver.port = {self.port + 1}\n'
                f'server.bind = "127.0.0.1"\nserver.errorlog = "{self.log}"\n'
                f'server.upload-dirs = ("{f}/tmp")\n{text}\n')

    def argv(self):
        return [self.program, "-D", "-f", str(self.conf)]


KINDS = {"nginx": NginxSite, "apache": ApacheSite, "apache-fcgid": FcgidSite,
         "lighttpd": LighttpdSite, "lighttpd-spawn": LighttpdSite}


def missing(kind):
    """What is not installed, or None."""
    program = KINDS[kind].program
    if not shutil.which(program):
        return program
    if kind == "apache-fcgid" and not (APACHE_MODULES / "mod_fcgid.so").exists():
        return "mod_fcgid"
    return None


