# SPDX-License-Identifier: ISC
"""What the checker says of services of kind ldap."""

import subprocess

import pamd
import pytest

GOOD = {"uri": "ldaps://ldap.example.org", "base": "dc=example,dc=org"}

# name: (options that differ, in what is said; None: nothing)
CASES = {
    "as little as possible": ({}, None),
    "several servers": ({"uri": "ldaps://a.example.org:636 ldap://127.0.0.1 ldapi://%2Frun%2Fs"},
                        None),
    "plain to another host": ({"uri": "ldap://ldap.example.org"}, "unencrypted"),
    "the second plain": ({"uri": "ldaps://a.example.org ldap://b.example.org"}, "unencrypted"),
    "plain with StartTLS": ({"uri": "ldap://ldap.example.org", "start_tls": "yes"}, None),
    "loopback": ({"uri": "ldap://127.9.9.9:389 ldap://localhost ldap://[::1]:389"}, None),
    "no loopback": ({"uri": "ldap://127.0.0.1.example.org"}, "unencrypted"),
    "no loopback, numbers": ({"uri": "ldap://127.0.0.1.9"}, "unencrypted"),
    "no loopback, too large": ({"uri": "ldap://127.0.0.999"}, "unencrypted"),
    "localhost of somebody": ({"uri": "ldap://localhost.example.org"}, "unencrypted"),
    "no server": ({"uri": ""}, "names no server"),
    "nine servers": ({"uri": " ".join(["ldaps://a"] * 9)}, "too many"),
    "another scheme": ({"uri": "https://ldap.example.org"}, "no address of a server"),
    "connectionless": ({"uri": "cldap://127.0.0.1"}, "uri: cldap://127.0.0.1"),
    "no host": ({"uri": "ldaps:///"}, "name of a host"),
    "no socket": ({"uri": "ldapi://"}, "%2Fpath"),
    "a base in the address": ({"uri": "ldaps://a/dc=org"}, "options of their own"),
    "no base": ({"base": ""}, "base is empty"),
    "base is no DN": ({"base": "example.org"}, "base is no name"),
    "group_base is no DN": ({"group_base": "groups"}, "group_base is no name"),
    "bind_dn is no DN": ({"bind_dn": "reader", "bind_password_file": "{secret}"},
                         "bind_dn is no name"),
    "bind_dn alone": ({"bind_dn": "cn=a"}, "given together"),
    "its file alone": ({"bind_password_file": "{secret}"}, "given together"),
    "both": ({"bind_dn": "cn=a", "bind_password_file": "{secret}"}, None),
    "an empty password": ({"bind_dn": "cn=a", "bind_password_file": "{empty}"}, "empty"),
    "no such file": ({"bind_dn": "cn=a", "bind_password_file": "/nonexistent"}, "/nonexistent"),
    "no such authority": ({"ca_file": "/nonexistent"}, "ca_file: /nonexistent"),
    "scope": ({"scope": "base"}, "sub or one"),
    "filter for all": ({"filter": "(uid=anna)"}, "filter is the same for everybody"),
    "filter with a DN": ({"filter": "(&(uid=%u)(a=%d))"}, "filter has %d"),
    "group_filter for all": ({"group_filter": "(a=b)"}, "group_filter is the same"),
    "memberOf": ({"group_filter": ""}, None),
    "disabled_filter": ({"disabled_filter": "(nsAccountLock=TRUE)"}, None),
    "disabled_filter, not closed": ({"disabled_filter": "(a=b"}, "disabled_filter is not one"),
    "an id that is no attribute": ({"id_attribute": "entry UUID"}, "names of attributes"),
    "a name that is none": ({"name_attribute": "*"}, "names of attributes"),
    "a group's name that is none": ({"group_name": "(cn)"}, "names of attributes"),
    "claims": ({"claims": "name=cn;lang-de email=mail phone_number=telephoneNumber"}, None),
    "no claims": ({"claims": ""}, None),
    "a claim of ours": ({"claims": "sub=uid"}, "sub=uid is no"),
    "verified by an attribute": ({"claims": "email_verified=x"}, "email_verified=x is no"),
    "a claim's beginning": ({"claims": "nam=cn"}, "nam=cn is no"),
    "a claim without attribute": ({"claims": "name="}, "name= is no"),
    "a claim alone": ({"claims": "name"}, "name is no"),
    "too many claims": ({"claims": "name=cn " * 33}, "too many words"),
}


@pytest.mark.parametrize("name", CASES)
def test_check(name, tmp_path):
    changed, wanted = CASES[name]
    secret, empty, conf = tmp_path / "secret", tmp_path / "empty", tmp_path / "pamd.conf"
    for path, text in ((secret, "secret\n"), (empty, "\n")):
        path.write_text(text, encoding="ascii")
        path.chmod(0o600)
    lines = ["[broker]", "allow_users = 0", "[service d]", "kind = ldap"]
    for option, value in {**GOOD, **changed}.items():
        value = value.replace("{secret}", str(secret)).replace("{empty}", str(empty))
        lines.append(f"{option} =" + "".join("\n   " + word for word in value.split(" "))
                     if option == "claims" else f"{option} = {value}")
    conf.write_text("\n".join([*lines, ""]), encoding="utf-8")
    done = subprocess.run([str(pamd.PROGRAM), "-c", str(conf), "--check"], check=False,
                          capture_output=True, text=True)
    said = done.stdout + done.stderr
    if wanted is None:
        assert done.returncode == 0, said
    else:
        assert done.returncode == 1 and wanted in said, said


def documented():
    """The examples of docs/ldap.md: (heading, lines)."""
    found, heading, lines = [], "", []
    for line in [*(pamd.TOP / "docs/ldap.md").read_text(encoding="utf-8").splitlines(), "end"]:
        if line.startswith("    "):
            lines.append(line.strip())
        elif lines:
            found.append((heading, lines))
            lines = []
        if line.startswith("#"):
            heading = line.lstrip("# ")
    return found


@pytest.mark.parametrize("heading,lines", documented(), ids=lambda value: str(value)[:20])
def test_documented(heading, lines, tmp_path):
    secret, conf = tmp_path / "secret", tmp_path / "pamd.conf"
    secret.write_text("secret\n", encoding="ascii")
    secret.chmod(0o600)
    text = "\n".join(["[broker]", "allow_users = 0", *lines, ""])
    for path in ("/etc/ostiary-pamd/ldap-ca.pem", "/etc/ostiary-pamd/ad-ca.pem", "/etc/ipa/ca.crt",
                 "/etc/ostiary-pamd/ldap-password"):
        text = text.replace(path, str(secret))
    conf.write_text(text, encoding="utf-8")
    done = subprocess.run([str(pamd.PROGRAM), "-c", str(conf), "--check"], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, (heading, done.stdout + done.stderr)
