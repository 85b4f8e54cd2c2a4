# SPDX-License-Identifier: ISC
"""The lint finds what it is for: every rule has a planted violation, and clean files pass."""

import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "make"))

from lint import BANNED, LAYERS, Lint  # noqa: E402  pylint: disable=wrong-import-position

SPDX = "/* SPDX-License-Identifier: ISC */\n"
HEADERS = ["core/base/str.h", "core/http/request.h", "core/oauth/pkce.h", "sql/db.h",
           "core/model/realm.h", "core/jose/jwt.h", "core/authn/next.h", "core/port/realms.h"]


def lint(tmp_path, files, with_format=False):
    for name in HEADERS:
        files = {name: SPDX, **files}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = Lint(tmp_path, tmp_path / "build")
    found.run(with_format)
    return found


CASES = [
    # what it is, file, text, part of the error
    ("an include upwards", "core/base/x.c", '#include "core/http/request.h"\n', "may not include"),
    ("HTTP in the protocol", "core/oauth/x.c", '#include "core/http/request.h"\n',
     "may not include"),
    ("SQL in an endpoint", "core/endpoint/x.c", '#include "sql/db.h"\n', "may not include"),
    ("the protocol in storage", "sql/x.c", '#include "core/oauth/pkce.h"\n', "may not include"),
    ("a spaced include", "core/base/x.c", '#  include "core/http/request.h"\n', "may not include"),
    ("sign-in in administration", "core/manage/x.c", '#include "core/authn/next.h"\n',
     "may not include"),
    ("pamd beyond strings", "pamd/x.c", '#include "core/model/realm.h"\n', "may not include"),
    ("what goes out, beyond its wire", "fetch/x.c", '#include "core/port/realms.h"\n',
     "may not include"),
    ("an unknown folder", "core/other/x.c", '#include "core/base/str.h"\n', "table of layers"),
    ("an include beside", "core/base/x.c", '#include "str.h"\n', "path from the top"),
    ("a missing header", "core/base/x.c", '#include "core/base/gone.h"\n', "does not exist"),
    ("json-c elsewhere", "core/oauth/x.c", "#include <json.h>\n", "only in core/base"),
    ("json-c by its folder", "core/oauth/x.c", "#include <json-c/json.h>\n", "only in core/base"),
    ("OpenSSL elsewhere", "core/oauth/x.c", "#include <openssl/evp.h>\n", "only in"),
    ("TLS in base", "core/base/x.c", "#include <openssl/x509.h>\n", "only in core/jose"),
    ("inih elsewhere", "core/http/x.c", "#include <ini.h>\n", "only in core/conf"),
    ("MariaDB elsewhere", "core/model/x.c", "#include <mysql.h>\n", "only in sql"),
    ("MariaDB by its folder", "core/model/x.c", "#include <mariadb/mysql.h>\n", "only in sql"),
    ("libfcgi elsewhere", "ctl/x.c", "#include <fcgiapp.h>\n", "only in fcgi"),
    ("PAM elsewhere", "fcgi/x.c", "#include <security/pam_appl.h>\n", "only in pamd"),
    ("curl elsewhere", "fcgi/x.c", "#include <curl/curl.h>\n", "only in fetch"),
    ("crypt elsewhere", "core/authn/totp.c", "#include <crypt.h>\n", "only in core/authn/password"),
    ("a call over two lines", "core/base/x.c", "int x = atoi\n(\"1\");\n", "atoi() is not used"),
    ("a call after a comment", "core/base/x.c", "/* fine */ strcpy(a, b);\n", "strcpy() is not"),
    ("no SPDX line", "core/base/y.h", None, "SPDX"),
    ("no SPDX after #!", "make/x.sh", "#!/bin/sh\necho\n", "SPDX"),
    ("a long line", "core/base/x.c", "int " + "x" * 97 + ";\n", "102 columns"),
    ("tabs count eight", "core/base/x.c", "\t" * 12 + "int xx;\n", "103 columns"),
    ("a long table", "core/base/x.c", "/* clang-format off */\n" + "x" * 121 + "\n",
     "at most 120"),
    ("blanks at the end", "core/base/x.c", "int x; \n", "blanks"),
    ("no newline at the end", "core/base/x.c", "int x;", "no newline"),
    ("a TODO", "core/base/x.c", "/* TODO more */\n", "unfinished"),
    ("a fixme in SQL", "sql/schema/x.sql", "-- SPDX-License-Identifier: ISC\n-- fixme\n",
     "unfinished"),
    ("a very long function", "core/base/x.c", "void\nf(void)\n{\n" + "\tg();\n" * 81 + "}\n",
     "a function of 81 lines"),
]


@pytest.mark.parametrize("what,path,text,error", CASES, ids=[case[0] for case in CASES])
def test_planted(tmp_path, what, path, text, error):
    if text is None:
        text = "int x;\n"
    elif path.endswith(".c"):
        text = SPDX + text
    found = lint(tmp_path, {path: text})
    assert len(found.errors) == 1, f"{what}: {found.errors}"
    assert found.errors[0].startswith(f"{path}:") and error in found.errors[0], what


@pytest.mark.parametrize("name", sorted(BANNED))
def test_banned(tmp_path, name):
    found = lint(tmp_path, {"core/http/x.c": f"{SPDX}int x = {name}(y);\n"})
    assert len(found.errors) == 1 and f"{name}() is not used here" in found.errors[0], found.errors


FINE = [
    ("words in a comment", "core/base/x.c", "/* like strcpy(a, b) */\n// system(x)\n"),
    ("words in a text", "core/base/x.c", 'const char *x = "strcpy(a, b) \\" /* ";\nint y;\n'),
    ("a member", "core/base/x.c", "int x = source->random(1) + source.random(2);\n"),
    ("a longer name", "core/base/x.c", "int x = rand_bytes(1) + my_system(2);\n"),
    ("down the layers", "core/oauth/x.c",
     '#include "core/jose/jwt.h"\n#include "core/base/str.h"\n'),
    ("pamd strings", "pamd/x.c", '#include "core/base/str.h"\n'),
    ("base digests", "core/base/x.c", "#include <openssl/evp.h>\n"),
    ("a test of anything", "tests/flow/x.c", "#include <mysql.h>\n"),
    ("exactly 100", "core/base/x.c", "x" * 100 + "\n"),
    ("a table", "core/base/x.c", "/* clang-format off */\n" + "x" * 120 + "\n"),
]


@pytest.mark.parametrize("what,path,text", FINE, ids=[case[0] for case in FINE])
def test_fine(tmp_path, what, path, text):
    assert lint(tmp_path, {path: SPDX + text}).errors == [], what


def test_warnings(tmp_path):
    body = "void\nf(void)\n{\n" + "\tg();\n" * 61 + "}\n"
    found = lint(tmp_path, {"core/base/x.c": SPDX + body, "core/base/y.c": SPDX + "int x;\n" * 500})
    assert found.errors == []
    assert len(found.warnings) == 2
    assert "a function of 61 lines" in found.warnings[0]
    assert "501 lines" in found.warnings[1]


def test_format(tmp_path):
    (tmp_path / ".clang-format").write_text((TOP / ".clang-format").read_text())
    found = lint(tmp_path, {"core/base/x.c": SPDX + "int  x;\n"}, with_format=True)
    assert len(found.errors) == 1 and "clang-format" in found.errors[0]


MUTABLE = [
    ("initialised", "int planted = 1;", True),
    ("zero", "static int planted; int *f(void); int *f(void) { return &planted; }", True),
    ("a counter in a function",
     "int f(void); int f(void) { static int planted; return planted++; }", True),
    ("thread-local", "_Thread_local int planted;", True),
    ("a pointer that is not const", 'const char *planted[] = {"a"};', True),
    ("a constant", "const int planted = 1;", False),
    ("a table of pointers", 'const char *const planted[] = {"a"};', False),
]


@pytest.mark.parametrize("what,text,refused", MUTABLE, ids=[case[0] for case in MUTABLE])
def test_mutable(tmp_path, what, text, refused):
    build = tmp_path / "build"
    build.mkdir()
    (tmp_path / "x.c").write_text(text)
    subprocess.run(["gcc", "-fPIE", "-c", "x.c", "-o", "build/x.o"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "rcs", "build/libx.a", "build/x.o"], cwd=tmp_path, check=True)
    errors = lint(tmp_path, {}).errors
    assert bool(errors) == refused, f"{what}: {errors}"
    if refused:
        assert len(errors) == 1 and "planted" in errors[0] and "libx.a(x.o)" in errors[0], errors


def test_every_core_folder_is_in_the_table():
    folders = [path.name for path in (TOP / "core").iterdir() if path.is_dir()]
    assert [name for name in folders if name not in LAYERS] == []
