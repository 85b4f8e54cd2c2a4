# SPDX-License-Identifier: ISC
"""Trusted issuers and the links of their subjects to people."""

import json

import pytest
from jwcrypto import jwk

PARTNER = "https://partner.example"


@pytest.fixture(name="keys")
def fixture_keys(tmp_path):
    """Paths of key sets: a public one, one with a private key, none at all."""
    key = jwk.JWK.generate(kty="EC", crv="P-256", kid="k1")
    texts = {"good": {"keys": [key.export_public(as_dict=True)]},
             "private": {"keys": [key.export(as_dict=True)]},
             "empty": {"keys": []},
             "secret": {"keys": [{"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0"}]},
             "large": {"keys": [], "x": 70000 * "x"}}
    paths = {}
    for name, value in texts.items():
        paths[name] = tmp_path / f"{name}.json"
        paths[name].write_text(json.dumps(value), encoding="utf-8")
    paths["broken"] = tmp_path / "broken.json"
    paths["broken"].write_text("{", encoding="utf-8")
    return paths


OTHER = "https://other.example"
BY_URL = ("--jwks-uri", "https://other.example/jwks")
MISTAKES = [
    ("taken", 4, "add", PARTNER, "--purpose", "jwt_bearer", *BY_URL),
    ("no purpose", 1, "add", OTHER, *BY_URL),
    ("unknown purpose", 1, "add", OTHER, "--purpose", "everything", *BY_URL),
    ("no keys", 1, "add", OTHER, "--purpose", "jwt_bearer"),
    ("keys in two ways", 1, "add", OTHER, "--purpose", "jwt_bearer", "--jwks", "good", *BY_URL),
    ("no such file", 1, "add", OTHER, "--purpose", "jwt_bearer", "--jwks", "/nowhere"),
    ("no JSON", 1, "add", OTHER, "--purpose", "jwt_bearer", "--jwks", "broken"),
    ("a private key", 1, "add", OTHER, "--purpose", "jwt_bearer", "--jwks", "private"),
    ("a shared secret", 1, "add", OTHER, "--purpose", "jwt_bearer", "--jwks", "secret"),
    ("no key", 1, "add", OTHER, "--purpose", "jwt_bearer", "--jwks", "empty"),
    ("too many bytes", 1, "add", OTHER, "--purpose", "jwt_bearer", "--jwks", "large"),
    ("plain http", 1, "add", OTHER, "--purpose", "jwt_bearer", "--jwks-uri", "http://o.example/k"),
    ("a fragment", 1, "add", OTHER, "--purpose", "jwt_bearer", "--jwks-uri", "https://o.example#k"),
    ("unknown algorithm", 1, "add", OTHER, "--purpose", "jwt_bearer", "--alg", "none", *BY_URL),
    ("a MAC", 1, "add", OTHER, "--purpose", "jwt_bearer", "--alg", "HS256", *BY_URL),
    ("the realm itself", 1, "add", "http://localhost:9/a", "--purpose", "jwt_bearer", *BY_URL),
    ("a blank", 1, "add", "a b", "--purpose", "jwt_bearer", *BY_URL),
    ("too long", 1, "add", 256 * "a", "--purpose", "jwt_bearer", *BY_URL),
    ("set nothing", 2, "set", PARTNER),
    ("set of none", 3, "set", OTHER, "--alg", "ES256"),
    ("set a MAC", 1, "set", PARTNER, "--alg", "HS256"),
    ("set an unknown purpose", 1, "set", PARTNER, "--purpose", "x"),
    ("show of none", 3, "show", OTHER),
    ("show of a long name", 3, "show", 256 * "a"),
    ("remove of none", 3, "remove", OTHER, "--yes"),
    ("remove without terminal", 1, "remove", PARTNER),
]


def test_issuer(host, keys):
    host.ok("issuer", "add", PARTNER, "--purpose", "subject_token", "--purpose", "jwt_bearer",
            "--purpose", "jwt_bearer", "--jwks", keys["good"])
    for name, code, *words in MISTAKES:
        assert host.fails(code, "issuer", *[keys.get(word, word) for word in words]), name
    shown = host.json("issuer", "show", PARTNER)
    assert shown.pop("created_at") > 0
    assert shown == {"issuer": PARTNER, "purposes": ["subject_token", "jwt_bearer"],
                     "algs": ["RS256", "PS256", "ES256", "EdDSA"],
                     "jwks": json.loads(keys["good"].read_text())}
    host.ok("issuer", "set", PARTNER, "--jwks-uri", f"{PARTNER}/jwks", "--alg", "ES256")
    (listed,) = host.json("issuer", "list")["issuers"]
    assert listed["jwks_uri"] == f"{PARTNER}/jwks" and listed["algs"] == ["ES256"]
    assert listed["purposes"] == ["subject_token", "jwt_bearer"], "what is not named stays"
    assert "jwks" not in host.json("issuer", "show", PARTNER)
    host.ok("issuer", "set", PARTNER, "--purpose", "software_statement", "--jwks", "-",
            stdin=keys["good"].read_text())
    assert "by value" in host.ok("issuer", "list")
    assert "software_statement" in host.ok("issuer", "show", PARTNER)
    code, seen = host.terminal("issuer", "remove", PARTNER, answers=[(PARTNER, "something else")])
    assert code == 1 and host.json("issuer", "list")["issuers"], seen
    code, seen = host.terminal("issuer", "remove", PARTNER, answers=[(PARTNER, PARTNER)])
    assert code == 0 and not host.json("issuer", "list")["issuers"], seen
    events = [row[0] for row in host.query("SELECT event FROM audit WHERE event LIKE 'issuer%'"
                                           " ORDER BY at, id")]
    assert sorted(events) == ["issuer_added", "issuer_changed", "issuer_changed",
                              "issuer_removed"]


LINK_MISTAKES = [
    ("linked already", 4, "link", "bob", PARTNER, "p-1"),
    ("an issuer that is not trusted", 3, "link", "bob", OTHER, "p-1"),
    ("no such user", 3, "link", "carol", PARTNER, "p-2"),
    ("an empty subject", 1, "link", "bob", PARTNER, ""),
    ("a subject of more than 255 bytes", 1, "link", "bob", PARTNER, 256 * "a"),
    ("a line feed in it", 1, "link", "bob", PARTNER, "a\nb"),
    ("no issuer's name", 1, "link", "bob", "a b", "p-2"),
    ("a word is missing", 2, "link", "bob", PARTNER),
    ("somebody else's", 3, "unlink", "bob", PARTNER, "p-1"),
    ("not linked", 3, "unlink", "alice", PARTNER, "p-9"),
    ("nobody's links", 3, "links", "carol"),
]


def test_link(host, keys):
    for name in ("alice", "bob"):
        host.ok("user", "add", name, "--no-password")
    host.ok("issuer", "add", PARTNER, "--purpose", "jwt_bearer", "--jwks", keys["good"])
    host.ok("user", "link", "Alice", PARTNER, "p-1")
    host.ok("user", "link", "alice", PARTNER, "josé")
    for name, code, *words in LINK_MISTAKES:
        assert host.fails(code, "user", *words), name
    links = host.json("user", "links", "alice")["links"]
    assert [(link["issuer"], link["sub"]) for link in links] == [(PARTNER, "josé"),
                                                                (PARTNER, "p-1")]
    assert "p-1" in host.ok("user", "links", "alice")
    assert host.json("user", "links", "bob")["links"] == []
    host.ok("user", "unlink", "alice", PARTNER, "p-1")
    host.ok("user", "link", "bob", PARTNER, "p-1")
    rows = host.query("SELECT event, HEX(account_id), detail FROM audit WHERE event LIKE '%link%'")
    assert sorted(row[0] for row in rows) == ["user_linked", "user_linked", "user_linked",
                                              "user_unlinked"]
    assert all(len(row[1]) == 32 and row[2] == PARTNER for row in rows), "people by id alone"
    host.ok("issuer", "remove", PARTNER, "--yes")
    host.ok("issuer", "add", PARTNER, "--purpose", "jwt_bearer", "--jwks", keys["good"])
    assert host.json("user", "links", "bob")["links"] == [], "links go with their issuer"


def test_links_of_one_person_are_counted(host, keys):
    host.ok("user", "add", "alice", "--no-password")
    host.ok("issuer", "add", PARTNER, "--purpose", "jwt_bearer", "--jwks", keys["good"])
    host.query("INSERT INTO account_link (realm_id, issuer, sub, account_id, created_at)"
               " SELECT realm_id, 'x', seq, id, 1 FROM account, seq_1_to_100")
    assert "100 links" in host.fails(1, "user", "link", "alice", PARTNER, "p-1")
