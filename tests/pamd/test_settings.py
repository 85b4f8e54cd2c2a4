# SPDX-License-Identifier: ISC
"""The configuration, what is written from its table, and what the program is made of."""

import re
import subprocess

import pamd
import pytest

GOOD = "[service unix]\nkind = pam\npam_service = login\npam_dir = {dir}\n"
LDAP = ("[service d]\nkind = ldap\nuri = ldaps://a.example\nbase = dc=a\n"
        "bind_dn = cn=b\nbind_password_file = {dir}/secret\n")


def check(path):
    return subprocess.run([pamd.PROGRAM, "-c", path, "--check"], capture_output=True, text=True,
                          check=False)


@pytest.fixture(name="conf")
def make_conf(tmp_path):
    def make(text):
        (tmp_path / "login").write_text("auth required pam_deny.so\n", encoding="ascii")
        path = tmp_path / "pamd.conf"
        path.write_text("[broker]\nallow_users = root\n" + text.replace("{dir}", str(tmp_path)),
                        encoding="utf-8")
        return path
    return make


def test_good_files(conf):
    cases = {
        "the least": GOOD,
        "comments": "# a\n; b\n" + GOOD + "min_uid = 500 ; why\n",
        "two services": GOOD + GOOD.replace("unix", "other_1-x"),
        "a value over several lines": "allow_users = root\n  1000\n\twww-data ; and this\n" + GOOD,
        "a blank line ends a value": GOOD + "min_uid = 5\n   \n",
        "the greatest": "max_conversations = 4096\nprove_seconds = 600\n" + GOOD,
    }
    for name, text in cases.items():
        if text.startswith("allow_users"):
            path = conf(text)
            path.write_text(path.read_text(encoding="utf-8").replace("allow_users = root\n", "", 1),
                            encoding="utf-8")
        else:
            path = conf(text)
        said = check(path)
        assert (said.returncode, said.stderr) == (0, ""), name


def test_mistakes_are_told(conf):
    """With the line, and what to do."""
    cases = {
        "no service": ("", "there is no [service NAME]"),
        "unknown section": ("[other]\n" + GOOD, ":3: unknown section [other]"),
        "broker twice": (GOOD + "[broker]\n", "[broker] is there already"),
        "service twice": (GOOD + GOOD, "[service unix] is there already"),
        "bad service name": ("[service Unix]\nkind = pam\n", "[service Unix] has a bad name"),
        "long service name": (f"[service {'x' * 33}]\n", "has a bad name"),
        "a digit first": ("[service 1pam]\nkind = pam\n", "has a bad name; write at most 32 of"),
        "an underscore first": ("[service _pam]\nkind = pam\n", "a letter first"),
        "no service name": ("[service ]\n", "bad name"),
        "too many services": ("".join(GOOD.replace("unix", f"s{i}") for i in range(17)),
                              "there may be 16 services"),
        "no kind": ("[service x]\n", "[service x] has no kind"),
        "unknown kind": ("[service x]\nkind = nis\n", ":4: kind has a bad value"),
        "kind twice": (GOOD + "kind = pam\n", "kind was given already"),
        "before kind": ("[service x]\nmin_uid = 5\nkind = pam\n", ":4: min_uid stands before kind"),
        "unknown option": ("colour = red\n" + GOOD, ":3: colour is no option of [broker]"),
        "option of the broker": (GOOD + "socket = /s\n", "socket is no option of a service"),
        "option of a service": ("min_uid = 5\n" + GOOD, "min_uid is no option of [broker]"),
        "option twice": (GOOD + "min_uid = 5\nmin_uid = 6\n", ":8: min_uid was given in line 7"),
        "no number": (GOOD + "min_uid = five\n", ":7: min_uid has a bad value; write a number"),
        "root is never let in": (GOOD + "min_uid = 0\n", "write a number from 1"),
        "too great": ("failure_ms = 10001\n" + GOOD, "write a number from 0 to 10000"),
        "no truth": (GOOD + "change_password = maybe\n", "write yes or no"),
        "no path": ("socket = pamd.sock\n" + GOOD, "write an absolute path"),
        "a long socket": (f"socket = /{'x' * 107}\n" + GOOD, "at most 107 bytes"),
        "empty": (GOOD.replace("= login", "="),
                  "pam_service has a bad value; it must not be empty"),
        "nonsense": ("what is this\n" + GOOD, ":3: neither a [section] nor an option"),
        "a long line": (f"socket = {'/x' * 120}\n" + GOOD, ":3: a line of more than 197"),
        "a control character": ("log_target = st\x07derr\n" + GOOD, ":3: a line of more than"),
        "a long value": ("allow_users = x\n" + (" " + "y" * 150 + "\n") * 8 + GOOD,
                         ":2: allow_users"),
        "log target": ("log_target = /var/log/x\n" + GOOD, "write syslog or stderr"),
        "no stack": (GOOD + "[service b]\nkind = pam\npam_service = nothing-such\n",
                     "/etc/pam.d/nothing-such is not there"),
        "a stack that is a path": (GOOD.replace("login", "../login"), "without its folder"),
        "unknown user": ("", "allow_users: nobody-here is not in /etc/passwd"),
    }
    for name, (text, wanted) in cases.items():
        path = conf(text)
        if name == "unknown user":
            path = conf(GOOD)
            path.write_text(path.read_text(encoding="utf-8").replace(
                "allow_users = root", "allow_users = nobody-here"), encoding="utf-8")
        if name == "a long value":
            path.write_text(path.read_text(encoding="utf-8").replace("allow_users = root\n", "", 1),
                            encoding="utf-8")
        said = check(path)
        assert said.returncode == 1, name
        assert wanted in said.stderr, (name, said.stderr)
        assert all(line.startswith(str(path)) for line in said.stderr.splitlines()), name


def test_all_mistakes_at_once(conf):
    said = check(conf("max_per_name = x\n[service a]\nkind = q\n[service b]\n"))
    assert len(said.stderr.splitlines()) == 3, said.stderr
    path = conf("[service b]\nkind = pam\npam_service = nothing-such\n")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("= root", "= nobody-here root not-here"), encoding="utf-8")
    told = check(path).stderr.splitlines()
    assert len(told) == 3, told
    for part in ("nothing-such is not there", "nobody-here is not in", "not-here is not in"):
        assert any(part in line for line in told), told
    path.write_text(text.replace("= root", "="), encoding="utf-8")
    told = check(path).stderr.splitlines()
    assert len(told) >= 2 and "allow_users has a bad value" in told[0], told
    assert len(check(path.parent / "none").stderr.splitlines()) == 1, "no user is judged then"


def test_where_it_is(conf, tmp_path):
    path = conf(GOOD)
    cases = [
        (["--check"], {"OSTIARY_PAMD_CONFIG": str(path)}, 0),
        (["--check"], {"OSTIARY_PAMD_CONFIG": str(tmp_path / "none")}, 1),
        (["-c", str(path), "--check"], {"OSTIARY_PAMD_CONFIG": str(tmp_path / "none")}, 0),
        (["-c", str(tmp_path), "--check"], {}, 1),
        (["-c"], {}, 2), (["--other"], {}, 2), (["--help"], {}, 0),
    ]
    for arguments, env, code in cases:
        said = subprocess.run([pamd.PROGRAM, *arguments], env=env, capture_output=True,
                              check=False)
        assert said.returncode == code, (arguments, said)


def test_reference_and_manual():
    """What is in the tree is what the program prints, and every option is in both."""
    for argument, path in (("--reference", "conf-examples/pamd.conf"),
                           ("--manual", "docs/man/ostiary-pamd.8")):
        said = subprocess.run([pamd.PROGRAM, argument], capture_output=True, text=True, check=True)
        assert said.stdout == (pamd.TOP / path).read_text(encoding="utf-8"), \
            f"{path}: make docs writes it anew"
    options = set(re.findall(r'^\t\{"(\w+)", IN_', (pamd.TOP / "pamd/settings.c").read_text(
        encoding="utf-8"), re.M))
    assert len(options) >= 29
    for path, form in (("conf-examples/pamd.conf", r"^#(\w+) ="),
                       ("docs/man/ostiary-pamd.8", r"^\\fB(\w+)\\fR")):
        text = (pamd.TOP / path).read_text(encoding="utf-8")
        assert options <= set(re.findall(form, text, re.M)), path


def test_the_reference_is_a_configuration(tmp_path):
    """With the # taken away it still is one, but for what the host must have."""
    said = subprocess.run([pamd.PROGRAM, "--reference"], capture_output=True, text=True, check=True)
    text = re.sub(r"^#(\w+ =|\[)", r"\1", said.stdout, flags=re.M)
    (tmp_path / "pamd.conf").write_text(text, encoding="utf-8")
    of_the_host = ("pam.d", "uri names no server", "base", "allow_users")
    for line in check(tmp_path / "pamd.conf").stderr.splitlines():
        assert any(part in line for part in of_the_host), line


def test_what_it_is_linked_with():
    """No library that workers need: the broker holds no keys and speaks no HTTP."""
    said = subprocess.run(["readelf", "-d", pamd.PROGRAM], capture_output=True, text=True,
                          check=True)
    needed = re.findall(r"NEEDED.*\[(.*?)\]", said.stdout)
    allowed = r"lib(pam|ldap-2\.5|ldap|lber-2\.5|lber|inih|c|asan|ubsan)\.so\.\d+"
    assert all(re.fullmatch(allowed, library) for library in needed), needed
    assert "libpam.so.0" in needed
