# SPDX-License-Identifier: ISC
"""People on the command line, and their sessions."""

import subprocess
import time

from conftest import add_session


# ---- people ----------------------------------------------------------------------------------


USER_MISTAKES = [
    ("taken", 4, "", "add", " ALICE ", "--no-password"),
    ("no terminal", 1, "", "add", "bob"),
    ("nothing on standard input", 1, "", "add", "bob", "--password-stdin"),
    ("short password", 1, "1234567\n", "add", "bob", "--password-stdin"),
    ("long password", 1, "x" * 513 + "\n", "add", "bob", "--password-stdin"),
    ("control in password", 1, "1234\x015678\n", "add", "bob", "--password-stdin"),
    ("empty name", 1, "", "add", " ", "--no-password"),
    ("long name", 1, "", "add", "x" * 129, "--no-password"),
    ("bad bool", 1, "", "add", "bob", "--no-password", "--claim", "email_verified=maybe"),
    ("bad number", 1, "", "add", "bob", "--no-password", "--claim", "updated_at=now"),
    ("bad object", 1, "", "add", "bob", "--no-password", "--claim", "address=street"),
    ("bad json", 1, "", "add", "bob", "--no-password", "--claim", "x:={"),
    ("wrong type", 1, "", "add", "bob", "--no-password", "--claim", "name:=1"),
    ("reserved claim", 1, "", "add", "bob", "--no-password", "--claim", "sub=x"),
    ("large claims", 1, "", "add", "bob", "--no-password", "--claim", "x=" + "y" * 17000),
    ("show", 3, "", "show", "nobody"),
    ("passwd", 3, "12345678\n", "passwd", "nobody", "--password-stdin"),
    ("set", 3, "", "set", "nobody", "--claim", "name=x"),
    ("disable", 3, "", "disable", "nobody"),
    ("enable twice", 1, "", "enable", "alice"),
    ("remove", 3, "", "remove", "nobody", "--yes"),
    ("remove without terminal", 1, "", "remove", "alice"),
    ("import of no file", 1, "", "import", "/nonexistent"),
    ("import of nothing", 1, "# nobody\n\n", "import", "-"),
]


def test_user(host):
    host.ok("user", "add", "Alice", "--password-stdin", "--claim", "name=Alice", "--claim",
            "email_verified=true", "--claim", "updated_at=5", "--claim", "x:=[1]",
            "--claim", 'address={"country":"AT"}', stdin="looking-glass\n")
    for name, code, stdin, *words in USER_MISTAKES:
        assert host.fails(code, "user", *words, stdin=stdin), name
    assert [u["username"] for u in host.json("user", "list")["users"]] == ["alice"]
    shown = host.json("user", "show", "alice")
    assert shown["claims"] == {"name": "Alice", "email_verified": True, "updated_at": 5, "x": [1],
                               "address": {"country": "AT"}}
    assert shown["has_password"] and shown["sub"] not in (shown["id"], "alice")
    assert host.query("SELECT LEFT(password, 3) FROM account") == [["$y$"]]
    host.ok("user", "set", "alice", "--claim", "name=A", "--unset-claim", "x")
    claims = host.json("user", "show", "alice")["claims"]
    assert claims["name"] == "A" and "x" not in claims
    host.ok("user", "disable", "alice")
    assert host.json("user", "show", "alice")["enabled"] is False
    host.ok("user", "enable", "alice")
    old = host.query("SELECT password FROM account")
    host.ok("user", "passwd", "alice", "--password-stdin", stdin="another-glass")
    assert host.query("SELECT password FROM account") != old
    assert host.json("user", "list", "--search", "lic")["users"]
    assert not host.json("user", "list", "--search", "bob")["users"]
    host.ok("user", "remove", "alice", "--yes")
    host.fails(3, "user", "show", "alice")


def test_password_is_asked_twice_without_echo(host):
    asked = [("New password: ", "looking-glass"), ("Once more: ", "looking-glass")]
    code, seen = host.terminal("user", "add", "alice", answers=asked)
    assert code == 0 and "looking-glass" not in seen
    assert host.json("user", "show", "alice")["has_password"]
    code, seen = host.terminal("user", "passwd", "alice",
                               answers=[asked[0], ("Once more: ", "other-glass")])
    assert code == 1 and "differ" in seen and "glass" not in seen


def hashed(word="looking-glass"):
    done = subprocess.run(["openssl", "passwd", "-6", "-salt", "abcdefgh", word],
                          capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_import_of_a_thousand(host, tmp_path):
    text = hashed()
    people = tmp_path / "people"
    people.write_text("# from the old system\n" + "".join(
        f'User{i}:{text}:{{"name":"N {i}"}}\n' for i in range(999)) + f"last:{text}")
    done = host.json("user", "import", people)
    assert (done["lines"], done["bad"], done["added"]) == (1000, 0, 1000)
    assert host.json("user", "show", "user500")["claims"] == {"name": "N 500"}
    assert len(host.json("user", "list")["users"]) == 1000
    assert host.query("SELECT COUNT(DISTINCT sub) FROM account") == [["1000"]]


BAD_LINES = [
    ("no colon", "name"),
    ("empty name", ":{hash}"),
    ("unknown kind", "a:$1$abc$defghijk"),
    ("plain password", "a:password"),
    ("claims are no object", "a:{hash}:[1]"),
    ("claims are no JSON", "a:{hash}:{{"),
    ("reserved claim", 'a:{hash}:{{"sub":"x"}}'),
    ("twice", "good:{hash}"),
    ("exists", "alice:{hash}"),
    ("too long", "a:{hash}:" + "x" * 17000),
]


def test_import_tells_every_bad_line(host):
    host.ok("user", "add", "alice", "--no-password")
    lines = ["good:" + hashed()] + [line.format(hash=hashed()) for _, line in BAD_LINES]
    done = host.run("user", "import", "-", stdin="\n".join(lines))
    assert done.returncode == 1
    for number, (name, _) in enumerate(BAD_LINES, start=2):
        assert f"line {number}: " in done.stderr, (name, done.stderr)
    assert "line 1:" not in done.stderr
    assert len(host.json("user", "list")["users"]) == 1
    done = host.json("user", "import", "-", "--skip-bad", stdin="\n".join(lines))
    assert (done["added"], done["bad"]) == (1, len(BAD_LINES))
    assert len(host.json("user", "list")["users"]) == 2


# ---- sessions --------------------------------------------------------------------------------


def test_session(host):
    ids = {}
    for name in ("alice", "bob"):
        host.ok("user", "add", name, "--no-password")
        ids[name] = host.json("user", "show", name)["id"]
    for number, name in enumerate(["alice", "alice", "bob", "bob"], start=1):
        add_session(host, number, ids[name])
    assert len(host.json("session", "list")["sessions"]) == 4
    assert {s["username"] for s in host.json("session", "list", "--user", "bob")["sessions"]} == \
        {"bob"}
    host.ok("session", "end", f"{1:032x}")
    for name, code, *words in [
            ("ended", 3, f"{1:032x}"), ("unknown", 3, "00" * 16), ("bad id", 1, "x"),
            ("nobody", 3, "--user", "nobody"), ("all without terminal", 1, "--all")]:
        assert host.fails(code, "session", "end", *words), name
    assert host.json("session", "end", "--user", "alice")["ended"] == 1
    assert host.json("session", "end", "--all", "--yes")["ended"] == 2
    assert host.json("session", "list")["sessions"] == []
