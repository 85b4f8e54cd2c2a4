# SPDX-License-Identifier: ISC
"""Initial access tokens for clients that register themselves, where clients came from, and members
of client metadata in several languages."""

import base64
import re
import time

import pytest

REDIRECT = ("--redirect-uri", "https://app.example/cb")
DAY = 86400
MISTAKES = [
    ("no uses", 2, "add", "--uses", "0"),
    ("too many uses", 2, "add", "--uses", "1000000000000"),
    ("uses that are no number", 2, "add", "--uses", "many"),
    ("no duration", 2, "add", "--expires-in", "soon"),
    ("an argument too many", 2, "add", "x"),
    ("nothing to remove", 2, "remove"),
    ("no id", 1, "remove", "xyz"),
    ("an unknown id", 3, "remove", "00" * 16),
]


def tokens(host):
    return host.json("registration", "token", "list")["tokens"]


def test_initial_tokens(host):
    assert tokens(host) == []
    made = host.json("registration", "token", "add", "--uses", "3", "--expires-in", "2d",
                     "--note", "for the wiki team")
    text = made["initial_access_token"]
    assert re.fullmatch(r"ost_it_[A-Za-z0-9_-]{43,}", text) and made["uses"] == 3
    usual = host.json("registration", "token", "add")
    assert usual["uses"] == 1 and abs(usual["expires_at"] - time.time() - 30 * DAY) < 60
    rows = {row["token_id"]: row for row in tokens(host)}
    row = rows[made["token_id"]]
    assert row["uses_left"] == 3 and row["note"] == "for the wiki team"
    assert abs(row["expires_at"] - time.time() - 2 * DAY) < 60
    assert text not in host.ok("registration", "token", "list")
    table = host.ok("registration", "token", "list").splitlines()
    assert table[0].split("  ")[0] == "TOKEN ID" and len(table) == 3
    host.ok("registration", "token", "remove", made["token_id"])
    assert made["token_id"] not in {row["token_id"] for row in tokens(host)}
    events = [row[0] for row in host.query("SELECT event FROM audit ORDER BY id")]
    assert [event for event in events if "initial" in event] == [
        "initial_token_added", "initial_token_added", "initial_token_removed"]


@pytest.mark.parametrize("name,code,words", [(m[0], m[1], m[2:]) for m in MISTAKES],
                         ids=[m[0] for m in MISTAKES])
def test_mistakes(host, name, code, words):
    assert host.fails(code, "registration", "token", *words), name
    assert tokens(host) == []


def test_only_the_digest_is_kept(host):
    text = host.json("registration", "token", "add")["initial_access_token"]
    secret = base64.urlsafe_b64decode(text.removeprefix("ost_it_") + "==")
    stored = b"".join(bytes.fromhex(value) for row in host.query(
        "SELECT HEX(id), HEX(hash) FROM initial_token") for value in row)
    assert stored and secret[-32:] not in stored


def test_a_closed_realm_is_noted(host):
    assert "Registration is closed" in host.ok("registration", "token", "add")
    host.ok("realm", "set", "registration=token")
    assert "Registration is closed" not in host.ok("registration", "token", "add")


def test_where_a_client_came_from(host):
    host.ok("client", "add", "--id", "web", "--name", "Web", *REDIRECT)
    host.ok("client", "add", "--id", "own", "--name", "Own", *REDIRECT)
    host.query("UPDATE client SET source = 'registration' WHERE client_id = 'own'")
    rows = {row["client_id"]: row["source"] for row in host.json("client", "list")["clients"]}
    assert rows == {"web": "admin", "own": "registration"}
    assert host.json("client", "show", "own")["source"] == "registration"
    heads, first, _ = host.ok("client", "list").splitlines()
    at = heads.index("SOURCE")
    assert first[at:].split()[0] == "registration"
    assert re.search(r"^source\W+admin$", host.ok("client", "show", "web"), re.M)


LANGUAGES = [
    (("--set", "client_name#de=Notizbuch"), "client_name#de", "Notizbuch"),
    (("--set", "client_name#de=Notizen"), "client_name#de", "Notizen"),
    (("--set", "tos_uri#pt-BR=https://app.example/br"), "tos_uri#pt-BR", "https://app.example/br"),
    (("--set", "logo_uri#fr=https://app.example/fr.png"), "logo_uri#fr",
     "https://app.example/fr.png"),
    (("--unset", "client_name#de"), "client_name#de", None),
]
LANGUAGE_MISTAKES = [
    ("a member without languages", "redirect_uris#de=https://app.example/"),
    ("no member at all", "something#de=x"),
    ("no language", "client_name#=x"),
    ("no language tag", "client_name#d_e=x"),
    ("not a URL", "policy_uri#de=here"),
]


def test_members_in_languages(host):
    host.ok("client", "add", "--id", "web", "--name", "Notes", *REDIRECT, "--set",
            "client_name#es=Notas")
    assert host.json("client", "show", "web")["client_name#es"] == "Notas"
    for words, name, value in LANGUAGES:
        host.ok("client", "edit", "web", *words)
        shown = host.json("client", "show", "web")
        assert shown.get(name) == value, words
        assert shown["client_name"] == "Notes" and shown["client_name#es"] == "Notas", words
    before = host.json("client", "show", "web")
    for name, pair in LANGUAGE_MISTAKES:
        assert host.fails(1, "client", "edit", "web", "--set", pair), name
    assert host.json("client", "show", "web") == before
