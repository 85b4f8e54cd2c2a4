# SPDX-License-Identifier: ISC
"""Sign-in and look-ups of a directory, with a real slapd."""

import base64
import pathlib
import shutil
import socket
import tempfile
import time

import pytest
import slapd as ldap
from directory import Mute, options
from outside import Authority

LONG_NAME = "x" * 128

PEOPLE = "".join([
    ldap.person("alice", "givenName: Alice", "mail: alice@example.org", "mail: a@example.org",
                "title:: " + base64.b64encode(b"two\nlines").decode()),
    ldap.person("bob", "objectClass: extensibleObject",
                "objectGUID:: " + base64.b64encode(bytes([0, 255, 10, *range(65, 78)])).decode()),
    ldap.person("carol", "employeeType: left"),
    ldap.person("j*n", name="Star"), ldap.person("(x)", name="Parentheses"),
    ldap.person("jörg", name="Jörg", password="jörg secret"),
    ldap.person("john doe", password="john secret"),
    ldap.person("twin", "mail: twin@example.org"),
    ldap.entry(f"cn=second,ou=people,{ldap.SUFFIX}", "objectClass: inetOrgPerson", "cn: second",
               "sn: Second", "uid: twin", "userPassword: twin secret"),
    ldap.entry(f"uid=nopassword,ou=people,{ldap.SUFFIX}", "objectClass: inetOrgPerson",
               "uid: nopassword", "cn: No", "sn: Password"),
    ldap.person("hidden", place="hidden"),
    ldap.entry(f"uid=elsewhere,ou=people,{ldap.SUFFIX}", "objectClass: referral",
               "objectClass: extensibleObject", "uid: elsewhere",
               f"ref: ldap://127.0.0.1:1/uid=elsewhere,ou=people,{ldap.SUFFIX}"),
])
GROUPS = "".join([
    ldap.group("staff", "alice", "bob"), ldap.group("admins", "alice"),
    ldap.group("secret", "alice", place="others"),
])


@pytest.fixture(name="folder", scope="module")
def make_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ldap."))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(name="authority", scope="module")
def make_authority(folder):
    return Authority(folder)


@pytest.fixture(name="slapd", scope="module")
def make_slapd(folder, authority):
    with ldap.Slapd(folder / "one", authority, PEOPLE) as slapd:
        slapd.add(GROUPS)  # memberOf is written by changes alone
        yield slapd


def ask(one, username, password, service="d"):
    talk = one.talk()
    talk.start(username, password, services=[service])
    return talk.settle()


def look(one, username, service="d", key=None):
    """A look-up whose answer may be late."""
    end = time.monotonic() + 60
    while True:
        answer = one.lookup(username, service, key)
        if answer.found != "DOWN" or answer.why and "takes its time" not in answer.why:
            return answer
        assert time.monotonic() < end, answer
        time.sleep(0.02)


# name: (user name, password, verdict, in why)
SIGN_INS = {
    "right": ("alice", "alice secret", "RIGHT", None),
    "wrong": ("alice", "bob secret", "WRONG", "Invalid credentials"),
    "empty": ("alice", "", "WRONG", "empty"),
    "unknown": ("nobody", "nobody secret", "WRONG", "no entry"),
    "unknown with an empty password": ("nobody", "", "WRONG", "empty"),
    "everybody": ("*", "alice secret", "WRONG", "no entry"),
    "a prefix": ("ali*", "alice secret", "WRONG", "no entry"),
    "another filter": ("alice)(uid=*", "alice secret", "WRONG", "no entry"),
    "closed and opened": (")(uid=*", "alice secret", "WRONG", "no entry"),
    "or": ("x)(|(uid=alice)", "alice secret", "WRONG", "no entry"),
    "a NUL in words": ("alice\\00", "alice secret", "WRONG", "no entry"),
    "an escape in words": ("\\61lice", "alice secret", "WRONG", "no entry"),
    "a variable in the name": ("%u", "alice secret", "WRONG", "no entry"),
    "a star that is meant": ("j*n", "j*n secret", "RIGHT", None),
    "parentheses that are meant": ("(x)", "(x) secret", "RIGHT", None),
    "UTF-8": ("jörg", "jörg secret", "RIGHT", None),
    "not that letter": ("jorg", "jörg secret", "WRONG", "no entry"),
    # directories take these for alike; each would be another name for who counts failures
    "wide letters": ("\uff41lice", "alice secret", "WRONG", "written"),
    "mathematical letters": ("\U0001d41alice", "alice secret", "WRONG", "written"),
    "a letter in two parts": ("jo\u0308rg", "jörg secret", "WRONG", "written"),
    "a capital letter": ("jÖrg", "jörg secret", "WRONG", "written"),
    "a blank that is meant": ("john doe", "john secret", "RIGHT", None),
    "two blanks": ("john  doe", "john secret", "WRONG", "written"),
    "a blank before": (" john doe", "john secret", "WRONG", "written"),
    "a long name": (LONG_NAME, "alice secret", "WRONG", "no entry"),
    "two of the name": ("twin", "twin secret", "WRONG", "more than one"),
    "an entry without a password": ("nopassword", "x", "WRONG", "Invalid"),
    "an entry elsewhere": ("elsewhere", "x", "WRONG", "no entry"),
    "outside of base": ("hidden", "hidden secret", "WRONG", "no entry"),
    "nobody's own name and password": ("ostiary-nobody", "nobody", "WRONG", "no entry"),
}


def test_sign_in(broker, slapd, folder):
    one = broker({"d": options(slapd, folder)}, failure_ms=0)
    for case, (username, password, verdict, why) in SIGN_INS.items():
        state = ask(one, username, password)
        assert (state.status, state.verdict) == ("DONE", verdict), (case, state)
        assert (state.why is None) if why is None else why in state.why, (case, state.why)
        if verdict == "RIGHT":
            assert state.person.username == username, case


def test_prompt(broker, slapd, folder):
    one = broker({"d": options(slapd, folder)}, failure_ms=0)
    talk = one.sign_in("alice", services=["d"])
    assert talk.state.prompts == [("OFF", "Password:")] and talk.state.phase == "AUTHENTICATE"
    talk.respond("alice secret")
    assert talk.settle().verdict == "RIGHT"
    talk = one.sign_in("alice", services=["d"])
    talk.respond("")
    assert talk.settle().verdict == "WRONG"


def test_other_names(broker, slapd, folder):
    """Names that are not of the name attribute are compared with what the filter looks at."""
    either = options(slapd, folder, filter="(|(uid=%u)(cn=%u)(o=%u))")
    one = broker({"d": either}, failure_ms=0)
    assert ask(one, "jörg", "jörg secret").verdict == "RIGHT"
    one = broker({"d": options(slapd, folder, filter="(cn=%u)")}, failure_ms=0)
    assert ask(one, "Jörg", "jörg secret").verdict == "RIGHT"
    assert ask(one, "J\uff4frg", "jörg secret").verdict == "WRONG"


def test_no_text(broker, slapd, folder):
    one = broker({"d": options(slapd, folder)}, failure_ms=0)
    state = ask(one, "ali\x01ce", "alice secret")
    assert state.verdict == "WRONG" and "no entry" not in state.why
    for name in (b"alice\xff", "ali\x01ce"):
        answer = look(one, name)
        assert answer.found == "NONE" and "no entry" not in answer.why, name


def test_person(broker, slapd, folder):
    one = broker({
        "d": options(slapd, folder),
        "all": options(slapd, folder, email_verified="yes", filter="(|(uid=%u)(mail=%u))",
                       claims="email=mail nickname=title preferred_username=cn gender=carLicense"),
        "entry": options(slapd, folder, group_filter=""),
        "names": options(slapd, folder, group_base=f"{ldap.SUFFIX}",
                         group_filter=f"(&(objectClass=groupOfNames)(member=uid=%u,ou=people,"
                                      f"{ldap.SUFFIX}))"),
        "none": options(slapd, folder, group_base=None),
    })
    state = ask(one, "ALICE", "alice secret")
    assert state.verdict == "RIGHT", state
    assert state.person.username == "alice"
    assert state.person.key == slapd.read(ldap.dn_of("alice"), "entryUUID")
    assert state.person.claims == {
        "preferred_username": "alice", "name": "Alice Doe", "given_name": "Alice",
        "family_name": "Doe", "email": "alice@example.org", "email_verified": "false"}
    assert sorted(state.person.groups) == ["admins", "staff"]
    assert ask(one, "bob", "bob secret").person.groups == ["staff"]
    person = ask(one, "alice@example.org", "alice secret", "all").person
    assert person.username == "alice"
    assert person.claims == {"email": "alice@example.org", "email_verified": "true",
                             "preferred_username": "Alice Doe"}, "a text of two lines is no claim"
    assert sorted(ask(one, "alice", "alice secret", "entry").person.groups) == ["admins", "staff"]
    assert sorted(ask(one, "alice", "alice secret", "names").person.groups) == [
        "admins", "secret", "staff"]
    assert ask(one, "alice", "alice secret", "none").person.groups == []


def test_keys(broker, slapd, folder):
    one = broker({
        "missing": options(slapd, folder, id_attribute="carLicense"),
        "two": options(slapd, folder, id_attribute="mail"),
        "nameless": options(slapd, folder, name_attribute="carLicense"),
        "lines": options(slapd, folder, name_attribute="title"),
    })
    for service, verdict, why in (("missing", "UNAVAILABLE", "no single carLicense"),
                                  ("two", "UNAVAILABLE", "no single mail"),
                                  ("nameless", "DENIED", "no usable carLicense"),
                                  ("lines", "DENIED", "no usable title")):
        state = ask(one, "alice", "alice secret", service)
        assert state.verdict == verdict and why in state.why, (service, state)
        assert ask(one, "alice", "wrong", service).verdict == "WRONG", service
        assert look(one, "alice", service).found == "DOWN", service


def test_binary_key(broker, slapd, folder):
    one = broker({"d": options(slapd, folder, id_attribute="objectGUID")}, failure_ms=0)
    key = "00ff0a" + bytes(range(65, 78)).hex()
    assert ask(one, "bob", "bob secret").person.key == key
    assert look(one, "bob", key=key).found == "FOUND"


def test_lookup(broker, slapd, folder):
    one = broker({"d": options(slapd, folder, disabled_filter="(employeeType=left)")})
    found = look(one, "alice")
    assert found.found == "FOUND" and sorted(found.person.groups) == ["admins", "staff"]
    assert found.person.claims["email"] == "alice@example.org"
    assert look(one, "alice", key=found.person.key).found == "FOUND"
    assert look(one, "alice", key="another").found == "NONE"
    for name in ("nobody", "*", "ali*", ")(uid=*", "hidden"):
        assert look(one, name).found == "NONE", name
    assert look(one, "twin").found == "DOWN", "somebody has the name, but nobody knows who"
    assert look(one, "carol").found == "LOCKED"


def test_disabled(broker, slapd, folder):
    one = broker({"d": options(slapd, folder, disabled_filter="(employeeType=left)"),
                  "dn": options(slapd, folder, disabled_filter="(&(uid=%u)(entryDN=%d))")},
                 failure_ms=0)
    state = ask(one, "carol", "carol secret")
    assert state.verdict == "DENIED" and "disabled_filter" in state.why
    assert ask(one, "carol", "wrong").verdict == "WRONG"
    assert ask(one, "alice", "alice secret").verdict == "RIGHT"
    assert ask(one, "alice", "alice secret", "dn").verdict == "DENIED"


def test_made_anew(broker, slapd, folder):
    one = broker({"d": options(slapd, folder)}, failure_ms=0)
    slapd.add(ldap.person("dora"))
    key = ask(one, "dora", "dora secret").person.key
    assert look(one, "dora", key=key).found == "FOUND"
    slapd.remove(ldap.dn_of("dora"))
    assert look(one, "dora", key=key).found == "NONE"
    assert ask(one, "dora", "dora secret").verdict == "WRONG"
    slapd.add(ldap.person("dora"))
    assert look(one, "dora", key=key).found == "NONE", "the name belongs to another person now"
    assert ask(one, "dora", "dora secret").person.key not in (None, key)
    slapd.remove(ldap.dn_of("dora"))


def test_too_many_groups(broker, slapd, folder):
    one = broker({"d": options(slapd, folder), "entry": options(slapd, folder, group_filter="")})
    slapd.add(ldap.person("erna"))
    slapd.add("".join(ldap.group(f"g{i:03}", "erna") for i in range(512)))
    for service in ("d", "entry"):
        assert len(ask(one, "erna", "erna secret", service).person.groups) == 512
    slapd.add(ldap.group("one-more", "erna"))
    for service in ("d", "entry"):
        state = ask(one, "erna", "erna secret", service)
        assert state.verdict == "DENIED" and "too many groups" in state.why, state
    slapd.remove(f"cn=one-more,ou=groups,{ldap.SUFFIX}")
    slapd.add(ldap.group("x" * 129, "erna"))
    slapd.remove(f"cn=g000,ou=groups,{ldap.SUFFIX}")
    for service in ("d", "entry"):
        assert ask(one, "erna", "erna secret", service).verdict == "DENIED"


def test_search_account(broker, slapd, folder):
    bad = folder / "bad"
    bad.write_text("wrong\n", encoding="ascii")
    bad.chmod(0o600)
    one = broker({
        "bad": options(slapd, folder, bind_password_file=bad),
        "anonymous": options(slapd, folder, bind_dn=None, bind_password_file=None),
        "base": options(slapd, folder, base=f"ou=nothing,{ldap.SUFFIX}"),
        "groups": options(slapd, folder, group_base=f"ou=nothing,{ldap.SUFFIX}"),
        "filter": options(slapd, folder, filter="(&(uid=%u)(=))"),
    })
    for service in ("bad", "base", "groups", "filter", "anonymous"):
        assert ask(one, "alice", "alice secret", service).verdict == "UNAVAILABLE", service
        assert look(one, "alice", service).found == "DOWN", service


def test_anonymous_search(broker, folder):
    with ldap.Slapd(folder / "open", None, PEOPLE, others="read") as slapd:
        one = broker({"d": options(slapd, folder, bind_dn=None, bind_password_file=None),
                      "socket": options(slapd, folder, uri=slapd.socket_url)}, failure_ms=0)
        for service in ("d", "socket"):
            assert ask(one, "alice", "alice secret", service).verdict == "RIGHT"
            assert ask(one, "alice", "", service).verdict == "WRONG"
            assert ask(one, "alice", "wrong", service).verdict == "WRONG"


def test_tls(broker, slapd, folder, authority):
    other = Authority(folder, "other")
    with ldap.Slapd(folder / "named", authority, PEOPLE, names="DNS:ldap.example.org") as named:
        one = broker({
            "tls": options(slapd, folder, uri=slapd.tls_url, ca_file=authority.file),
            "start": options(slapd, folder, start_tls="yes", ca_file=authority.file),
            "foreign": options(slapd, folder, uri=slapd.tls_url, ca_file=other.file),
            "foreign-start": options(slapd, folder, start_tls="yes", ca_file=other.file),
            "system": options(slapd, folder, uri=slapd.tls_url),
            "name": options(named, folder, uri=named.tls_url, ca_file=authority.file),
            "name-start": options(named, folder, start_tls="yes", ca_file=authority.file),
        }, env={"LDAPTLS_REQCERT": "never", "LDAPTLS_CACERT": str(authority.file),
                "LDAPSOCKET_BIND_ADDRESSES": "192.0.2.1"})
        for service in ("tls", "start"):
            assert ask(one, "alice", "alice secret", service).verdict == "RIGHT", service
            assert ask(one, "alice", "wrong", service).verdict == "WRONG", service
            assert look(one, "alice", service).found == "FOUND", service
        for service in ("foreign", "foreign-start", "system", "name", "name-start"):
            state = ask(one, "alice", "alice secret", service)
            assert state.verdict == "UNAVAILABLE", (service, state)
            assert look(one, "alice", service).found == "DOWN", service


def test_start_tls_missing(broker, folder, authority):
    with ldap.Slapd(folder / "plain", None, PEOPLE) as slapd:
        one = broker({"d": options(slapd, folder, start_tls="yes", ca_file=authority.file)})
        state = ask(one, "alice", "alice secret")
        assert state.verdict == "UNAVAILABLE" and "StartTLS" in state.why, state


def closed_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_servers(broker, slapd, folder):
    nobody = f"ldap://127.0.0.1:{closed_port()}"
    # the head of a message of 512 MiB, and one that is cut off
    with Mute() as mute, Mute(b"\x30\x84\x20\x00\x00\x00\x02\x01") as endless, \
            Mute(b"\x30\x0c\x02") as cut:
        services = {
            "closed": [nobody, slapd.url], "mute": [mute.url, slapd.url],
            "mute-tls": [mute.url.replace("ldap:", "ldaps:"), slapd.url],
            "endless": [endless.url, slapd.url], "cut": [cut.url, slapd.url],
            "last": [slapd.url, nobody],
        }
        one = broker({n: options(slapd, folder, uri=" ".join(u), timeout=1)
                      for n, u in services.items()}
                     | {f"only-{n}": options(slapd, folder, uri=u[0], timeout=1)
                        for n, u in services.items() if n != "last"}, failure_ms=0)
        for service in services:
            assert ask(one, "alice", "alice secret", service).verdict == "RIGHT", service
            assert ask(one, "alice", "wrong", service).verdict == "WRONG", service
            assert ask(one, "nobody", "wrong", service).verdict == "WRONG", service
            assert look(one, "alice", service).found == "FOUND", service
            assert look(one, "nobody", service).found == "NONE", service
            if service == "last":
                continue
            service = f"only-{service}"
            begun = time.monotonic()
            state = ask(one, "alice", "alice secret", service)
            assert state.verdict == "UNAVAILABLE", service
            # a message that is too long is not waited for
            assert "endless" not in service or "Timed out" not in state.why, state.why
            assert ask(one, "nobody", "wrong", service).verdict == "UNAVAILABLE", service
            assert time.monotonic() - begun < 30, service
            assert look(one, "alice", service).found == "DOWN", service


def test_server_goes(broker, folder):
    with ldap.Slapd(folder / "goes", None, PEOPLE) as slapd:
        one = broker({"d": options(slapd, folder)}, failure_ms=0)
        key = ask(one, "alice", "alice secret").person.key
        slapd.stop()
        assert ask(one, "alice", "alice secret").verdict == "UNAVAILABLE"
        assert ask(one, "alice", "wrong").verdict == "UNAVAILABLE"
        assert ask(one, "nobody", "wrong").verdict == "UNAVAILABLE"
        assert look(one, "alice", key=key).found == "DOWN"
        slapd.start()
        assert look(one, "alice", key=key).found == "FOUND"


def test_first_that_knows(broker, slapd, folder):
    one = broker({"d": options(slapd, folder),
                  "hidden": options(slapd, folder, base=f"ou=others,{ldap.SUFFIX}"),
                  "down": options(slapd, folder, uri=f"ldap://127.0.0.1:{closed_port()}")},
                 failure_ms=0)
    talk = one.sign_in("alice", "alice secret", services=["hidden", "d"])
    assert (talk.state.verdict, talk.state.service) == ("RIGHT", "d")
    talk = one.sign_in("alice", "wrong", services=["d", "hidden"])
    assert (talk.state.verdict, talk.state.service) == ("WRONG", "d")
    talk = one.sign_in("alice", "alice secret", services=["down", "d"])
    assert talk.state.verdict == "UNAVAILABLE", "the name may belong to the one that is down"


def test_secrets_stay(broker, slapd, folder):
    one = broker({"d": options(slapd, folder)}, failure_ms=0)
    ask(one, "alice", "alice secret")
    ask(one, "alice", "a wrong secret")
    assert "secret" not in one.log()
