# SPDX-License-Identifier: ISC
"""Clients on the command line, and the scopes and resource servers that they may ask for."""

import re
import time

REDIRECT = ("--redirect-uri", "https://app.example/cb")


# ---- clients ---------------------------------------------------------------------------------


CLIENT_MISTAKES = [
    ("taken", 4, "add", "--id", "web", "--name", "x", *REDIRECT),
    ("bad id", 1, "add", "--id", "a b", "--name", "x", *REDIRECT),
    ("dash", 1, "add", "--id=-a", "--name", "x", *REDIRECT),
    ("fragment", 1, "add", "--name", "x", "--redirect-uri", "https://x.example/#a"),
    ("no redirect", 1, "add", "--name", "x"),
    ("unknown field", 1, "add", "--name", "x", *REDIRECT, "--set", "nonsense=1"),
    ("bad bool", 1, "add", "--name", "x", *REDIRECT, "--set", "first_party=maybe"),
    ("bad int", 1, "add", "--name", "x", *REDIRECT, "--set", "default_max_age=soon"),
    ("bad choice", 1, "add", "--name", "x", *REDIRECT, "--set", "application_type=tv"),
    ("setting of the realm", 1, "add", "--name", "x", *REDIRECT, "--set", "session_idle=1h"),
    ("setting out of range", 1, "add", "--name", "x", *REDIRECT, "--set", "code_lifetime=1d"),
    ("settings as a whole", 1, "add", "--name", "x", *REDIRECT, "--set", "settings={}"),
    ("show", 3, "show", "nobody"),
    ("edit", 3, "edit", "nobody", "--unset", "logo_uri"),
    ("drop of what is not there", 1, "edit", "web", "--drop", "redirect_uris=https://x.example/"),
    ("add to what is no list", 1, "edit", "web", "--add", "client_name=x"),
    ("add to a setting", 1, "edit", "web", "--add", "code_lifetime=1m"),
    ("last redirect dropped", 1, "edit", "web", "--drop", "redirect_uris=https://app.example/cb"),
    ("enable twice", 1, "enable", "web"),
    ("disable of nobody", 3, "disable", "nobody"),
    ("secret of nobody", 3, "secret", "add", "nobody"),
    ("list of nobody", 3, "secret", "list", "nobody"),
    ("secret of a public one", 1, "secret", "add", "spa"),
    ("secret id", 1, "secret", "expire", "web", "xyz"),
    ("unknown secret", 3, "secret", "expire", "web", "00" * 16),
    ("unknown secret", 3, "secret", "remove", "web", "00" * 16, "--yes"),
    ("unknown secret without terminal", 3, "secret", "remove", "web", "00" * 16),
    ("remove of nobody", 3, "remove", "nobody", "--yes"),
    ("remove without terminal", 1, "remove", "web"),
]


def test_client(host):
    made = host.json("client", "add", "--id", "web", "--name", "Web", *REDIRECT)
    assert re.fullmatch(r"ost_cs_[A-Za-z0-9_-]{43}", made["client_secret"])
    spa = host.json("client", "add", "--id", "spa", "--public", "--name", "SPA", *REDIRECT,
                    "--redirect-uri", "https://app.example/two", "--first-party")
    assert "client_secret" not in spa
    for name, code, *words in CLIENT_MISTAKES:
        assert host.fails(code, "client", *words), name
    assert len(host.json("client", "list")["clients"]) == 2
    shown = host.json("client", "show", "spa")
    assert shown["redirect_uris"] == ["https://app.example/cb", "https://app.example/two"]
    assert shown["token_endpoint_auth_method"] == "none" and shown["first_party"] is True
    native = host.json("client", "add", "--native", "--public", "--name", "N", "--redirect-uri",
                       "http://127.0.0.1/cb")
    assert re.fullmatch("[0-9a-f]{32}", native["client_id"])


def test_secret_is_stored_as_digest_alone(host):
    import hashlib
    secret = host.json("client", "add", "--id", "web", "--name", "W", *REDIRECT)["client_secret"]
    assert host.query("SELECT LOWER(HEX(hash)) FROM client_secret") == \
        [[hashlib.sha256(secret.encode()).hexdigest()]]
    for words in (["show", "web"], ["secret", "list", "web"]):
        assert secret not in host.ok("client", *words), words


def test_client_edit(host):
    host.ok("client", "add", "--id", "web", "--name", "W", *REDIRECT)
    edits = [
        (["--set", "client_name=Ünïcode"], "client_name", "Ünïcode"),
        (["--add", "redirect_uris=https://b.example/"], "redirect_uris",
         ["https://app.example/cb", "https://b.example/"]),
        (["--add", "redirect_uris=https://b.example/"], "redirect_uris",
         ["https://app.example/cb", "https://b.example/"]),
        (["--drop", "redirect_uris=https://app.example/cb"], "redirect_uris",
         ["https://b.example/"]),
        (["--set", "redirect_uris=https://c.example/ https://d.example/"], "redirect_uris",
         ["https://c.example/", "https://d.example/"]),
        (["--set", "scope=openid email"], "scope", "openid email"),
        (["--add", "scope=profile", "--drop", "scope=email"], "scope", "openid profile"),
        (["--set", "first_party=true"], "first_party", True),
        (["--unset", "first_party"], "first_party", False),
        (["--set", "default_max_age=10m"], "default_max_age", 600),
        (["--set", "default_max_age=5"], "default_max_age", 5),
    ]
    for words, field, value in edits:
        host.ok("client", "edit", "web", *words)
        assert host.json("client", "show", "web")[field] == value, words
    host.ok("client", "edit", "web", "--set", "access_token_lifetime=5m")
    assert host.json("client", "show", "web")["settings"]["access_token_lifetime"] == "5m"
    host.ok("client", "edit", "web", "--unset", "access_token_lifetime")
    assert host.json("client", "show", "web")["settings"]["access_token_lifetime"] == "1h"


def test_client_life(host):
    host.ok("client", "add", "--id", "web", "--name", "W", *REDIRECT)
    host.ok("client", "disable", "web")
    assert host.json("client", "show", "web")["enabled"] is False
    host.ok("client", "enable", "web")
    added = host.json("client", "secret", "add", "web", "--expires", "30d")
    assert added["expires_at"] - time.time() > 29 * 86400
    assert len(host.json("client", "secret", "list", "web")["secrets"]) == 2
    host.ok("client", "secret", "expire", "web", added["secret_id"])
    assert "expired" in host.ok("client", "secret", "list", "web")
    host.ok("client", "secret", "remove", "web", added["secret_id"], "--yes")
    assert len(host.json("client", "secret", "list", "web")["secrets"]) == 1
    for _ in range(15):
        host.ok("client", "secret", "add", "web")
    assert "16 secrets" in host.fails(1, "client", "secret", "add", "web")
    host.ok("client", "remove", "web", "--yes")
    host.fails(3, "client", "show", "web")


def test_client_list_is_complete(host):
    rows = ",".join(f"('{i:04}')" for i in range(450))
    host.ok("client", "add", "--id", "zz", "--name", "Z", *REDIRECT)
    columns = [r[0] for r in host.query("SHOW COLUMNS FROM client")]
    rest = ", ".join(c for c in columns if c != "client_id")
    host.query(f"CREATE TEMPORARY TABLE n (id VARCHAR(8)); INSERT INTO n VALUES {rows};"
               f"INSERT INTO client (client_id, {rest}) SELECT n.id, {rest} FROM client, n"
               " WHERE client_id = 'zz'")
    assert len(host.json("client", "list")["clients"]) == 451


# ---- scopes ----------------------------------------------------------------------------------


SCOPE_MISTAKES = [
    ("taken", 4, "add", "api", "--description", "x"),
    ("standard", 4, "add", "openid", "--description", "x"),
    ("no description", 1, "add", "b"),
    ("empty description", 1, "add", "b", "--description", ""),
    ("bad name", 1, "add", 'b"', "--description", "x"),
    ("bad language", 1, "add", "b", "--description", "x", "--description-D!", "x"),
    ("reserved claim", 1, "add", "b", "--description", "x", "--claim", "iss"),
    ("two claims in one", 1, "add", "b", "--description", "x", "--claim", "name email"),
    ("remove of nothing", 3, "remove", "b", "--yes"),
    ("remove of a standard one", 1, "remove", "openid", "--yes"),
    ("remove without terminal", 1, "remove", "api"),
]


def test_scope(host):
    host.ok("scope", "add", "api", "--description", "Use it", "--description-de", "Benutzen",
            "--claim", "email", "--claim", "badge")
    for name, code, *words in SCOPE_MISTAKES:
        assert host.fails(code, "scope", *words), name
    scopes = {s["name"]: s for s in host.json("scope", "list")["scopes"]}
    assert scopes["api"]["description"] == {"": "Use it", "de": "Benutzen"}
    assert scopes["api"]["claims"] == ["email", "badge"] and scopes["openid"]["standard"]
    host.ok("scope", "remove", "api", "--yes")
    assert "api" not in host.ok("scope", "list")


# ---- resource servers ------------------------------------------------------------------------


API = "https://api.example/v1"
RESOURCE_MISTAKES = [
    ("taken", 4, "add", API),
    ("no URI", 1, "add", "api"),
    ("with a blank", 1, "add", "https://api.example/a b"),
    ("with a fragment", 1, "add", "https://api.example/#a"),
    ("too long", 1, "add", "https://api.example/" + 250 * "a"),
    ("the issuer", 1, "add", "http://localhost:9/a"),
    ("bad scope", 1, "add", "urn:b", "--scope", 'a"=x'),
    ("standard scope", 1, "add", "urn:b", "--scope", "openid=x"),
    ("scope without text", 2, "add", "urn:b", "--scope", "a"),
    ("scope with an empty text", 1, "add", "urn:b", "--scope", "a="),
    ("only in another language", 1, "add", "urn:b", "--scope-de", "a=x"),
    ("bad language", 1, "add", "urn:b", "--scope", "a=x", "--scope-D!", "a=x"),
    ("another setting", 1, "add", "urn:b", "--set", "id_token_lifetime=1h"),
    ("bad format", 1, "add", "urn:b", "--set", "access_token_format=saml"),
    ("bad lifetime", 1, "add", "urn:b", "--set", "access_token_lifetime=1y"),
    ("unknown client", 3, "add", "urn:b", "--introspection-client", "nobody"),
    ("two clients in one", 1, "add", "urn:b", "--introspection-client", "web web"),
    ("name too long", 1, "add", "urn:b", "--name", 256 * "a"),
    ("too many scopes", 1, "add", "urn:b", *(f"--scope=s{i}=x" for i in range(51))),
    ("set of nothing", 3, "set", "urn:b", "--name", "x"),
    ("set nothing", 2, "set", API),
    ("drop of no scope", 1, "set", API, "--drop-scope", "nothing"),
    ("drop of no client", 1, "set", API, "--drop-introspection-client", "other"),
    ("show of nothing", 3, "show", "urn:b"),
    ("remove of nothing", 3, "remove", "urn:b", "--yes"),
    ("remove without terminal", 1, "remove", API),
]


def test_resource(host):
    host.ok("client", "add", "--id", "web", "--name", "W", *REDIRECT)
    host.ok("resource", "add", API, "--name", "The API", "--scope", "read=Read it",
            "--scope-de", "read=Lesen", "--scope", "write=Write it",
            "--set", "access_token_format=opaque", "--set", "access_token_alg=EdDSA",
            "--introspection-client", "web")
    for name, code, *words in RESOURCE_MISTAKES:
        assert host.fails(code, "resource", *words), name
    shown = host.json("resource", "show", API)
    assert shown == {
        "identifier": API, "name": "The API",
        "scopes": {"read": {"": "Read it", "de": "Lesen"}, "write": {"": "Write it"}},
        "settings": {"access_token_format": "opaque", "access_token_alg": "EdDSA"},
        "introspection_clients": ["web"]}
    keys = host.json("key", "list")["keys"]
    assert [k["state"] for k in keys if k["alg"] == "EdDSA"] == ["active"], "a key is made"
    host.ok("resource", "set", API, "--scope", "read=Look", "--drop-scope", "write",
            "--set", "access_token_alg=", "--set", "access_token_lifetime=10m", "--name", "",
            "--drop-introspection-client", "web")
    assert host.json("resource", "list")["resources"] == [{
        "identifier": API, "scopes": {"read": {"": "Look", "de": "Lesen"}},
        "settings": {"access_token_lifetime": "10m", "access_token_format": "opaque"}}]
    assert API in host.ok("resource", "list") and "10m" in host.ok("resource", "show", API)
    code, seen = host.terminal("resource", "remove", API, answers=[(API, "something else")])
    assert code == 1 and host.json("resource", "list")["resources"], seen
    code, seen = host.terminal("resource", "remove", API, answers=[(API, API)])
    assert code == 0 and not host.json("resource", "list")["resources"], seen
    events = [row[0] for row in host.query("SELECT event FROM audit WHERE event LIKE 'resource%'"
                                           " ORDER BY at, id")]
    assert sorted(events) == ["resource_added", "resource_changed", "resource_removed"]


def test_an_introspection_client_that_is_not_there(host):
    host.ok("resource", "add", API)
    missing = ("--introspection-client", "nope")
    assert "nope" in host.fails(3, "resource", "set", API, *missing)
    assert "nope" in host.fails(3, "resource", "add", "urn:other", *missing)
    for words in ((*missing, "--drop-scope", "x"), ("--drop-scope", "x", *missing)):
        why = host.fails(1, "resource", "set", API, *words)
        assert "nope" in why and "no such scope" in why, "another mistake counts more"


def test_a_secret_that_is_not_there(host):
    host.ok("client", "add", "--id", "app", "--name", "A", *REDIRECT)
    secret = host.json("client", "secret", "list", "app")["secrets"][0]["secret_id"]
    for code, part, *words in ((1, "hexadecimal", "app", "123"), (3, "no secret", "app", "0" * 32),
                               (3, "no client", "nope", secret)):
        why = host.fails(code, "client", "secret", "remove", *words)
        assert part in why and "--yes" not in why, (words, why)
    assert "--yes" in host.fails(1, "client", "secret", "remove", "app", secret)
    host.query("UPDATE client SET metadata = '{\"nonsense\":1}'")
    host.ok("client", "secret", "remove", "app", secret, "--yes")


def test_parties_of_exchange_that_nobody_knows_are_noted(host):
    issuer = "https://known.example"
    host.ok("client", "add", "--id", "web", "--name", "W", *REDIRECT)
    host.ok("client", "add", "--id", "api", "--name", "A", *REDIRECT)
    host.ok("issuer", "add", issuer, "--purpose", "jwt_bearer", "--jwks-uri", f"{issuer}/jwks")
    noted = host.json("client", "edit", "web", "--set", "exchange_clients=api nope",
                      "--set", f"exchange_issuers={issuer} https://nope.example")["notes"]
    assert noted == ["note: realm main has no client nope",
                     "note: realm main has no trusted issuer https://nope.example"]
    assert "notes" not in host.json("client", "edit", "web", "--drop", "exchange_clients=nope",
                                    "--drop", "exchange_issuers=https://nope.example")


def test_a_client_that_only_looks_at_tokens(host):
    host.ok("client", "add", "--id", "guard", "--name", "Guard", "--set", "grant_types=",
            "--set", "response_types=")
    shown = host.json("client", "show", "guard")
    assert shown["grant_types"] == [] and shown["response_types"] == []
    host.ok("client", "edit", "guard", "--set", "grant_types=client_credentials",
            "--set", "scope=openid", "--drop", "grant_types=client_credentials")
    assert host.json("client", "show", "guard")["grant_types"] == []


def test_a_scope_that_nobody_knows_is_noted(host):
    host.ok("resource", "add", API, "--scope", "read=Read it")
    done = host.run("client", "add", "--id", "web", "--name", "W", *REDIRECT,
                    "--set", "scope=openid read nonexistent")
    assert done.returncode == 0 and "nonexistent" in done.stderr
    assert "openid" not in done.stderr and "read" not in done.stderr
    assert "client_secret" in done.stdout
    noted = host.json("client", "edit", "web", "--add", "scope=wizard")["notes"]
    assert len(noted) == 2 and "wizard" in noted[1]
    assert not host.run("client", "edit", "web", "--set", "scope=read").stderr
    noted = host.json("client", "edit", "web", "--set", f"resources={API} http://localhost:9/a",
                      "--set", "default_resource=urn:slip")["notes"]
    assert len(noted) == 1 and "urn:slip" in noted[0]
