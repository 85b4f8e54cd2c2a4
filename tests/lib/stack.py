# SPDX-License-Identifier: ISC
"""A whole Ostiary on loopback: MariaDB, workers under multiwatch, ostiary-fetch, nginx, and the
demo data.

    with Stack(mount="/sub/path") as stack:
        stack.issuer            "http://localhost:PORT/sub/path"
        stack.demo["web"]       {"client_id", "client_secret", "redirect_uri"}
        stack.demo["spa"]       {"client_id", "redirect_uri", "post_logout_redirect_uri"}
        stack.demo["user"]      {"username", "password"}
        stack.ctl("client", "show", "demo-web", json=True)
        stack.pids()            the workers
        stack.mariadb.stop()    .start() .restart() .query(sql, stack.database)
        stack.log               what Ostiary logged (stack.log_text())

Everything lies in a temporary folder and is gone after stop(). `make run` uses the same class with
a folder that stays. A failing start leaves nothing running.
"""

import http.client
import json as json_module
import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile
import urllib.parse

from children import StackError, tail, wait_until
from database import MariaDB
from outside import Fetch
from web import Nginx, Pool, check_mount, free_ports, locations, server_block

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SOCKET_PATH_MAX = 100  # sun_path holds 107 bytes; names of ours follow


def build_folder():
    """Where make has put the programs: $OSTIARY_BUILD, else build."""
    return TOP / os.environ.get("OSTIARY_BUILD", "build")


class Stack:
    """See above. extra_conf: {"server": {"throttle_network_limit": 1000}} over the usual file."""

    def __init__(self, mount="", workers=2, issuer_host="localhost", extra_conf=None, *, port=0,
                 folder=None, database="ostiary", durable=False, large=False, demo=True,
                 demo_site=False, access_log=True, build=None, start=True):
        self.build = pathlib.Path(build) if build else build_folder()
        self.mount = check_mount(mount)
        self.port = port or free_ports(2)
        self.issuer_host = issuer_host
        self.issuer = f"http://{issuer_host}:{self.port}{self.mount}"
        self.site = f"http://127.0.0.1:{self.port + 1}"  # the relying party: another site
        self.database = database
        self.with_demo = demo
        self.demo = None
        self._own_folder = None
        if folder is None:
            folder = self._own_folder = tempfile.mkdtemp(prefix="ostiary-")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chmod(self.folder, 0o700)  # the database's socket has no other lock
        self._sockets = None
        self.conf = str(self.folder / "ostiary.conf")
        self.log = str(self.folder / "ostiary.log")
        self.master_key = self.folder / "master.key"
        sockets = self._socket_folder()
        self.mariadb = MariaDB(self.folder / "db", self.build, sockets / "db.sock", durable, large)
        self.pool = Pool(self.folder, [str(self.build / "ostiary.fcgi")], workers,
                         sockets / "fcgi.sock", {"OSTIARY_CONFIG": self.conf})
        servers = [server_block(self.port, locations(self.mount, self.pool.socket))]
        if demo_site:
            servers.append(self._demo_server())
        self.nginx = Nginx(self.folder, servers, access_log)
        self.fetch = Fetch(self.build, self.folder, self.conf, sockets / "fetch.sock")
        self._write_conf(extra_conf or {})
        if start:
            self.start()

    # -- files ---------------------------------------------------------------------------------

    def _socket_folder(self):
        if len(str(self.folder)) + len("/fcgi.sock") <= SOCKET_PATH_MAX:
            return self.folder
        self._sockets = tempfile.mkdtemp(prefix="ostiary-")
        return pathlib.Path(self._sockets)

    def _write_conf(self, extra):
        state = self.folder / "state"
        state.mkdir(exist_ok=True, mode=0o700)
        if not self.master_key.exists():
            with open(os.open(self.master_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w",
                      encoding="ascii") as key:
                key.write(secrets.token_hex(32) + "\n")
        conf = {
            "database": {"db_socket": self.mariadb.socket, "db_name": self.database,
                         "db_user": "ostiary", "db_admin_user": "ostiary_admin"},
            "keys": {"master_key_file": self.master_key},
            "server": {"pages_dir": TOP / "pages", "state_dir": state,
                       "allow_http_loopback": "yes"},
            "fetch": {"fetch_socket": self.fetch.socket,
                      "fetch_program": self.build / "ostiary-fetch"},
            "log": {"log_target": self.log, "log_level": "info"}}
        for section, options in extra.items():
            conf.setdefault(section, {}).update(options)
        with open(self.conf, "w", encoding="utf-8") as out:
            for section, options in conf.items():
                out.write(f"[{section}]\n")
                for name, value in options.items():
                    out.write(f"{name} = {value}\n")
                out.write("\n")

    def _demo_server(self):
        origin = f"http://{self.issuer_host}:{self.port}"
        policy = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                  f"connect-src 'self' {origin}; base-uri 'none'; frame-ancestors 'none'; "
                  "form-action 'none'")
        return server_block(self.port + 1, f"""
        root "{TOP}/docs/demo";
        add_header Content-Security-Policy "{policy}";
        add_header X-Content-Type-Options nosniff;
        add_header Cache-Control no-cache;
        location = /config.json {{
            alias "{self.folder}/demo-site.json";
        }}
        location = /callback {{ try_files /callback.html =404; }}
        """, ("127.0.0.1",))

    # -- life ----------------------------------------------------------------------------------

    def start(self):
        """Starts everything and waits for the first answer; on failure stops all again."""
        try:
            self.mariadb.start()
            self.prepare()
            self.fetch.start()
            self.pool.start()
            self.nginx.start()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def prepare(self):
        """Database, schema and demo data. The facts file is written last, so what was begun and not
        finished is made anew."""
        facts = self.folder / f"{self.database}.json"
        if facts.exists() and self.mariadb.exists(self.database):
            self.demo = json_module.loads(facts.read_text(encoding="utf-8"))
            self.ctl("migrate", "apply")
            return
        facts.unlink(missing_ok=True)
        self.mariadb.create(self.database)
        self.ctl("migrate", "apply")
        if self.with_demo:
            self.demo = self.create_demo()
            fresh = facts.with_suffix(".new")
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                      encoding="utf-8") as out:
                json_module.dump(self.demo, out, indent=2)
                out.write("\n")
            os.rename(fresh, facts)

    def create_demo(self):
        """A realm, a confidential web client, a public single-page client and a person."""
        web, spa, password = f"{self.site}/callback", f"{self.site}/", "looking-glass-7"
        grants = ("--set", "grant_types=authorization_code refresh_token")
        self.ctl("realm", "add", "main", "--issuer", self.issuer, "--display-name", "Ostiary demo")
        made = self.ctl("client", "add", "--id", "demo-web", "--name", "Demo web app",
                        "--redirect-uri", web, *grants, json=True)
        self.ctl("client", "add", "--id", "demo-spa", "--public", "--name", "Demo page",
                 "--redirect-uri", spa, *grants, "--set", f"origins={self.site}",
                 "--set", f"post_logout_redirect_uris={spa}")
        self.ctl("user", "add", "alice", "--password-stdin", "--claim", "name=Alice Adams",
                 "--claim", "given_name=Alice", "--claim", "family_name=Adams",
                 "--claim", "email=alice@example.com", "--claim", "email_verified=true",
                 stdin=password + "\n")
        return {"issuer": self.issuer,
                "web": {"client_id": "demo-web", "client_secret": made["client_secret"],
                        "redirect_uri": web},
                "spa": {"client_id": "demo-spa", "redirect_uri": spa,
                        "post_logout_redirect_uri": spa},
                "user": {"username": "alice", "password": password}}

    def wait_ready(self, seconds=15):
        """Returns when discovery answers 200."""
        try:
            wait_until(lambda: self.get("/.well-known/openid-configuration")[0] == 200, seconds,
                       "a first answer")
        except StackError as error:
            raise StackError(
                f"{error}; the last was {self.get('/.well-known/openid-configuration')}\n"
                f"{tail(self.log)}{tail(self.pool.log)}{tail(self.nginx.log)}") from error

    def stop(self):
        """Ends all in order, and the temporary folder with it."""
        self.nginx.stop()
        self.pool.stop()
        self.fetch.stop()
        self.mariadb.stop(fast=self._own_folder is not None)
        for folder in (self._own_folder, self._sockets):
            if folder is not None and not os.environ.get("OSTIARY_KEEP"):
                shutil.rmtree(folder, ignore_errors=True)
        self._sockets = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # -- use -----------------------------------------------------------------------------------

    def ctl(self, *args, json=False, stdin=None, check=True):
        """Runs `ostiary`. json: adds --json and returns what was printed, parsed; else its text.
        check=False: returns the CompletedProcess whatever the exit code."""
        argv = [str(self.build / "ostiary"), "--config", self.conf, *map(str, args)]
        done = subprocess.run(argv + (["--json"] if json else []), input=stdin or "", text=True,
                              capture_output=True, check=False)
        if not check:
            return done
        if done.returncode != 0:
            raise StackError(f"`{' '.join(argv[:1] + list(map(str, args)))}` gave "
                             f"{done.returncode}:\n{done.stdout}{done.stderr}")
        return json_module.loads(done.stdout) if json else done.stdout

    def request(self, method, path, body=None, headers=None, seconds=10):
        """(status, headers, body) of one request; path comes after the issuer. Status 0: nobody
        answered."""
        host = "127.0.0.1"
        try:
            connection = http.client.HTTPConnection(host, self.port, timeout=seconds)
            try:
                if isinstance(body, dict):
                    body = urllib.parse.urlencode(body)
                    headers = {"Content-Type": "application/x-www-form-urlencoded",
                               **(headers or {})}
                connection.request(method, self.mount + path, body,
                                   {"Host": f"{self.issuer_host}:{self.port}", **(headers or {})})
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()
            finally:
                connection.close()
        except (OSError, http.client.HTTPException):
            return 0, {}, b""

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def post(self, path, form, headers=None):
        return self.request("POST", path, form, headers)

    def pids(self):
        return self.pool.pids()

    def log_text(self):
        try:
            return pathlib.Path(self.log).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def wait_log(self, word, seconds=5):
        """Waits for a line with this word and returns it."""
        return wait_until(lambda: next((line for line in self.log_text().splitlines()
                                        if word in line), None), seconds, f"a log line {word!r}")

    def status(self, statement_names=("Com_stmt_execute", "Handler_commit", "Com_commit")):
        """Counters of the database server by name."""
        names = ",".join(f"'{name}'" for name in statement_names)
        rows = self.mariadb.query(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})")
        return {name: int(value) for name, value in rows}
