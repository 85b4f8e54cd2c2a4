# SPDX-License-Identifier: ISC
"""Glewlwyd beside us: Debian's package as it comes, on the MariaDB of the measurement, on a
loopback port of its own, with a fresh configuration in a fresh folder.

    with Glewlwyd(folder, mariadb, port) as peer:
        peer.path("rs256", "token")     "/api/rs256/token"; also "es256"
        peer.basic                      the client's Authorization
        peer.tokens("rs256")            a password grant's answer: access and refresh token

What is not set here has the peer's default. Its own HTTP server is asked directly, without a web
server before it."""

import base64
import gzip
import http.client
import json
import pathlib
import subprocess
import urllib.parse

from children import Child, StackError, tail, wait_until

PROGRAM = pathlib.Path("/usr/bin/glewlwyd")
SCHEMA = pathlib.Path("/usr/share/doc/glewlwyd/database/init.mariadb.sql.gz")
LIBRARIES = "/usr/lib/glewlwyd"
DATABASE = "glewlwyd"
CLIENT, SECRET, SCOPE = "bench", "bench-secret-bench-secret-bench-sec", "g_profile"
ADMIN = {"username": "admin", "password": "password"}  # as the schema makes it
KEYS = {"rs256": ("rsa", ["genrsa", "2048"]),
        "es256": ("ecdsa", ["ecparam", "-genkey", "-name", "prime256v1", "-noout"])}

CONFIG = """
port={port}
bind_address="127.0.0.1"
external_url="http://localhost:{port}"
login_url="login.html"
api_prefix="api"
log_mode="file"
log_level="ERROR"
log_file="{folder}/glewlwyd.log"
cookie_domain="localhost"
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{libraries}/user"
client_module_path="{libraries}/client"
user_auth_scheme_module_path="{libraries}/scheme"
plugin_module_path="{libraries}/plugin"
hash_algorithm="SHA512"
database=
{{
  type="mariadb"
  host="localhost"
  user="ostiary_admin"
  password=""
  dbname="{database}"
  port=0
}}
"""


def installed():
    return PROGRAM.exists() and SCHEMA.exists()


def openssl(*words, text=None):
    return subprocess.run(["/usr/bin/openssl", *words], input=text, capture_output=True, text=True,
                          check=True).stdout


class Glewlwyd:
    """See above."""

    def __init__(self, folder, mariadb, port):
        self.folder, self.mariadb, self.port = pathlib.Path(folder), mariadb, port
        self.child, self.cookie = None, ""
        self.log = str(self.folder / "glewlwyd.log")
        self.basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()

    def path(self, plugin, endpoint):
        return f"/api/{plugin}/{endpoint}"

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.mariadb.create(DATABASE)
        self.mariadb.query(gzip.decompress(SCHEMA.read_bytes()).decode(), DATABASE)
        conf = self.folder / "glewlwyd.conf"
        conf.write_text(CONFIG.format(port=self.port, folder=self.folder, libraries=LIBRARIES,
                                      database=DATABASE), encoding="utf-8")
        # "localhost" is a socket to the database's library, and the environment says which
        self.child = Child("glewlwyd", [str(PROGRAM), f"--config-file={conf}"], self.log + ".out",
                           {"PATH": "/usr/bin:/bin", "MYSQL_UNIX_PORT": self.mariadb.socket})
        wait_until(self._answers, 20, "the start of glewlwyd")
        self._set_up()
        return self

    def stop(self):
        if self.child is not None:
            self.child.stop()
            self.child = None

    def _answers(self):
        self.child.check()
        try:
            return self.ask("GET", "/config")[0] == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, kind="application/json", authorization=None):
        """(status, headers, text) of one request to its API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Host": f"localhost:{self.port}", "Cookie": self.cookie}
        if body is not None:
            headers["Content-Type"] = kind
        if authorization:
            headers["Authorization"] = authorization
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def _must(self, method, path, document):
        status, headers, text = self.ask(method, path, json.dumps(document))
        if status != 200:
            raise StackError(f"glewlwyd answers {status} to {method} {path}: {text[:1000]}\n"
                             f"{tail(self.log)}")
        return headers

    def _set_up(self):
        """Signs the administrator in; one plugin for each algorithm, one client."""
        headers = self._must("POST", "/api/auth", ADMIN)
        self.cookie = headers["Set-Cookie"].split(";")[0]
        for name, (kind, words) in KEYS.items():
            key = openssl(*words)
            self._must("POST", "/api/mod/plugin/", {
                "module": "oidc", "name": name, "display_name": name, "order_rank": 0,
                "parameters": {
                    "iss": f"http://localhost:{self.port}", "jwt-type": kind,
                    "jwt-key-size": "256", "key": key,
                    "cert": openssl("pkey", "-pubout", text=key), "allow-non-oidc": True,
                    "access-token-duration": 3600, "refresh-token-duration": 1209600,
                    "code-duration": 600, "refresh-token-rolling": True,
                    "auth-type-code-enabled": True, "auth-type-token-enabled": True,
                    "auth-type-none-enabled": True, "auth-type-password-enabled": True,
                    "auth-type-client-enabled": True, "auth-type-device-enabled": False,
                    "auth-type-refresh-enabled": True, "pkce-allowed": False,
                    "subject-type": "public", "introspection-revocation-allowed": True,
                    "introspection-revocation-allow-target-client": True}})
        self._must("POST", "/api/client/", {
            "client_id": CLIENT, "name": CLIENT, "confidential": True, "password": SECRET,
            "enabled": True, "scope": [SCOPE], "redirect_uri": ["http://localhost/callback"],
            "token_endpoint_auth_method": ["client_secret_basic"],
            "authorization_type": ["code", "token", "client_credentials", "password",
                                   "refresh_token"]})

    def tokens(self, plugin):
        form = urllib.parse.urlencode({"grant_type": "password", "scope": SCOPE, **ADMIN})
        status, _, text = self.ask("POST", self.path(plugin, "token"), form,
                                   "application/x-www-form-urlencoded", self.basic)
        if status != 200:
            raise StackError(f"glewlwyd answers {status} to a password grant: {text[:1000]}\n"
                             f"{tail(self.log)}")
        return json.loads(text)
