# SPDX-License-Identifier: ISC
"""The command line as people and scripts use it: every command with its mistakes and JSON."""

import re
import signal
import subprocess
import time

import pytest

from conftest import PROGRAM

REDIRECT = ("--redirect-uri", "https://app.example/cb")


def kids(host, **wanted):
    return [key["kid"] for key in host.json("key", "list")["keys"]
            if all(key[name] == value for name, value in wanted.items())]


# ---- the program itself ----------------------------------------------------------------------


USAGE = [
    ("no command", [], 2),
    ("help", ["--help"], 0),
    ("version", ["--version"], 0),
    ("help of a group", ["client", "--help"], 0),
    ("help of two words", ["client", "secret", "--help"], 0),
    ("help of a command", ["client", "add", "--help"], 0),
    ("help wins over arguments", ["client", "show", "--help"], 0),
    ("unknown command", ["nonsense"], 2),
    ("a group alone", ["realm"], 2),
    ("unknown word of a group", ["realm", "nonsense"], 2),
    ("unknown option", ["realm", "list", "--nonsense"], 2),
    ("unknown option in front", ["--nonsense", "realm", "list"], 2),
    ("option without value", ["realm", "list", "--realm"], 2),
    ("flag with value", ["realm", "list", "--yes=1"], 2),
    ("missing argument", ["client", "show"], 2),
    ("one argument too many", ["client", "show", "a", "b"], 2),
    ("jobs without mode", ["jobs"], 2),
    ("jobs with two modes", ["jobs", "--once", "--loop"], 2),
    ("migrate something else", ["migrate", "down"], 2),
    ("no such shell", ["completion", "tcsh"], 2),
    ("realm add without issuer", ["realm", "add", "x"], 2),
    ("realm set without pair", ["realm", "set", "main"], 2),
    ("realm set without equals", ["realm", "set", "main", "x"], 2),
    ("client add without name", ["client", "add"], 2),
    ("client add --set without equals", ["client", "add", "--name", "x", "--set", "y"], 2),
    ("client edit without edit", ["client", "edit", "x"], 2),
    ("secret add with a bad time", ["client", "secret", "add", "x", "--expires", "soon"], 2),
    ("secret expire with a bad time", ["client", "secret", "expire", "x", "y", "--in", "0"], 2),
    ("user set without change", ["user", "set", "x"], 2),
    ("user claim without equals", ["user", "set", "x", "--claim", "name"], 2),
    ("session end without whom", ["session", "end"], 2),
    ("session end with two", ["session", "end", "--all", "--user", "x"], 2),
    ("explain with a blank", ["explain", "a b"], 2),
]


def test_usage(host):
    for name, words, code in USAGE:
        for form in ([], ["--json"]):
            done = host.run(*words, *form)
            assert done.returncode == code, (name, done.stdout, done.stderr)
            assert code == 0 or done.stderr or not words, name
            assert code != 0 or not done.stderr, name


def test_options_before_and_after(host):
    for words in (["--json", "realm", "list"], ["realm", "list", "--json"],
                  ["--realm=main", "key", "list", "--json"],
                  ["key", "list", "--realm", "main", "--json"]):
        assert host.run(*words).stdout.startswith("{"), words


def test_dashes_end_options(host):
    host.ok("user", "add", "--no-password", "--", "-dash")
    assert "-dash" in host.ok("user", "show", "--json", "--", "-dash")


def test_the_file_may_be_named_by_the_environment(host):
    done = subprocess.run([PROGRAM, "realm", "list"], env={"OSTIARY_CONFIG": str(host.conf)},
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "main" in done.stdout


def test_database_down(host):
    host.write_conf(db_socket=host.folder / "nobody")
    for words in (["realm", "list"], ["migrate", "status"], ["user", "show", "x"]):
        assert "database" in host.fails(5, *words), words


def test_control_characters_are_escaped(host):
    host.ok("user", "add", "eve", "--no-password", "--claim", "name=a\x1b[31mb\nc\u009bd\u202e")
    for words in (["user", "list"], ["user", "show", "eve"]):
        shown = host.ok(*words)
        assert "\\x1b[31mb\\x0ac\\xc2\\x9bd" in shown and "\x1b" not in shown, words


def test_tables_are_aligned(host):
    host.ok("user", "add", "aé漢", "--no-password", "--claim", "name=x")
    host.ok("user", "add", "abcdef", "--no-password", "--claim", "name=x")
    lines = host.ok("user", "list").splitlines()
    # the wide character takes two columns of a terminal
    assert lines[0].index("SUB") == lines[1].index("x") + len("NAME") + 2
    assert lines[2].index("x") == lines[1].index("x") - 1


# ---- migrate ---------------------------------------------------------------------------------


def test_migrate(bare):
    assert "master_key_file" in bare.fails(1, "migrate", "status")
    assert not bare.master.exists()
    made = bare.ok("migrate")
    assert "made the master key" in made and "applied 0001" in made
    assert bare.master.stat().st_mode & 0o077 == 0
    key = bare.master.read_bytes()
    again = bare.json("migrate", "apply")
    assert again["applied"] == [] and bare.master.read_bytes() == key
    assert bare.json("migrate", "status")["pending"] == []


def test_migrate_shows_the_plan_and_changes_nothing(bare):
    bare.master.write_text("00" * 32 + "\n")
    bare.master.chmod(0o600)
    plan = bare.ok("migrate", "plan")
    assert "CREATE TABLE" in plan and "0001_" in plan
    status = bare.json("migrate", "status")
    assert status["version"] == 0 and status["pending"]
    assert bare.query("SHOW TABLES") == []


def test_commands_before_migration_say_what_to_do(bare):
    bare.master.write_text("00" * 32 + "\n")
    bare.master.chmod(0o600)
    assert "ostiary migrate" in bare.fails(1, "realm", "list")


def test_migrate_needs_the_administrator(bare):
    bare.write_conf(db_admin_user="ostiary")
    assert "0001" in bare.fails(1, "migrate")


# ---- realms ----------------------------------------------------------------------------------


def test_which_realm(bare):
    bare.ok("migrate")
    assert "no realm yet" in bare.fails(3, "client", "list")
    bare.ok("realm", "add", "one", "--issuer", "https://one.example")
    bare.ok("client", "list")
    bare.ok("realm", "add", "two", "--issuer", "https://two.example")
    assert "one two" in bare.fails(2, "client", "list")
    assert "one two" in bare.fails(3, "client", "list", "--realm", "three")
    bare.ok("client", "list", "--realm", "two")
    bare.ok("realm", "add", "main", "--issuer", "https://main.example")
    bare.ok("client", "add", "--id", "x", "--name", "x", *REDIRECT)
    assert [c["client_id"] for c in bare.json("client", "list", "--realm", "main")["clients"]] == \
        ["x"]


REALM_MISTAKES = [
    ("taken name", 4, "add", "main", "--issuer", "https://other.example"),
    ("taken issuer", 4, "add", "other", "--issuer", "http://localhost:9/a"),
    ("bad name", 1, "add", "Main!", "--issuer", "https://x.example"),
    ("http", 1, "add", "x", "--issuer", "http://x.example"),
    ("slash", 1, "add", "x", "--issuer", "https://x.example/"),
    ("endpoint name", 1, "add", "x", "--issuer", "https://x.example/token"),
    ("profile", 1, "add", "x", "--issuer", "https://x.example", "--profile", "lax"),
    ("vhost", 1, "add", "x", "--issuer", "https://x.example", "--vhost", "a b"),
    ("display name", 1, "add", "x", "--issuer", "https://x.example", "--display-name", "a\nb"),
    ("show", 3, "show", "nobody"),
    ("set of nobody", 3, "set", "nobody", "code_lifetime=1m"),
    ("unknown setting", 1, "set", "main", "nonsense=1"),
    ("out of range", 1, "set", "main", "code_lifetime=1d"),
    ("bad issuer", 1, "set", "main", "issuer=ftp://x"),
    ("remove of nobody", 3, "remove", "nobody", "--yes"),
    ("remove without terminal", 1, "remove", "main"),
    ("epoch without terminal", 1, "epoch"),
]


def test_realm(host):
    for name, code, *words in REALM_MISTAKES:
        assert host.fails(code, "realm", *words), name
    assert len(host.json("realm", "list")["realms"]) == 1
    host.ok("realm", "set", "display_name=Tür", "vhost=inner", "session_idle=90m",
            "profile=oauth21")
    shown = host.json("realm", "show")
    assert (shown["display_name"], shown["vhost"], shown["profile"]) == ("Tür", "inner", "oauth21")
    assert shown["settings"]["session_idle"] == "90m"
    host.ok("realm", "set", "main", "vhost=", "session_idle=")
    shown = host.json("realm", "show", "main")
    assert "vhost" not in shown and shown["settings"]["session_idle"] == "12h"
    assert "(default)" in host.ok("realm", "show")


def test_realm_set_is_all_or_nothing(host):
    why = host.fails(1, "realm", "set", "session_idle=1h", "code_lifetime=x", "nonsense=1")
    assert len(why.splitlines()) == 2
    assert host.json("realm", "show")["settings"]["session_idle"] == "12h"


def test_an_algorithm_that_is_named_gets_a_key(host):
    assert not kids(host, alg="PS256")
    host.ok("realm", "set", "access_token_alg=PS256")
    assert len(kids(host, alg="PS256", state="active")) == 1
    host.ok("client", "add", "--id", "x", "--name", "x", *REDIRECT, "--set",
            "id_token_signed_response_alg=EdDSA")
    assert len(kids(host, alg="EdDSA", state="active")) == 1


def test_new_keys(host):
    assert sorted((k["alg"], k["state"]) for k in host.json("key", "list")["keys"]) == \
        [("ES256", "active"), ("HS256", "active"), ("RS256", "active")]
    assert 0 < int(kids(host, alg="HS256")[0]) < 2**31


def test_epoch(host):
    before = int(time.time())
    host.ok("realm", "epoch", "--yes")
    assert host.json("realm", "show")["epoch"] >= before


def test_epoch_is_after_the_answer(host):
    """Whoever signs in while the question stands is signed out too."""
    host.ok("user", "add", "alice", "--no-password")
    alice = host.json("user", "show", "alice")["id"]

    def sign_in():
        asked = int(time.time())
        while int(time.time()) < asked + 2:
            time.sleep(0.05)
        add_session(host, 1, alice)
        return "main"

    code, seen = host.terminal("realm", "epoch",
                               answers=[("Type main to confirm: ", sign_in)])
    assert code == 0, seen
    created = int(host.query("SELECT created_at FROM session")[0][0])
    assert created < host.json("realm", "show")["epoch"] <= int(time.time()) + 1


def test_remove_asks_for_the_name(host):
    code, seen = host.terminal("realm", "remove", "main",
                               answers=[("Type main to confirm: ", "Main")])
    assert code == 1 and "not confirmed" in seen
    assert host.json("realm", "list")["realms"]
    code, seen = host.terminal("realm", "remove", "main",
                               answers=[("Type main to confirm: ", "main")])
    assert code == 0, seen
    assert host.json("realm", "list")["realms"] == []
    for table in ("realm_key", "client", "account"):
        assert host.query(f"SELECT COUNT(*) FROM {table}") == [["0"]], table


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
    ("secret remove without terminal", 1, "secret", "remove", "web", "00" * 16),
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
    ("unknown client", 1, "add", "urn:b", "--introspection-client", "nobody"),
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


# ---- keys ------------------------------------------------------------------------------------


def test_rotation(host):
    old = kids(host, alg="ES256")
    assert "published" in host.ok("key", "rotate", "--alg", "ES256")
    assert len(kids(host, alg="ES256", state="next")) == 1
    assert "--now" in host.ok("key", "rotate", "--alg", "ES256")
    assert kids(host, alg="ES256", state="active") == old
    host.query("UPDATE realm_key SET changed_at = changed_at - 3600")
    host.ok("key", "rotate", "--alg", "ES256")
    assert kids(host, alg="ES256", state="retired") == old
    assert not kids(host, alg="ES256", state="next")
    host.ok("key", "rotate", "--now")
    for alg in ("RS256", "ES256", "HS256"):
        assert len(kids(host, alg=alg, state="active")) == 1, alg
    assert "not an algorithm" in host.fails(1, "key", "rotate", "--alg", "none")


def test_retire(host):
    only = kids(host, alg="ES256")[0]
    assert "only active" in host.fails(1, "key", "retire", only)
    assert host.fails(3, "key", "retire", "nobody")
    host.ok("key", "rotate", "--alg", "ES256", "--now")
    assert "cannot be retired" in host.fails(1, "key", "retire", only)


def test_compromise(host):
    kid = kids(host, alg="RS256")[0]
    assert "--yes" in host.fails(1, "key", "compromise", kid)
    assert host.fails(3, "key", "compromise", "nobody", "--yes")
    before = int(time.time())
    code, seen = host.terminal("key", "compromise", kid, answers=[("to confirm: ", kid)])
    assert code == 0 and "every session, grant and token" in seen
    assert kids(host, state="compromised") == [kid]
    assert len(kids(host, alg="RS256", state="active")) == 1
    assert host.json("realm", "show")["epoch"] >= before
    assert "already" in host.fails(1, "key", "compromise", kid, "--yes")


def test_rewrap(host):
    host.ok("realm", "add", "two", "--issuer", "https://two.example")
    assert "previous_master_key_file" in host.fails(1, "key", "rewrap")
    old = host.folder / "old.key"
    host.master.rename(old)
    host.master.write_text("11" * 32)
    host.master.chmod(0o600)
    host.write_conf(previous_master_key_file=old)
    done = host.json("key", "rewrap")
    assert (done["keys"], done["resealed"], done["lost"]) == (6, 6, 0)
    assert host.json("key", "rewrap")["resealed"] == 0
    host.write_conf()
    host.ok("key", "rotate", "--now", "--realm", "main")
    doctor = host.run("doctor", "--no-web")
    assert doctor.returncode == 0, doctor.stdout
    host.master.write_text("22" * 32)
    host.write_conf(previous_master_key_file=old)
    done = host.run("key", "rewrap")
    assert done.returncode == 1 and "cannot be opened" in done.stdout


# ---- sessions --------------------------------------------------------------------------------


def add_session(host, number, account):
    now = int(time.time())
    values = {"id": f"UNHEX('{number:032x}')", "account_id": f"UNHEX('{account}')",
              "realm_id": "(SELECT id FROM realm)", "secret_hash": "UNHEX(REPEAT('00', 32))",
              "auth_epoch": "0", "created_at": now, "activated_at": now,
              "last_seen_at": now, "expires_at": now + 3600, "ended_at": 0,
              "address": "'192.0.2.1'", "user_agent": "'Browser'"}
    host.query(f"INSERT INTO session ({', '.join(values)}) VALUES "
               f"({', '.join(map(str, values.values()))})")


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


# ---- jobs ------------------------------------------------------------------------------------


def test_jobs_once(host):
    assert host.json("jobs", "--once")["report"] == []
    host.query("UPDATE realm_key SET changed_at = changed_at - 91 * 86400")
    report = host.json("jobs", "--once")["report"]
    assert len(report) == 3 and all(line.startswith("main: ") for line in report)
    assert len(kids(host, state="next")) == 2 and len(kids(host, alg="HS256")) == 2
    host.query("UPDATE realm_key SET changed_at = changed_at - 3600")
    host.ok("jobs", "--once")
    assert len(kids(host, state="next")) == 0
    assert len(kids(host, state="retired")) == 3
    host.query("UPDATE realm_key SET changed_at = changed_at - 86401 WHERE state = 'retired'")
    host.ok("jobs", "--once")
    assert len(kids(host, state="archived")) == 2, "a MAC key stays as long as refresh tokens"


def test_jobs_loop_ends_at_once(host):
    host.query("UPDATE realm_key SET changed_at = changed_at - 91 * 86400")
    with subprocess.Popen([PROGRAM, "--config", str(host.conf), "jobs", "--loop"],
                          stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline().startswith("main: ")
        began = time.monotonic()
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
        assert time.monotonic() - began < 2
    host.fails(2, "jobs", "--loop")


# ---- the record ------------------------------------------------------------------------------


def test_every_change_is_recorded_with_the_person(host):
    host.ok("client", "add", "--id", "web", "--name", "W", *REDIRECT)
    host.ok("client", "edit", "web", "--set", "client_name=X")
    host.ok("user", "add", "alice", "--no-password")
    host.ok("scope", "add", "api", "--description", "x")
    host.ok("realm", "set", "session_idle=1h")
    host.ok("key", "rotate", "--now", "--alg", "ES256")
    rows = host.query("SELECT event, actor, detail FROM audit ORDER BY at, id")
    assert [row[0] for row in rows] == ["realm_added", "client_added", "client_changed",
                                        "user_added", "scope_added", "realm_changed",
                                        "key_promoted"]
    assert all(row[1].startswith("admin:") for row in rows)
    assert ["client_changed", rows[0][1], "client_name"] in rows


def test_refused_changes_leave_no_record(host):
    before = host.query("SELECT COUNT(*) FROM audit")
    host.fails(4, "realm", "add", "main", "--issuer", "https://x.example")
    host.fails(3, "user", "disable", "nobody")
    assert host.query("SELECT COUNT(*) FROM audit") == before


# ---- configuration, explain, completion ------------------------------------------------------


def test_config(host):
    assert "in order" in host.ok("config", "check")
    assert "db_socket" in host.ok("config", "show")
    assert "db_socket" in host.ok("config", "reference")
    host.json("config", "check")
    host.write_conf(nonsense="1", db_port="0")
    assert len(host.fails(1, "config", "check").splitlines()) == 2
    assert host.fails(1, "realm", "list")
    host.fails(1, "config", "check", "--config", "/nonexistent")


def test_explain(host):
    record = b"h-abc\ntime=1700000000\nrequest=POST /token\ndetail=a \x1b b\n"
    header = b"ostring1" + (1).to_bytes(8, "little")
    ring = host.state / "failures"
    assert host.fails(3, "explain", "h-abc")
    assert not ring.exists(), "it has to belong to the workers' user"
    ring.write_bytes(header.ljust(4096, b"\0") + record.ljust(1024, b"\0"))
    assert "Operation not permitted" in host.fails(1, "explain", "h-abc")
    ring.chmod(0o600)
    shown = host.ok("explain", "h-abc")
    assert "POST /token" in shown and "2023-11-14 22:13:20Z" in shown and "\x1b" not in shown
    assert host.json("explain", "h-abc")["request"] == "POST /token"
    assert host.fails(3, "explain", "h-ab")


SHELLS = [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])]


@pytest.mark.parametrize("shell,check", SHELLS, ids=[name for name, _ in SHELLS])
def test_completion(host, tmp_path, shell, check):
    script = tmp_path / shell
    script.write_text(host.ok("completion", shell))
    for word in ("realm", "compromise", "--redirect-uri"):
        assert word.lstrip("-") in script.read_text(), word
    try:
        done = subprocess.run([*check, script], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip(f"left out: {shell} is not installed")
    assert done.returncode == 0, done.stderr


BASH_CASES = [
    ("ostiary ", "client"), ("ostiary client ", "secret"), ("ostiary client secret ", "expire"),
    ("ostiary client add --", "--redirect-uri"), ("ostiary --realm main key rotate --", "--now"),
    ("ostiary key r", "rewrap"),
]


def test_bash_completes(host, tmp_path):
    script = tmp_path / "bash"
    script.write_text(host.ok("completion", "bash"))
    for line, wanted in BASH_CASES:
        words = line.split(" ")
        done = subprocess.run(
            ["bash", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ostiary; '
             'echo "${COMPREPLY[@]}"', script, *words], capture_output=True, text=True, check=True)
        assert wanted in done.stdout.split(), line
