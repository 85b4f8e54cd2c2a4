# SPDX-License-Identifier: ISC
"""ostiary doctor finds each mistake that is planted, and nothing where there is none."""

import http.server
import json
import threading

import pytest


def findings(host, code, *words):
    done = host.run("doctor", *words, "--json")
    assert done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout)["findings"]


def errors(host, *words):
    return [f"{f['about']}: {f['text']}" for f in findings(host, 1, *words)
            if f["finding"] == "error"]


def test_all_is_well(host):
    found = findings(host, 0, "--no-web")
    assert {f["finding"] for f in found} == {"ok"}, found
    wanted = {"fetching", "database", "clock", "rights", "schema", "statements", "keys"}
    assert wanted | {"master key"} <= {f["about"] for f in found}
    assert host.ok("doctor", "--no-web").count("ok ") == len(found)


def without_table(host):
    host.query("DROP TABLE consent")


def wide_rights(host):
    host.mariadb.query("CREATE USER IF NOT EXISTS wide@localhost;"
                       f"GRANT ALL ON `{host.name}`.* TO wide@localhost")
    host.write_conf(db_user="wide")


def rights_everywhere(host):
    host.mariadb.query("CREATE USER IF NOT EXISTS global@localhost;"
                       "GRANT ALL ON *.* TO global@localhost")
    host.write_conf(db_user="global")


def no_rights(host):
    host.mariadb.query(f"CREATE USER IF NOT EXISTS narrow@localhost;"
                       f"GRANT SELECT ON `{host.name}`.* TO narrow@localhost")
    host.write_conf(db_user="narrow")


def another_master(host):
    host.master.write_text("33" * 32)


def bad_master(host):
    host.master.write_text("short")


def open_master(host):
    host.master.chmod(0o644)


def writable_conf(host):
    host.conf.chmod(0o666)


def no_state(host):
    host.state.rmdir()


def open_state(host):
    host.state.chmod(0o777)


def no_pages(host):
    host.write_conf(pages_dir=host.folder / "nothing")


def conf_mistakes(host):
    host.write_conf(nonsense="1")


def no_server(host):
    host.write_conf(db_socket=host.folder / "nobody")


def newer_schema(host):
    host.query("INSERT INTO schema_migration (number, name, applied_at) VALUES (99, 'x', 0)")


def older_schema(host):
    host.query("DELETE FROM schema_migration")


def no_active(host):
    host.query("UPDATE realm_key SET state = 'retired' WHERE alg = 'RS256'")


def no_mac(host):
    host.query("DELETE FROM realm_key WHERE alg = 'HS256'")


def client_without_key(host):
    host.ok("client", "add", "--id", "x", "--name", "x", "--redirect-uri", "https://x.example/",
            "--set", "id_token_signed_response_alg=EdDSA")
    host.query("DELETE FROM realm_key WHERE alg = 'EdDSA'")


def bad_client(host):
    host.ok("client", "add", "--id", "x", "--name", "x", "--redirect-uri", "https://x.example/")
    host.query("UPDATE client SET metadata = '{\"nonsense\":1}'")


PLANTED = [
    (without_table, "statements: "),
    (wide_rights, "may change the schema"),
    (rights_everywhere, "may change the schema"),
    (another_master, "is master_key_file the right one?"),
    (bad_master, "master key: "),
    (open_master, "master_key_file"),
    (writable_conf, "chmod o-w"),
    (no_state, "state folder: "),
    (open_state, "state folder: "),
    (no_pages, "pages: "),
    (conf_mistakes, "configuration: "),
    (no_server, "database: "),
    (newer_schema, "install the newer program"),
    (older_schema, "ostiary migrate apply"),
    (no_active, "no active RS256 key, which the realm needs"),
    (no_mac, "no active HS256 key, which every refresh token needs"),
    (client_without_key, "no active EdDSA key, which client x needs"),
    (bad_client, "client x cannot be read"),
]


@pytest.mark.parametrize("plant,wanted", PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_planted(host, plant, wanted):
    plant(host)
    found = errors(host, "--no-web")
    assert any(wanted in line for line in found), found


def test_previous_master_is_a_warning(host):
    old = host.folder / "old.key"
    old.write_text("44" * 32)
    old.chmod(0o600)
    host.write_conf(previous_master_key_file=old)
    assert [f["about"] for f in findings(host, 0, "--no-web") if f["finding"] == "warning"] == \
        ["previous master key"]


@pytest.mark.parametrize("changes,wanted", [
    ({"fetch_program": "/nonexistent/ostiary-fetch"}, "correct fetch_program"),
    ({"fetch_program": "/bin/true"}, "correct fetch_program"),
    ({"fetch_socket": "/nonexistent/socket"}, "start ostiary-fetch")])
def test_a_missing_way_out_is_a_warning(host, changes, wanted):
    host.write_conf(**changes)
    found = [f["text"] for f in findings(host, 0, "--no-web") if f["about"] == "fetching"]
    assert len(found) == 1 and wanted in found[0], found


def test_no_broker_is_configured(host):
    host.ok("source", "add", "host", "--kind", "service", "--set", "service=login")
    assert any("does not answer " in line for line in errors(host, "--no-web"))
    with open(host.conf, "a", encoding="utf-8") as out:
        out.write("[people]\nbroker_socket =\n")
    assert any(f"broker_socket is empty, so service login cannot be asked; name the socket of "
               f"ostiary-pamd in {host.conf}" in line for line in errors(host, "--no-web"))


def test_an_authority_that_cannot_be_read(host):
    empty = host.folder / "empty"
    empty.touch()
    for path, wanted in (("/nope", "No such file"), (host.folder, "Is a directory"),
                         (empty, "it is empty")):
        assert wanted in host.fails(1, "doctor", "--no-web", "--ca", path)
    host.ok("doctor", "--no-web", "--ca", host.master)


# ---- pam_faillock ----------------------------------------------------------------------------

STACK = "auth required pam_faillock.so preauth"


@pytest.mark.parametrize("stack,conf,limit,wanted", [
    (STACK, "# deny = 9\n", 5, "locks an account after 3 failures"),
    (STACK, "deny = 5\n", 5, "make it less than 5"),
    (STACK, "deny = 5\n", 5, "raise deny in ETC/security/faillock.conf"),
    (STACK + " deny=4", "deny = 6\n", 5, "raise deny in ETC/pam.d/common-auth"),
    (STACK, "deny=6\n", 5, None),
    (STACK + " deny=4 silent", "deny = 8\n", 5, "after 4 failures"),
    (STACK + " deny=40", "deny = 4\n", 5, None),
    (STACK + " even_deny_root deny=4", "deny = 8\n", 5, "after 4 failures"),
    (STACK + " even_deny_root", "even_deny_root\ndeny = 4\n", 5, "after 4 failures"),
    (STACK + "\nauth [default=die] pam_faillock.so authfail deny=4", "", 5, "after 4 failures"),
    (STACK + " deny=4\n" + STACK + " deny=7", "", 5, "after 4 failures"),
    ("# " + STACK, "deny = 2\n", 5, None),
    (STACK, "deny = 0\n", 5, None),
    (STACK, "deny = 5\n", 4, None)])
def test_throttle_against_faillock(host, stack, conf, limit, wanted):
    etc = host.folder / "etc"
    for folder in ("pam.d", "security"):
        (etc / folder).mkdir(parents=True)
    (etc / "pam.d/common-auth").write_text(f"auth required pam_env.so\n{stack}\n")
    (etc / "security/faillock.conf").write_text(conf)
    host.conf.write_text(host.conf.read_text().replace(
        "[server]\n", f"[server]\nthrottle_account_limit = {limit}\n"))

    def warnings(code):
        return [f["text"] for f in findings(host, code, "--no-web", "--etc", etc)
                if f["about"] == "throttle" and f["finding"] == "warning"]

    assert not warnings(0), "nobody signs in by PAM"
    host.query("INSERT INTO signin_source (realm_id, name, kind, position, options) "
               "SELECT id, 'host', 'service', 1, '{\"service\":\"login\"}' FROM realm")
    told = warnings(1)  # no broker runs here
    assert len(told) == (1 if wanted else 0)
    assert not wanted or wanted.replace("ETC", str(etc)) in told[0]


# ---- what the web server answers -------------------------------------------------------------


class Site:
    """A web server that answers discovery and keys as it is told."""

    def __init__(self):
        self.pages = {}
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = site.pages.get(self.path.partition("?")[0])
                self.send_response(200 if body else 401)
                if self.headers.get("Authorization"):
                    self.send_header("WWW-Authenticate", 'Bearer error="invalid_token"')
                self.end_headers()
                self.wfile.write((body or "").encode())

            do_POST = do_GET

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site(host):
    made = Site()
    host.ok("realm", "set", f"issuer={made.url}")
    for kind in ("openid-configuration", "oauth-authorization-server"):
        made.pages[f"/.well-known/{kind}"] = json.dumps(
            {"issuer": made.url, "jwks_uri": f"{made.url}/jwks"})
    made.pages["/jwks"] = json.dumps({"keys": [{"kid": key["kid"]} for key in
                                               host.json("key", "list")["keys"]
                                               if key["kind"] == "sig"]})
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_web_server_in_order(host, site):
    assert [f["text"] for f in findings(host, 0) if f["about"] == "web server"] == [
        f"realm main: {site.url} answers",
        "realm main: the published keys are those of the database",
        "realm main: addresses, headers and sizes come through"]


def test_web_server_mistakes(host, site):
    good = dict(site.pages)
    discovery = "/.well-known/openid-configuration"
    first = next(k["kid"] for k in host.json("key", "list")["keys"] if k["kind"] == "sig")
    cases = [
        ("not there", {discovery: None}, "is the web server running"),
        ("no JSON", {discovery: "<html>"}, discovery),
        ("slash", {discovery: good[discovery].replace(site.url + '"', site.url + '/"', 1)},
         "discovery says issuer"),
        ("no jwks_uri", {discovery: json.dumps({"issuer": site.url})}, "no jwks_uri"),
        ("no keys", {"/jwks": "{}"}, "is no key set"),
        ("a key is missing", {"/jwks": '{"keys":[]}'}, "is active and not published"),
        ("large", {discovery: '"' + "x" * 70000 + '"'}, discovery),
    ]
    for name, pages, wanted in cases:
        site.pages = {**good, **pages}
        found = errors(host)
        assert any(wanted in line for line in found), (name, found)
    site.pages = good
    host.query(f"UPDATE realm_key SET state = 'archived' WHERE kid = '{first}'")
    host.query("UPDATE realm_key SET state = 'active' WHERE alg = 'HS256'")
    assert any("is archived and still published" in line for line in errors(host))
