#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""What `make bench` does: the real thing, the floor and the bare loops behind one nginx, driven by
wrk with eight connections, interleaved in the same run; medians of the rounds. Prints the table
that stands in the README.

    ROUNDS=5    rounds over everything
    SECONDS=2   of one measurement
    ROWS=0      rows put into the token tables first
    ONLY=       measure one endpoint only, by name
    PEER=       glewlwyd: measure that one too, if it is installed, and print the ratios
"""

import json
import os
import pathlib
import platform
import re
import socket
import statistics
import struct
import subprocess
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

# pylint: disable=wrong-import-position
import peer_glewlwyd  # noqa: E402
from children import StackError  # noqa: E402
from person import Browser, Signer, basic  # noqa: E402
from stack import Stack  # noqa: E402
from web import Pool, free_ports  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS") or 5)
SECONDS = float(os.environ.get("SECONDS") or 2)
ROWS = int(os.environ.get("ROWS") or 0)
ONLY = os.environ.get("ONLY", "")
PEER = os.environ.get("PEER", "")
CONNECTIONS = 8
WORKERS = 8
TOKENS = 1000
PEER_TOKENS = 64
ASSERTIONS = 10000  # made for each second: each thread must have more than it uses
COUNTED = 200  # requests over which statements are counted
STARTS = 15

# endpoint: (compared with, bar)
BARS = {"discovery": ("floor", 0.8), "keys": ("floor", 0.8), "introspection": ("bare loop", 0.8),
        "userinfo": ("bare loop", 0.8), "refresh": ("bare loop", 0.8),
        "code flow": ("bare loop", 0.7), "client credentials": ("bare loop", 0.8),
        "private_key_jwt": ("bare loop", 0.8)}
# no more than so many statements and commits a request
COUNTS = {"client credentials": (1, 0)}
# how many times as fast as the peer: aims
AIMS = {"client credentials RS256": 8, "client credentials": 15, "introspection": 15, "refresh": 15}
PSS_BAR_MIB, START_BAR_MS = 4, 30

def median(values):
    return statistics.median(values) if values else 0


class Bench:
    def __init__(self, stack):
        self.stack = stack
        self.build = stack.build / "tests" / "bench"
        self.folder = stack.folder
        self.pools = []
        self.browser, self.signer = Browser(stack), Signer()
        self.clients, self.peer = {}, None
        self.rates = {}

    # -- preparations --------------------------------------------------------------------------

    def add_client(self, name, *settings):
        """The greatest limit that there is, so that requests are counted and none is refused."""
        redirect = f"{self.stack.site}/callback"
        words = []
        for setting in ("grant_types=authorization_code refresh_token", "client_rate=6000000",
                        *settings):
            words += ["--set", setting]
        made = self.stack.ctl("client", "add", "--id", name, "--name", name, "--redirect-uri",
                              redirect, *words, json=True)
        self.clients[name] = {"client_id": name, "client_secret": made.get("client_secret"),
                              "redirect_uri": redirect}

    def prepare(self):
        es256 = "id_token_signed_response_alg=ES256"
        self.add_client("bench-jwt", es256)
        self.add_client("bench-opaque", es256, "access_token_format=opaque")
        self.opaque = [self.browser.tokens(self.clients["bench-opaque"])["access_token"]
                       for _ in range(TOKENS)]
        self.jwt = self.browser.tokens(self.clients["bench-jwt"])["access_token"]
        own = ("grant_types=client_credentials", "scope=profile email")
        self.add_client("bench-own", *own)
        self.add_client("bench-rsa", *own, "access_token_alg=RS256")
        self.add_client("bench-key", *own, "token_endpoint_auth_method=private_key_jwt",
                        "jwks=" + self.signer.jwks)
        self.fill()
        self.refresh_lines()  # the bare loop works on their grants
        realm = self.stack.mariadb.query("SELECT id FROM realm", self.stack.database)[0][0]
        env = {"BARE_SOCKET": self.stack.mariadb.socket, "BARE_DATABASE": self.stack.database,
               "BARE_REALM": realm}
        for name, number in (("floor", {}), ("bare", env)):
            self.pools.append(Pool(self.folder, [str(self.build / name)], WORKERS,
                                   self.folder / f"{name}.sock", number, name).start())

    def fill(self):
        """Copies of one grant and one token, older than ours, of as many people and sessions."""
        if ROWS <= 0:
            return
        print(f"filling the token tables with {ROWS} rows", file=sys.stderr)
        begun = time.monotonic()
        query = self.stack.mariadb.query
        ordered = ("CONCAT(UNHEX(LPAD(HEX(1700000000000 + s.seq * 20), 12, '0')),"
                   " UNHEX(LEFT(SHA1(s.seq), 20)))")
        scattered = "UNHEX(LEFT(SHA1(-s.seq), 32))"
        for table, fresh in (
                ("auth_grant", {"id": ordered, "account_id": scattered, "session_id": scattered}),
                ("access_token", {"id": ordered, "grant_id": ordered})):
            columns = [row[0] for row in query(f"SHOW COLUMNS FROM {table}", self.stack.database)]
            values = [fresh.get(column, "t." + column) for column in columns]
            query(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
                  f" FROM seq_1_to_{ROWS} AS s,"
                  f" (SELECT * FROM {table} ORDER BY id LIMIT 1) AS t", self.stack.database)
        query("ANALYZE TABLE auth_grant, access_token", self.stack.database)
        print(f"filled in {time.monotonic() - begun:.0f} s", file=sys.stderr)

    # -- what wrk sends ------------------------------------------------------------------------

    def lines(self, name, lines):
        path = self.folder / f"{name}.lines"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(path)

    def refresh_lines(self):
        """Fresh chains for each run: at the end of a run the newest token may be on its way."""
        client = self.clients["bench-jwt"]
        return self.lines("refresh", [
            "grant_type=refresh_token&refresh_token=" + self.browser.tokens(client)["refresh_token"]
            for _ in range(CONNECTIONS)])

    def assertion_form(self):
        return urllib.parse.urlencode({
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.signer.assertion("bench-key", self.stack.issuer)})

    def assertion_lines(self, seconds=SECONDS):
        """Each is good once."""
        return self.lines("assertions", [self.assertion_form()
                                         for _ in range(round(seconds * ASSERTIONS))])

    def loads(self):
        """name: (real, compared); each is a function that makes (path, lua arguments)."""
        mount = self.stack.mount
        jwt, opaque = self.clients["bench-jwt"], self.clients["bench-opaque"]
        sizes = {path: len(self.stack.get(path)[2])
                 for path in ("/.well-known/openid-configuration", "/jwks")}
        tokens = self.lines("tokens", ["token=" + token for token in self.opaque])
        exchange = urllib.parse.urlencode({
            "grant_type": "authorization_code", "redirect_uri": jwt["redirect_uri"],
            "code_verifier": self.browser.verifier, "code": ""})
        flow = self.lines("flow", [self.browser.authorize_path(jwt), self.browser.cookie(),
                                   f"{mount}/token", exchange])
        bare_flow = self.lines("bare-flow", [
            "/bare/authorize?" + self.browser.authorize_path(jwt).split("?")[1],
            self.browser.cookie(), "/bare/token", exchange])
        bare_refresh = self.lines("bare-refresh", [
            f"grant_type=refresh_token&refresh_token={i}{'x' * 40}" for i in range(CONNECTIONS)])

        own = self.lines("own", ["grant_type=client_credentials"])

        def fixed(path, *args):
            return lambda: (path, args)

        discovery = "/.well-known/openid-configuration"
        return {
            "discovery": (fixed(mount + discovery, "get"),
                          fixed(f"/floor/{sizes[discovery]}", "get")),
            "keys": (fixed(f"{mount}/jwks", "get"), fixed(f"/floor/{sizes['/jwks']}", "get")),
            "introspection": (fixed(f"{mount}/introspect", "tokens", tokens, basic(opaque)),
                              fixed("/bare/introspect", "tokens", tokens, basic(opaque))),
            "userinfo": (fixed(f"{mount}/userinfo", "get", "", f"Bearer {self.jwt}"),
                         fixed("/bare/userinfo", "get", "", f"Bearer {self.jwt}")),
            "refresh": (lambda: (f"{mount}/token", ("refresh", self.refresh_lines(), basic(jwt))),
                        fixed("/bare/refresh", "refresh", bare_refresh, basic(jwt))),
            "code flow": (fixed("/", "flow", flow, basic(jwt)),
                          fixed("/", "flow", bare_flow, basic(jwt))),
            "client credentials": (
                fixed(f"{mount}/token", "tokens", own, basic(self.clients["bench-own"])),
                fixed("/bare/own", "tokens", own, basic(self.clients["bench-own"]))),
            "private_key_jwt": (
                lambda: (f"{mount}/token", ("once", self.assertion_lines())),
                lambda: ("/bare/assertion", ("once", self.assertion_lines())))}

    def peer_loads(self):
        """name: (ours, the peer's); what ours measures is measured anyway."""
        peer, peers = self.peer, peer_glewlwyd
        own = self.lines("peer-own", [f"grant_type=client_credentials&scope={peers.SCOPE}"])
        given = [peer.tokens("es256") for _ in range(PEER_TOKENS)]
        tokens = self.lines("peer-tokens", ["token=" + one["access_token"] for one in given])
        refresh = self.lines("peer-refresh", [
            "grant_type=refresh_token&refresh_token=" + one["refresh_token"] for one in given])
        rsa = basic(self.clients["bench-rsa"])

        def at(plugin, endpoint, lines):
            return lambda: (peer.path(plugin, endpoint), ("tokens", lines, peer.basic, peer.port))

        return {
            "client credentials RS256": (
                lambda: (f"{self.stack.mount}/token",
                         ("tokens", self.lines("rsa", ["grant_type=client_credentials"]), rsa)),
                at("rs256", "token", own)),
            "client credentials": (None, at("es256", "token", own)),
            "introspection": (None, at("es256", "introspect", tokens)),
            "refresh": (None, at("es256", "token", refresh))}

    def wrk(self, path, args, seconds):
        """Requests a second. A fourth argument is the peer's port; its good answers count: on one
        connection for all it loses refreshes that come at the same time."""
        port = args[3] if len(args) > 3 else self.stack.port
        done = subprocess.run(
            ["wrk", f"-t{CONNECTIONS}", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s",
             "--timeout", "10s", "-s", str(HERE / "load.lua"),
             f"http://127.0.0.1:{port}{path}", "--", *args[:3]],
            capture_output=True, text=True, check=False)
        found = re.search(r"^RESULT (\d+) ([\d.]+) (\d+)$", done.stdout, re.M)
        if done.returncode != 0 or not found:
            raise StackError(f"wrk failed on {path}:\n{done.stdout}{done.stderr}")
        requests, duration, broken = int(found[1]), float(found[2]), int(found[3])
        if len(args) > 3 and requests > broken:
            return (requests - broken) / duration
        if broken or not requests:
            raise StackError(f"{broken} of {requests} requests failed on {path} ({args[0]}):\n"
                             f"{done.stdout}{self.stack.log_text()[-2000:]}")
        return requests / duration

    # -- figures -------------------------------------------------------------------------------

    def rounds(self, loads, peer_loads):
        beside = [load for pair in peer_loads.values() for load in pair if load]
        for load in [load for pair in loads.values() for load in pair] + beside:
            self.wrk(*load(), 1)  # caches, prepared statements, connections
        for number in range(ROUNDS):
            for name, pair in loads.items():
                order = (0, 1) if number % 2 == 0 else (1, 0)
                for side in order:
                    self.rates.setdefault((name, side), []).append(
                        self.wrk(*pair[side](), SECONDS))
            print(f"round {number + 1} of {ROUNDS}: " + ", ".join(
                f"{name} {self.rates[name, 0][-1]:.0f}/{self.rates[name, 1][-1]:.0f}"
                for name in loads), file=sys.stderr, flush=True)
            for name, pair in peer_loads.items():
                for side, load in (("ours", pair[0]), ("peer", pair[1])):
                    if load:
                        self.rates.setdefault((name, side), []).append(self.wrk(*load(), SECONDS))

    def counters(self):
        query = self.stack.mariadb.query
        questions = int(query("SHOW GLOBAL STATUS LIKE 'Questions'")[0][1])
        commits = int(query("SELECT COUNT FROM information_schema.INNODB_METRICS"
                            " WHERE NAME = 'trx_rw_commits'")[0][0])
        return questions, commits

    def count(self, action, times=COUNTED):
        """(statements, commits) of one action: the server's own counters over many."""
        self.stack.mariadb.query("SET GLOBAL innodb_monitor_enable = 'trx_rw_commits'")
        for _ in range(2 * WORKERS):
            action()
        empty = self.counters()
        before = self.counters()
        for _ in range(times):
            action()
        after = self.counters()
        return ((after[0] - before[0] - (before[0] - empty[0])) / times,
                (after[1] - before[1]) / times)

    def statements(self):
        stack, browser = self.stack, self.browser
        jwt, opaque = self.clients["bench-jwt"], self.clients["bench-opaque"]
        turn, chain = iter(range(10**9)), {}

        def refresh():
            token = chain.get("token") or browser.tokens(jwt)["refresh_token"]
            answer = stack.post("/token", {"grant_type": "refresh_token", "refresh_token": token},
                                {"Authorization": basic(jwt)})
            chain["token"] = json.loads(answer[2])["refresh_token"]

        def bare(path, form=None):
            browser.ask("POST" if form else "GET", path, form)

        def bare_flow():
            place = browser.ask("GET", "/bare/authorize")[1]["Location"]
            code = re.search("code=([^&]+)", place)[1]
            bare("/bare/token", {"code": code})

        real = {
            "discovery": lambda: stack.get("/.well-known/openid-configuration"),
            "keys": lambda: stack.get("/jwks"),
            "introspection": lambda: stack.post(
                "/introspect", {"token": self.opaque[next(turn) % TOKENS]},
                {"Authorization": basic(opaque)}),
            "userinfo": lambda: stack.get("/userinfo", {"Authorization": f"Bearer {self.jwt}"}),
            "refresh": refresh, "code flow": lambda: browser.tokens(jwt),
            "client credentials": lambda: stack.post(
                "/token", {"grant_type": "client_credentials"},
                {"Authorization": basic(self.clients["bench-own"])}),
            "private_key_jwt": lambda: stack.post(
                "/token", dict(urllib.parse.parse_qsl(self.assertion_form())))}
        loops = {"introspection": lambda: bare("/bare/introspect", {"token": "x"}),
                 "userinfo": lambda: bare("/bare/userinfo"),
                 "refresh": lambda: bare("/bare/refresh", {"refresh_token": "1"}),
                 "code flow": bare_flow,
                 "client credentials": lambda: bare("/bare/own", {"x": "x"}),
                 "private_key_jwt": lambda: bare("/bare/assertion", {"x": "x"})}
        counted = {}
        for name, action in real.items():
            if not ONLY or name == ONLY:
                counted[name] = (self.count(action),
                                 self.count(loops[name]) if name in loops else (0, 0))
        return counted

    def pss(self):
        """MiB a worker, over the pool, after all that load."""
        sizes = []
        for pid in self.stack.pids():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
                sizes.append(int(re.search(r"^Pss:\s+(\d+) kB", rollup.read(), re.M)[1]) / 1024)
        return statistics.mean(sizes)

    def start_time(self):
        """Milliseconds from exec to the end of the first answer, which the database has a part in;
        the request waits in the socket's queue."""
        times = []
        for number in range(STARTS):
            path = str(self.folder / f"start-{number}.sock")
            with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
                listener.bind(path)
                listener.listen(4)
                client.connect(path)
                client.sendall(fastcgi_get(f"{self.stack.mount}/jwks"))
                client.settimeout(5)
                begun = time.perf_counter()
                with subprocess.Popen([str(self.stack.build / "ostiary.fcgi")], stdin=listener,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      env={"OSTIARY_CONFIG": self.stack.conf}) as worker:
                    answer = client.recv(65536)
                    times.append((time.perf_counter() - begun) * 1000)
                    worker.terminate()
                if b"200" not in answer[:64]:
                    raise StackError(f"the first answer of a worker is {answer[:300]!r}")
        return median(times)

    # -- the table -----------------------------------------------------------------------------

    def table(self, counted):
        lines = ["| endpoint | requests/s | statements | commits | compared with | its requests/s"
                 " | ratio | bar |", "|---|---:|---:|---:|---|---:|---:|---:|"]
        good = True
        for name, (what, bar) in BARS.items():
            if (name, 0) not in self.rates:
                continue
            real, other = median(self.rates[name, 0]), median(self.rates[name, 1])
            # the median of the rounds' own ratios: both sides of a round saw the same machine
            ratio = median([a / b for a, b in zip(self.rates[name, 0], self.rates[name, 1])])
            (statements, commits), (bare_statements, bare_commits) = counted[name]
            half = 2 if name == "code flow" else 1
            unit = "flows" if half == 2 else "requests"
            note = "" if what == "floor" else (
                f" ({bare_statements:.1f} statements, {bare_commits:.1f} commits)")
            good = good and ratio >= bar
            if name in COUNTS and (round(statements), round(commits)) > COUNTS[name]:
                print(f"make bench: {name}: {statements:.1f} statements and {commits:.1f} commits "
                      f"a request, at most {COUNTS[name]}", file=sys.stderr)
                good = False
            lines.append(f"| {name} | {real / half:,.0f} {'' if half == 1 else unit} | "
                         f"{statements:.1f} | {commits:.1f} | {what}{note} | {other / half:,.0f} | "
                         f"{ratio:.2f} | {bar} |")
        return "\n".join(line.replace("  |", " |") for line in lines), good

    def peer_table(self):
        lines = ["| endpoint | requests/s | glewlwyd's | times as fast | aimed at |",
                 "|---|---:|---:|---:|---:|"]
        for name, aim in AIMS.items():
            theirs = self.rates.get((name, "peer"))
            if theirs:
                ours = self.rates.get((name, "ours")) or self.rates[name, 0]
                ratio = median([a / b for a, b in zip(ours, theirs)])
                lines.append(f"| {name} | {median(ours):,.0f} | {median(theirs):,.0f} | "
                             f"{ratio:.1f} | {aim} |")
        return "\n".join(lines)

    def start_peer(self):
        if not PEER:
            return {}
        if PEER != "glewlwyd":
            raise StackError(f"PEER={PEER}: the one peer that is known is glewlwyd")
        if not peer_glewlwyd.installed():
            print("make bench: glewlwyd is not installed (apt-get install glewlwyd); going on "
                  "without", file=sys.stderr)
            return {}
        self.peer = peer_glewlwyd.Glewlwyd(self.folder / "peer", self.stack.mariadb, free_ports(1))
        self.peer.start()
        return {name: pair for name, pair in self.peer_loads().items() if not ONLY or name == ONLY}

    def run(self):
        self.prepare()
        loads = {name: pair for name, pair in self.loads().items() if not ONLY or name == ONLY}
        self.rounds(loads, self.start_peer())
        pss = self.pss()
        counted = self.statements()
        start = self.start_time()
        table, good = self.table(counted)
        rows = f", {ROWS:,} rows in the token tables" if ROWS else ""
        print(f"\n{machine()}; {CONNECTIONS} connections, {WORKERS} workers, medians of {ROUNDS} "
              f"rounds of {SECONDS:g} s{rows}.\n\n{table}\n")
        if self.peer:
            print(self.peer_table() + "\n")
        print("| | figure | bar |\n|---|---:|---:|")
        print(f"| PSS a worker in a pool of {WORKERS} | {pss:.1f} MiB | {PSS_BAR_MIB} MiB |")
        print(f"| start of a worker to its first answer | {start:.0f} ms | {START_BAR_MS} ms |")
        return good and pss <= PSS_BAR_MIB and start <= START_BAR_MS

    def stop(self):
        if self.peer:
            self.peer.stop()
        for pool in self.pools:
            pool.stop()


def fastcgi_get(uri):
    """One FastCGI request: begin, parameters, end of parameters, end of body."""

    def record(kind, content):
        return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content

    params = b""
    for name, value in {"REQUEST_METHOD": "GET", "REQUEST_URI": uri, "SERVER_PROTOCOL": "HTTP/1.1",
                        "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1",
                        "QUERY_STRING": "", "CONTENT_LENGTH": ""}.items():
        params += struct.pack("BB", len(name), len(value)) + name.encode() + value.encode()
    return (record(1, struct.pack("!HB5x", 1, 0)) + record(4, params) + record(4, b"")
            + record(5, b""))


def machine():
    model = ""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                model = " ".join(line.split(":", 1)[1].split())
                break
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    release = pathlib.Path("/etc/debian_version").read_text(encoding="ascii").strip()
    return (f"{os.cpu_count()} cores of {model}, {gib:.0f} GiB, Debian {release}, "
            f"Linux {platform.release().split('-')[0]}")


def main():
    stack = Stack(workers=WORKERS, durable=True, large=True, access_log=False, start=False)
    bench = None
    try:
        inside = "".join(f"""
        location /{name}/ {{
            include /etc/nginx/fastcgi_params;
            fastcgi_param HTTP_PROXY "";
            fastcgi_pass "unix:{stack.folder}/{name}.sock";
            fastcgi_buffer_size 16k;
            fastcgi_buffers 8 16k;
        }}""" for name in ("floor", "bare"))
        stack.nginx.servers[0] = stack.nginx.servers[0].replace(
            "server_name localhost;", "server_name localhost;" + inside)
        stack.start()
        bench = Bench(stack)
        return 0 if bench.run() else 1
    except StackError as error:
        print(f"make bench: {error}", file=sys.stderr)
        return 2
    finally:
        if bench is not None:
            bench.stop()
        stack.stop()


if __name__ == "__main__":
    sys.exit(main())
