#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The source is tested too: layers, banned calls, mutable globals, form and length.

    make/lint.py [--top DIR] [--build DIR] [--no-format]

Prints FILE:LINE: what is wrong, warnings apart, and exits 1 when there was anything but warnings.
What is allowed stands in the tables below; every exception carries its reason.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

CORE = ["base", "jose", "seal", "conf", "model", "port", "http", "oauth", "authn", "manage",
        "endpoint", "admin"]

# What a layer may include besides itself. The folder is the layer's name, without core/.
LAYERS = {
    "base": [],
    "jose": ["base"],
    "seal": ["base"],
    "conf": ["base"],
    "model": ["base"],
    "port": ["base", "jose", "seal", "conf", "model"],
    "http": ["base", "seal"],
    "oauth": ["base", "jose", "seal", "model", "port"],
    "authn": ["base", "jose", "seal", "model", "port"],
    # hashing a new password and verifying one have one home
    "manage": ["base", "jose", "seal", "model", "port", "authn/password"],
    "endpoint": CORE,
    "admin": CORE,
    "sql": ["base", "model", "port"],
    "fcgi": [*CORE, "sql"],
    "ctl": [*CORE, "sql", "fcgi"],
    # both sides of the socket share one description of its packets; no part that needs OpenSSL
    "pamd": ["base/arena", "base/str", "base/buf", "base/bug", "base/num", "base/log",
             "base/deadline", "port/broker_wire"],
    # both sides of the socket share one description of its packets
    "fetch": ["base", "conf", "port/fetch_wire", "port/confine"],
}

# Who alone includes a foreign header: folders or files.
OWNERS = [
    (r"json(-c/.*)?\.h", ["core/base"]),
    (r"openssl/(evp|sha|hmac|rand|crypto|err|core_names|params)\.h",
     ["core/base", "core/jose", "core/seal"]),
    (r"openssl/.*", ["core/jose", "core/seal"]),
    (r"ini\.h", ["core/conf", "pamd/settings"]),
    (r"(mysql/|mariadb/)?(mysql|mysqld_error|errmsg|mariadb_\w+)\.h", ["sql"]),
    (r"fcgi(app|_stdio|misc)\.h", ["fcgi"]),
    (r"security/.*", ["pamd"]),
    (r"curl/.*", ["fetch"]),
    (r"(ldap|lber)\.h", ["pamd/ldap"]),
    (r"(crypt|argon2)\.h", ["core/authn/password"]),
    (r"qrencode\.h", ["core/http/qr"]),
    (r"seccomp\.h", ["core/port/confine"]),
]

# Tests and measuring programs may include what they measure or compare with.
UNLAYERED = ("tests/",)

# function: what to use instead
BANNED = {
    "strcpy": "buf_* or arena_strdup", "strcat": "buf_*", "sprintf": "snprintf or buf_*",
    "vsprintf": "vsnprintf", "stpcpy": "buf_*", "strncpy": "memcpy with a checked length",
    "strncat": "buf_*", "gets": "fgets", "strtok": "str_*", "strtok_r": "str_*",
    "atoi": "num_*", "atol": "num_*", "atoll": "num_*", "atof": "num_*",
    "strtol": "num_*", "strtoul": "num_*", "strtoll": "num_*", "strtoull": "num_*",
    "strtoimax": "num_*", "strtoumax": "num_*", "strtod": "num_*",
    "sscanf": "num_*", "scanf": "num_*", "fscanf": "num_*", "vsscanf": "num_*",
    "alloca": "the arena", "strdupa": "the arena",
    "rand": "core/base/rand.h", "srand": "core/base/rand.h", "random": "core/base/rand.h",
    "drand48": "core/base/rand.h", "rand_r": "core/base/rand.h",
    "gmtime": "gmtime_r in core/base/clock", "localtime": "UTC through core/base/clock",
    "asctime": "core/base/clock", "ctime": "core/base/clock",
    "system": "fork and execv with a list", "popen": "fork and execv with a list",
    "setjmp": "an early return", "longjmp": "an early return", "sigsetjmp": "an early return",
    "siglongjmp": "an early return",
    "mktemp": "mkstemp", "tmpnam": "mkstemp", "tempnam": "mkstemp",
    "bzero": "memset", "bcopy": "memmove", "bcmp": "memcmp or hash_equal",
    "mysql_query": "a prepared statement", "mysql_real_query": "a prepared statement",
    "mysql_real_escape_string": "a bound value", "mysql_autocommit": "store_transaction",
    "FCGX_FPrintF": "buf_* and one FCGX_PutStr (its %zu aborts the output)",
}

# What a test may use although the programs do not: it runs once, under sanitizers.
TESTS_MAY = {"strncat", "mysql_query", "mysql_real_query"}

# (file pattern, function): why it is right there
BANNED_EXCEPT = {
    (r"core/base/num\.c", "strtoll"): "the wrapper itself",
    (r"core/base/num\.c", "strtoull"): "the wrapper itself",
    (r"core/base/num\.c", "strtoimax"): "the wrapper itself",
    (r"sql/.*", "mysql_real_query"): "statements without values that cannot be prepared",
    (r"sql/.*", "mysql_query"): "statements without values that cannot be prepared",
    (r"core/base/str\.c", "stpcpy"): "joins words into a size that was summed up just before",
}

# (archive, symbol pattern): why this mutable variable of a library is right
MUTABLE_EXCEPT = {
    (r"libbase\.a", r"(sha256|hmac_sha256|fetched)(\.\d+)?"):
        "OpenSSL's digests, fetched once (that takes 2 ms) and never changed again",
}

WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK|STUB)\b|\bfor now\b|\bnot implemented\b", re.I)
SOURCE = (".c", ".h", ".py", ".sh", ".mk", ".sql", ".js", ".css", ".html", ".lua")
WITH_SPDX = (".c", ".h", ".py", ".sh", ".mk", ".sql", ".css", ".lua")
COLUMNS = 100  # not for texts that are sent to browsers
TABLE_COLUMNS = 120  # where a table is aligned by hand, between clang-format off and on
UNMEASURED = (".html", ".css")
FILE_LINES = 500
FUNCTION_LINES, FUNCTION_LINES_MAX = 60, 80
FOLDERS = ["fcgi", "core", "ctl", "pamd", "fetch", "pages", "sql", "conf-examples", "docs", "tests",
           "make"]


def blank_out(text):
    """C text with comments and literals replaced by blanks of the same shape; include names stay
    in the original."""
    pattern = re.compile(
        r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


class Lint:
    def __init__(self, top, build):
        self.top, self.build = pathlib.Path(top), pathlib.Path(build)
        self.errors, self.warnings = [], []

    def error(self, where, line, text):
        self.errors.append(f"{where}:{line}: {text}")

    def warn(self, where, line, text):
        self.warnings.append(f"{where}:{line}: {text}")

    def files(self):
        """(path from the top, text) of every source file."""
        found = []
        for folder in FOLDERS:
            for path in sorted((self.top / folder).rglob("*")):
                inside = str(path.relative_to(self.top))
                if path.suffix in SOURCE and "__pycache__" not in inside and path.is_file():
                    found.append((inside, path.read_text(encoding="utf-8", errors="replace")))
        makefile = self.top / "Makefile"
        if makefile.exists():
            found.append(("Makefile", makefile.read_text(encoding="utf-8")))
        return found

    # -- layers --------------------------------------------------------------------------------

    @staticmethod
    def layer(path):
        parts = path.split("/")
        return parts[1] if parts[0] == "core" and len(parts) > 2 else parts[0]

    def check_include(self, path, line, name, quoted):
        if path.startswith(UNLAYERED):
            return
        if not quoted:
            for pattern, owners in OWNERS:
                if re.fullmatch(pattern, name):
                    if not any(path.startswith(owner) for owner in owners):
                        self.error(path, line, f"<{name}> is included only in "
                                   f"{', '.join(owners)}; others use the headers there")
                    return
            return
        if "/" not in name:
            self.error(path, line, f'"{name}" is named by its path from the top')
            return
        if not (self.top / name).exists():
            self.error(path, line, f'"{name}" does not exist')
        own, other = self.layer(path), self.layer(name)
        if own == other:
            return
        allowed = LAYERS.get(own)
        if allowed is None:
            self.error(path, line, f"the folder {own} is not in the table of layers")
        elif other not in allowed and f"{other}/{pathlib.Path(name).stem}" not in allowed:
            self.error(path, line, f'{own} may not include "{name}"; it may include '
                       f"{', '.join(allowed) or 'nothing'}")

    # -- text of C files -----------------------------------------------------------------------

    def check_c(self, path, text):
        for number, line in enumerate(text.splitlines(), 1):
            found = re.match(r"\s*#\s*include\s*([<\"])([^>\"]+)[>\"]", line)
            if found:
                self.check_include(path, number, found[2], found[1] == '"')
        bare = blank_out(text)
        for found in re.finditer(r"\b([A-Za-z_]\w*)\b", bare):
            name = found[1]
            if name not in BANNED or path.startswith(UNLAYERED) and name in TESTS_MAY:
                continue
            if any(name == n and re.fullmatch(p, path) for p, n in BANNED_EXCEPT):
                continue
            # a call or a function's address; not a member, a field's name or a declaration
            before, after = bare[:found.start()].rstrip(), bare[found.end():].lstrip()
            if before.endswith((".", "->")) or not after.startswith("("):
                continue
            self.error(path, bare.count("\n", 0, found.start()) + 1,
                       f"{name}() is not used here: {BANNED[name]}")
        if path.endswith(".c"):
            self.check_functions(path, bare)

    def check_functions(self, path, bare):
        """With the style's return type on a line of its own, a function begins where a line is "{"
        and ends where one is "}"."""
        start, lines = None, bare.splitlines()
        for number, line in enumerate(lines, 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                length, start_line = number - start - 1, start
                start = None
                if length > FUNCTION_LINES_MAX:
                    self.error(path, start_line, f"a function of {length} lines; at most "
                               f"{FUNCTION_LINES_MAX}")
                elif length > FUNCTION_LINES:
                    self.warn(path, start_line, f"a function of {length} lines")

    # -- any text ------------------------------------------------------------------------------

    def check_text(self, path, text):
        lines = text.splitlines()
        suffix = pathlib.Path(path).suffix
        if suffix in WITH_SPDX or path == "Makefile":
            first = lines[1] if len(lines) > 1 and lines[0].startswith("#!") else (lines or [""])[0]
            if "SPDX-License-Identifier: ISC" not in first:
                self.error(path, 1, "the first line is the SPDX line")
        columns = COLUMNS
        for number, line in enumerate(lines, 1):
            if "clang-format off" in line and suffix in (".c", ".h"):
                columns = TABLE_COLUMNS
            elif "clang-format on" in line:
                columns = COLUMNS
            width = len(line.expandtabs(8))
            if width > columns and suffix not in UNMEASURED:
                self.error(path, number, f"{width} columns; at most {columns}")
            if line != line.rstrip() and suffix != ".html":
                self.error(path, number, "blanks at the end of the line")
            if WORDS.search(line) and path not in ("make/lint.py", "tests/lint/test_lint.py"):
                self.error(path, number, "unfinished work is not marked, it is finished: "
                           + WORDS.search(line)[0])
        if text and not text.endswith("\n"):
            self.error(path, len(lines), "no newline at the end of the file")
        if len(lines) > FILE_LINES and suffix in (".c", ".h"):
            self.warn(path, 1, f"{len(lines)} lines; past {FILE_LINES} a file wants to be two")

    # -- archives ------------------------------------------------------------------------------

    def check_archives(self):
        """Mutable file-scope variables of libraries: symbols in .data, .bss or common. Constant
        data with pointers lies in .data.rel.ro, which is read-only after relocation."""
        for archive in sorted(self.build.glob("lib*.a")):
            listing = subprocess.run(["objdump", "-t", str(archive)], capture_output=True,
                                     text=True, check=True).stdout
            member = archive.name
            for line in listing.splitlines():
                if line.endswith(("file format elf64-x86-64", "file format elf64-littleaarch64")):
                    member = line.split(":")[0]
                found = re.match(r"[0-9a-f]+ (.{7}) (\.t?(?:data|bss)[.\w]*|\*COM\*)\t"
                                 r"[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
                if not found or found[2].startswith(".data.rel.ro"):
                    continue
                if found[2] == found[3] or "d" in found[1][5:6]:  # the section itself
                    continue
                if any(re.fullmatch(a, archive.name) and re.fullmatch(s, found[3])
                       for a, s in MUTABLE_EXCEPT):
                    continue
                self.error(f"{archive.name}({member})", 0,
                           f"the variable {found[3]} in {found[2]} can change; libraries hold no "
                           "such state")

    # -- form ----------------------------------------------------------------------------------

    def check_format(self, paths):
        try:
            done = subprocess.run(["clang-format", "--dry-run", "-Werror", "--ferror-limit=3",
                                   *paths], cwd=self.top, capture_output=True, text=True,
                                  check=False)
        except FileNotFoundError:
            self.error("clang-format", 0, "is not installed (make/packages.sh test)")
            return
        for line in done.stderr.splitlines():
            found = re.match(r"(.*?):(\d+):\d+: error: (.*)", line)
            if found:
                self.error(found[1], found[2], f"{found[3]} (clang-format -i {found[1]})")

    def run(self, with_format=True):
        files = self.files()
        for path, text in files:
            self.check_text(path, text)
            if path.endswith((".c", ".h")):
                self.check_c(path, text)
        self.check_archives()
        if with_format:
            self.check_format([path for path, _ in files if path.endswith((".c", ".h"))])
        return len(files)


def main():
    top = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(prog="make/lint.py")
    parser.add_argument("--top", default=top)
    parser.add_argument("--build", default=None)
    parser.add_argument("--no-format", action="store_true")
    given = parser.parse_args()
    lint = Lint(given.top, given.build or
                pathlib.Path(given.top) / os.environ.get("OSTIARY_BUILD", "build"))
    count = lint.run(not given.no_format)
    for text in lint.warnings:
        print("warning: " + text)
    for text in lint.errors:
        print(text, file=sys.stderr)
    print(f"lint: {count} files, {len(lint.errors)} errors, {len(lint.warnings)} warnings")
    return 1 if lint.errors else 0


if __name__ == "__main__":
    sys.exit(main())
