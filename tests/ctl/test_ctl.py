# SPDX-License-Identifier: ISC
"""The command line as people and scripts use it: the program itself, the schema, realms, keys,
jobs and the record."""

import signal
import subprocess
import time

import pytest

from conftest import PROGRAM, add_session

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
    ("unknown word with options", ["client", "set", "x", "--set", "a=b"], 2),
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


def test_the_first_unknown_word_is_named(host):
    for words in (["client", "set"], ["client", "set", "ops", "--set", "scope=openid"],
                  ["client", "set", "--set=x", "ops"]):
        assert 'no command "client set"' in host.fails(2, *words), words
    assert 'no command "client secret drop"' in host.fails(2, "client", "secret", "drop", "x")


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
    assert "no key nobody" in host.fails(3, "key", "compromise", "nobody")
    before = int(time.time())
    code, seen = host.terminal("key", "compromise", kid, answers=[("to confirm: ", kid)])
    assert code == 0 and "every session, grant and token" in seen
    assert kids(host, state="compromised") == [kid]
    assert len(kids(host, alg="RS256", state="active")) == 1
    assert host.json("realm", "show")["epoch"] >= before
    assert "already" in host.fails(1, "key", "compromise", kid)


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


def test_a_master_key_that_is_not_made_yet(bare):
    assert "`ostiary migrate apply` makes it" in bare.fails(1, "config", "check")
    bare.ok("migrate", "apply")
    bare.ok("config", "check")


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


COMPLETED = [
    ("ostiary ", "client"), ("ostiary client ", "secret"), ("ostiary client secret ", "expire"),
    ("ostiary client add --", "--redirect-uri"), ("ostiary --realm main key rotate --", "--now"),
    ("ostiary key r", "rewrap"),
]


# What each shell does when the tabulator is pressed behind the line: words, one a line or in one.
# zsh's compadd works only while its line editor asks, so it is replaced by one that prints.
PRESS_TAB = {
    "bash": ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ostiary; '
             'echo "${COMPREPLY[@]}"'),
    "zsh": ('words=("$@"); CURRENT=$#; compadd() { [ "$1" != "--" ] || shift; print -r -- "$@"; }; '
            '_files() { : }; source "$0"'),
    "fish": 'source $argv[1]; complete -C (string join -- " " $argv[2..-1])',
}


@pytest.mark.parametrize("shell", PRESS_TAB)
def test_shell_completes(host, tmp_path, shell):
    script = tmp_path / shell
    script.write_text(host.ok("completion", shell))
    quiet = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    for line, wanted in COMPLETED:
        try:
            done = subprocess.run([shell, *quiet, "-c", PRESS_TAB[shell], script, *line.split(" ")],
                                  capture_output=True, text=True, check=True,
                                  env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
        except FileNotFoundError:
            pytest.skip(f"left out: {shell} is not installed")
        assert wanted in done.stdout.split(), (line, done.stdout, done.stderr)
        assert "ostiary" not in done.stdout.split() and not done.stderr, (line, done.stderr)
