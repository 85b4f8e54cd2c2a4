# SPDX-License-Identifier: ISC
"""The manual pages hold exactly what the tables of the program hold."""

import re
import subprocess

import pytest

from conftest import PROGRAM, TOP

PAGES = [("man", "ostiary.8"), ("conf", "ostiary.conf.5")]


def printed(part):
    return subprocess.run([PROGRAM, "reference", part], capture_output=True, text=True,
                          check=True).stdout


@pytest.mark.parametrize("part,page", PAGES)
def test_page_is_what_the_program_prints(part, page):
    stored = (TOP / "docs/man" / page).read_text(encoding="utf-8")
    assert stored == printed(part), "run `make docs`"


@pytest.mark.parametrize("part,page", PAGES)
def test_page_is_clean(part, page):
    try:
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", TOP / "docs/man" / page],
                              capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("left out: mandoc is not installed")
    assert done.returncode == 0, (part, done.stdout)


def read_parameters():
    """The names of parameters that the code asks a form for."""
    found = set()
    for folder in ("core/oauth", "core/endpoint"):
        for path in (TOP / folder).rglob("*.c"):
            text = path.read_text(encoding="utf-8")
            found |= set(re.findall(r'form_(?:get|count)\(\s*[^,;]+,\s*"(\w+)"', text))
    return found


# Fields of our own pages' forms, and what only makes an error clearer.
PAGE_FIELDS = {"conversation", "sequence", "action", "flow", "password", "username"}
NOT_OFFERED = {"code_challenge_algo", "registration", "request"}


@pytest.mark.parametrize("part", ["endpoints", "metadata", "settings"])
def test_pages_are_what_the_program_prints(part):
    stored = (TOP / f"docs/{part}.md").read_text(encoding="utf-8")
    assert stored == printed(part), "run `make docs`"
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert f"(docs/{part}.md)" in readme, "people find it"


def test_links_between_the_pages():
    assert {"metadata.md", "settings.md"} <= set(re.findall(r"\]\((\w+\.md)", printed("endpoints")))
    for part in ("endpoints", "metadata", "settings"):
        for page, anchor in re.findall(r"\]\((\w+\.md)(?:#([\w/]+))?\)", printed(part)):
            text = (TOP / "docs" / page).read_text(encoding="utf-8")
            assert not anchor or f'<a id="{anchor}">' in text, (part, page, anchor)


def test_who_may_set_a_member():
    rows = [[cell.strip() for cell in line.split("|")[1:4]]
            for line in printed("metadata").splitlines() if line.startswith("| `")]
    said = {name.strip("`"): (who, languages) for name, who, languages in rows}
    for name, wanted in {"redirect_uris": ("anybody", "no"), "client_name": ("anybody", "yes"),
                         "tos_uri": ("anybody", "yes"), "first_party": ("administrator", "no"),
                         "introspection": ("administrator", "no"),
                         "exchange_clients": ("administrator", "no")}.items():
        assert said[name] == wanted, name


def test_endpoints_name_every_parameter():
    named = set(re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", printed("endpoints"), re.M))
    missing = read_parameters() - named - PAGE_FIELDS - NOT_OFFERED
    assert not missing, "core/endpoint/reference.c lacks these"


def test_endpoints_name_every_public_route():
    routes = set(re.findall(r'^\t\{"(/[^"]+)"', (TOP / "core/endpoint/routes.c").read_text(
        encoding="utf-8"), re.M))
    pages = {"/signin", "/signin/answer", "/signin/wait/", "/consent", "/select", "/signout",
             "/static/"}
    named = set(re.findall(r"^\| \[`(/[^`]+)`\]", printed("endpoints"), re.M))
    assert named == routes - pages


def commands():
    """Every command, found by walking the help."""
    groups, found = re.findall(r"^  ([a-z]+) ", subprocess.run(
        [PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout, re.M), []
    for group in groups:
        text = subprocess.run([PROGRAM, group, "--help"], capture_output=True, text=True,
                              check=True).stdout
        found += re.findall(r"^  ostiary ((?:[a-z]+ ?)+?)(?= [^a-z]| [a-z]+\||$)", text, re.M)
    return found


def test_every_command_is_in_the_page():
    page, names = printed("man"), commands()
    assert len(names) > 40
    for name in names:
        assert re.search(rf"^\.It Cm {name}\b", page, re.M), name
    assert len(re.findall(r"^\.It Cm ", page.split(".Sh SETTINGS")[0], re.M)) == len(names)
    assert "reference" not in names


def test_pages_name_commands_that_there_are():
    names, found = commands(), 0
    for path in (*(TOP / "docs").rglob("*.md"), TOP / "README.md"):
        text = path.read_text(encoding="utf-8")
        for words in re.findall(r"(?:^|`|sudo )ostiary ([a-z][a-z ]*)", text, re.M):
            found += 1
            known = any(f"{words} ".startswith(f"{name} ") for name in names)
            group = any(name.startswith(f"{words.strip()} ") for name in names)
            assert known or group, (path.name, words)
    assert found > 80


def test_every_option_is_in_the_conf_page(tmp_path):
    reference = subprocess.run([PROGRAM, "config", "reference"], capture_output=True, text=True,
                               check=True).stdout
    names = re.findall(r"^[#; ]*([a-z_]+) *=", reference, re.M)
    page = printed("conf")
    assert names and all(f".It Va {name} " in page for name in names)
    assert page.count(".It Va ") == len(set(names)), tmp_path


@pytest.mark.parametrize("part", ["settings", "metadata"])
def test_lists(part):
    rows = [line for line in printed(part).splitlines() if line.startswith("| `")]
    page = printed("man")
    assert rows
    for row in rows:
        name = row.split("`")[1]
        assert re.search(rf"^\.It Va {name}\b", page, re.M), name
