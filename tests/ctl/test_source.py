# SPDX-License-Identifier: ISC
"""Sources of people on the command line: what may be written, in which order, and views that are
tried before they count."""

import re

import pytest

from conftest import PROGRAM, TOP

MISTAKES = [
    ("no kind", 2, "kind", "add", "x"),
    ("kind of no such", 1, "its kind", "add", "x", "--kind", "pam"),
    ("name with a capital", 1, "its name", "add", "X", "--kind", "service", "--set", "service=a"),
    ("long name", 1, "its name", "add", "x" * 33, "--kind", "service", "--set", "service=a"),
    ("local of another name", 1, "local", "add", "x", "--kind", "local"),
    ("service called local", 1, "local", "add", "local", "--kind", "service", "--set",
     "service=a"),
    ("no service", 1, "service is missing", "add", "x", "--kind", "service"),
    ("bad service", 1, "service:", "add", "x", "--kind", "service", "--set", "service=../a"),
    ("option of another kind", 1, "no option view", "add", "x", "--kind", "service", "--set",
     "service=a", "--set", "view=a.b"),
    ("no such option", 1, "no option shape", "add", "x", "--kind", "service", "--set",
     "shape=round"),
    ("no value", 2, "OPTION=VALUE", "add", "x", "--kind", "service", "--set", "service"),
    ("bad bool", 1, "true or false", "add", "x", "--kind", "service", "--set", "service=a", "--set",
     "password_first=maybe"),
    ("bad amr", 1, "amr:", "add", "x", "--kind", "service", "--set", "service=a", "--set",
     "amr= "),
    ("amr with a quote", 1, "amr:", "add", "x", "--kind", "service", "--set", "service=a", "--set",
     'amr="x'),
    ("bad acr", 1, "acr:", "add", "x", "--kind", "service", "--set", "service=a", "--set",
     "acr=a b"),
    ("bad rule for addresses", 1, "email:", "add", "x", "--kind", "service", "--set", "service=a",
     "--set", "email=a@b"),
    ("bad domain of addresses", 1, "email:", "add", "x", "--kind", "service", "--set", "service=a",
     "--set", "email=%u@-bad..example"),
    ("bad address", 1, "password_url:", "add", "x", "--kind", "service", "--set", "service=a",
     "--set", "password_url=javascript:x"),
    ("no view", 1, "view is missing", "add", "x", "--kind", "table"),
    ("view without database", 1, "DATABASE.VIEW", "add", "x", "--kind", "table", "--set", "view=v"),
    ("view with a quote", 1, "DATABASE.VIEW", "add", "x", "--kind", "table", "--set", "view=a.b`"),
    ("view that is not there", 1, "GRANT SELECT ON `nowhere`.`people`", "add", "x", "--kind",
     "table", "--set", "view=nowhere.people"),
    ("far place", 1, "position", "add", "x", "--kind", "service", "--set", "service=a",
     "--position", "1000001"),
    ("place that is no number", 2, "--position", "add", "x", "--kind", "service", "--position",
     "first"),
    ("show", 3, "no source x", "show", "x"),
    ("set", 3, "no source x", "set", "x", "--set", "amr=otp"),
    ("set nothing", 2, "set what", "set", "local"),
    ("remove", 3, "no source x", "remove", "x", "--yes"),
]


def sources(host):
    return [s["source"] for s in host.json("source", "list")["sources"]]


def test_mistakes(host):
    for name, code, part, *words in MISTAKES:
        assert part in host.fails(code, "source", *words), name
    assert sources(host) == ["local"]
    assert host.query("SELECT COUNT(*) FROM signin_source") == [["0"]]


def test_source(host):
    host.ok("source", "add", "staff", "--kind", "service", "--set", "service=login", "--set",
            "amr=pwd otp", "--set", "email=%u@example.org")
    assert sources(host) == ["local", "staff"], "own accounts stay the first"
    shown = host.json("source", "show", "staff")
    assert shown["kind"] == "service" and shown["accounts"] == 0
    assert shown["options"]["amr"] == "pwd otp" and shown["options"]["acr"].startswith("urn:")
    assert "exists" in host.fails(4, "source", "add", "staff", "--kind", "service", "--set",
                                  "service=login")
    host.ok("source", "set", "staff", "--set", "amr=", "--set", "password_first=false")
    options = host.json("source", "show", "staff")["options"]
    assert options["amr"] == "pwd" and options["password_first"] == "false"
    host.ok("source", "remove", "local", "--yes")
    assert sources(host) == ["staff"]
    host.ok("source", "remove", "staff", "--yes")
    assert sources(host) == ["local"], "without rows the realm has its own accounts"
    events = [row[0] for row in host.query("SELECT event FROM audit ORDER BY id")]
    assert [e for e in events if e.startswith("source_")] == [
        "source_added", "source_changed", "source_removed", "source_removed"]


def test_names_are_looked_up_before_services_are_asked(host):
    host.ok("source", "add", "staff", "--kind", "service", "--set", "service=login",
            "--position", "20")
    why = host.fails(1, "source", "set", "local", "--position", "30")
    assert "local" in why and "behind the service staff" in why and "--position" in why
    host.ok("source", "set", "local", "--position", "19")
    host.ok("source", "remove", "local", "--yes")
    assert "behind the service" in host.fails(1, "source", "add", "local", "--kind", "local")
    host.ok("source", "add", "local", "--kind", "local", "--position", "1")
    assert sources(host) == ["local", "staff"]


@pytest.fixture(name="ordered")
def fixture_ordered(site):
    """local 0, shop (table) 10, a (service) 15, unix (service) 20; and three people."""
    for name in ("alice", "bob", "eve"):
        site.ok("user", "add", name, "--no-password")
    site.query(f"GRANT SELECT ON {site.name}_site.people TO ostiary@localhost")
    site.ok("source", "add", "a", "--kind", "service", "--set", "service=a", "--position", "15")
    site.ok("source", "add", "unix", "--kind", "service", "--set", "service=b", "--position", "20")
    site.ok("source", "add", "shop", "--kind", "table", "--position", "10", "--set",
            f"view={site.name}_site.people")
    site.ok("source", "set", "local", "--position", "0")
    return site


@pytest.mark.parametrize("name,position,advice", [
    ("unix", 5, "unix needs a --position above 10"),
    ("a", 0, "a needs a --position above 10"),
    ("shop", 17, "shop needs a --position below 15"),
    ("shop", 30, "shop needs a --position below 15"),
    ("local", 16, "local needs a --position below 15")])
def test_advice_is_for_the_source_that_moves(ordered, name, position, advice):
    why = ordered.fails(1, "source", "set", name, "--position", str(position))
    assert why.endswith(advice)


def test_advice_where_there_is_no_room(host):
    host.ok("source", "add", "z", "--kind", "service", "--set", "service=a", "--position", "11")
    host.ok("source", "set", "local", "--position", "1")
    host.ok("source", "remove", "local", "--yes")
    host.ok("source", "set", "z", "--position", "0")
    again = ("source", "add", "local", "--kind", "local", "--position")
    assert "move the services behind it first" in host.fails(1, *again, "1")
    host.ok("source", "set", "z", "--position", "1000000")
    host.ok(*again, "999999")
    host.ok("source", "set", "local", "--position", "1000000")
    assert "move the others in front" in host.fails(1, "source", "set", "z", "--position", "9")


def test_what_cannot_be_is_said_before_it_is_asked(ordered):
    """Without a terminal a question is a failure that names --yes."""
    for name, source in (("alice", "local"), ("bob", "shop"), ("eve", "old")):
        ordered.query(f"UPDATE account SET source = '{source}' WHERE username = '{name}'")
    cases = [
        (1, "no option service", "set", "local", "--set", "service=pam"),
        (1, "nothing.y", "set", "shop", "--set", "view=nothing.y"),
        (1, "DATABASE.VIEW", "set", "shop", "--set", "view=y"),
        (1, "behind the service", "set", "shop", "--set", f"view={ordered.name}_site.people",
         "--position", "30"),
        (4, "exists", "add", "shop", "--kind", "service", "--set", "service=x"),
        (1, "service:", "add", "old", "--kind", "service", "--set", "service=../x"),
    ]
    before = ordered.json("source", "list")
    for code, part, *words in cases:
        why = ordered.fails(code, "source", *words)
        assert part in why and "--yes" not in why, (words, why)
    assert "--yes" in ordered.fails(1, "source", "set", "shop", "--set",
                                    f"view={ordered.name}_site.people"), "that could be"
    assert ordered.json("source", "list") == before


def test_every_option_is_listed(host):
    table = (TOP / "core/model/source.c").read_text(encoding="utf-8")
    options = re.findall(r'^\t\{"(\w+)", [A-Z| ]+, (?:true|false), AT', table, re.M)
    assert len(options) >= 7
    page = (TOP / "docs/man/ostiary.8").read_text(encoding="utf-8")
    page = page.split(".Sh OPTIONS OF SOURCES")[1].split(".Sh ")[0]
    for verb in ("add", "set"):
        told = host.ok("source", verb, "--help").split("options of sources")[1]
        assert re.findall(r"^  (\w+)", told, re.M) == options
        assert "For sources of kind table or service." in told
        assert "Default: pwd." in told
    assert re.findall(r"^\.It Va (\w+)", page, re.M) == options


@pytest.mark.parametrize("words", [("source", "set", "local"), ("resource", "set", "urn:x")])
def test_help_that_is_named_is_there(host, words):
    named = re.search("`(.*)`", host.fails(2, *words))[1].split()
    assert named[0] == "ostiary" and host.ok(*named[1:])


def test_no_text_names_a_command_help():
    for path in (*(TOP / "docs").glob("*.md"), *(TOP / "ctl").glob("*.c")):
        assert "ostiary help" not in path.read_text(encoding="utf-8"), path


@pytest.fixture
def site(host):
    host.query(f"""
        DROP DATABASE IF EXISTS {host.name}_site;
        CREATE DATABASE {host.name}_site;
        CREATE TABLE {host.name}_site.users (n INT PRIMARY KEY, login VARCHAR(60), hash TEXT);
        CREATE VIEW {host.name}_site.people AS
            SELECT n AS id, login AS username, hash AS password FROM {host.name}_site.users;
        CREATE VIEW {host.name}_site.names AS SELECT n AS id, login AS username
            FROM {host.name}_site.users;
        GRANT SELECT ON {host.name}_site.names TO ostiary@localhost""")
    return host


def test_a_view_is_tried_at_once(site):
    def add(view):
        return ("source", "add", "shop", "--kind", "table", "--position", "0", "--set",
                f"view={site.name}_site.{view}")

    why = site.fails(1, *add("people"))
    assert f"GRANT SELECT ON `{site.name}_site`.`people`" in why and "ostiary" in why
    assert "no column password" in site.fails(1, *add("names"))
    site.query(f"GRANT SELECT ON {site.name}_site.people TO ostiary@localhost")
    site.ok(*add("people"))
    assert sorted(sources(site)) == ["local", "shop"]
    assert "GRANT" in site.fails(1, "source", "set", "shop", "--set",
                                 f"view={site.name}_site.users")
    assert site.json("source", "show", "shop")["options"]["view"] == f"{site.name}_site.people"


def test_removing_says_whom_it_meets(host):
    host.ok("user", "add", "alice", "--no-password")
    host.ok("user", "add", "bob", "--no-password")
    host.ok("source", "add", "staff", "--kind", "service", "--set", "service=login")
    code, seen = host.terminal("source", "remove", "local", answers=[("local, 2 accounts", "no")])
    assert code != 0 and sources(host) == ["local", "staff"], seen
    code, seen = host.terminal("source", "remove", "local",
                               answers=[("local, 2 accounts", "local")])
    assert code == 0 and sources(host) == ["staff"], seen
    assert len(host.json("user", "list")["users"]) == 2
