# SPDX-License-Identifier: ISC
"""What a directory's password policy says: reset, expired, locked, and new passwords."""

import pathlib
import shutil
import tempfile

import pytest
import slapd as ldap
from directory import options

LONG_AGO = "20200101000000Z"


def policy(name, *lines):
    return ldap.entry(f"cn={name},{ldap.SUFFIX}", "objectClass: device", "objectClass: pwdPolicy",
                      f"cn: {name}", "pwdAttribute: userPassword", *lines)


def under(name, *more):
    return [f"pwdPolicySubentry: cn={name},{ldap.SUFFIX}", *more]


PEOPLE = "".join([
    policy("old", "pwdMaxAge: 86400", "pwdMinLength: 8", "pwdCheckQuality: 1"),
    policy("grace", "pwdMaxAge: 86400", "pwdGraceAuthNLimit: 3"),
    policy("fixed", "pwdMustChange: TRUE", "pwdAllowUserChange: FALSE"),
    policy("lock", "pwdLockout: TRUE", "pwdMaxFailure: 3"),
    ldap.person("alice"), ldap.person("reset", "pwdReset: TRUE"),
    ldap.person("never", "pwdReset: TRUE"), ldap.person("leaves", "pwdReset: TRUE"),
    ldap.person("expired", *under("old", f"pwdChangedTime: {LONG_AGO}")),
    ldap.person("grace", *under("grace", f"pwdChangedTime: {LONG_AGO}")),
    ldap.person("fixed", *under("fixed", "pwdReset: TRUE")),
    ldap.person("locked", *under("lock", "pwdAccountLockedTime: 000001010000Z")),
    ldap.person("disabled", "employeeType: left", "pwdReset: TRUE"),
    ldap.person("slow", "pwdReset: TRUE"), ldap.person("away", "pwdReset: TRUE"),
])


@pytest.fixture(name="folder", scope="module")
def make_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ldap."))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(name="slapd", scope="module")
def make_slapd(folder):
    with ldap.Slapd(folder / "policy", None, PEOPLE) as slapd:
        yield slapd


@pytest.fixture(name="one")
def make_one(broker, slapd, folder):
    more = {"disabled_filter": "(employeeType=left)"}
    return broker({"no": options(slapd, folder, **more),
                   "yes": options(slapd, folder, change_password="yes", **more)}, failure_ms=0)


def begin(one, username, service="yes", password=None):
    return one.sign_in(username, password or f"{username} secret", services=[service])


def answer(talk, first, second=None):
    talk.respond(first, first if second is None else second)
    return talk.settle()


PAGE = [("OFF", "New password:"), ("OFF", "New password again:")]


def test_elsewhere(one):
    for username, verdict in (("alice", "RIGHT"), ("reset", "CHANGE"), ("expired", "CHANGE"),
                              ("locked", "WRONG"), ("disabled", "DENIED")):
        assert begin(one, username, "no").state.verdict == verdict, username
        wrong = begin(one, username, "no", "wrong").state
        assert wrong.verdict == "WRONG" and wrong.prompts == [], username


def test_reset(one, slapd):
    talk = begin(one, "reset")
    assert talk.state.status == "PROMPT" and talk.state.phase == "NEW_PASSWORD"
    assert talk.state.prompts == [("INFO", "Your password must be changed now."), *PAGE]
    state = answer(talk, "another secret", "another one")
    assert state.prompts == [("ERROR", "The two new passwords are not the same."), *PAGE]
    state = answer(talk, "short")
    assert state.prompts == [("ERROR", "The new password is too short."), *PAGE]
    state = answer(talk, "another secret")
    assert state.verdict == "RIGHT" and state.person.username == "reset", state
    assert state.person.key == slapd.read(ldap.dn_of("reset"), "entryUUID")
    assert begin(one, "reset").state.verdict == "WRONG", "the old one"
    assert begin(one, "reset", password="another secret").state.verdict == "RIGHT"


def test_three_refusals(one):
    talk = begin(one, "never")
    assert answer(talk, "never secret").prompts == [
        ("ERROR", "The new password was used before."), *PAGE]
    assert answer(talk, "", "").prompts == [("ERROR", "A new password is needed."), *PAGE]
    state = answer(talk, "short")
    assert state.status == "DONE" and state.verdict == "CHANGE", state
    assert state.prompts == [("ERROR", "The new password is too short.")]
    assert begin(one, "never").state.status == "PROMPT", "it is the old one still"


def test_leaves(one):
    begin(one, "leaves").cancel()
    one.wait_children(0)
    assert begin(one, "leaves").state.status == "PROMPT"


def test_expired(one):
    """Without a login left nobody is bound who could change it."""
    state = begin(one, "expired").state
    assert state.status == "DONE" and state.verdict == "CHANGE"


def test_grace(one):
    talk = begin(one, "grace")
    assert talk.state.phase == "NEW_PASSWORD"
    assert answer(talk, "grace another").verdict == "RIGHT"
    assert begin(one, "grace", password="grace another").state.verdict == "RIGHT"


def test_not_allowed(one):
    state = answer(begin(one, "fixed"), "fixed another")
    assert state.verdict == "CHANGE" and state.prompts == []


def test_disabled(one):
    assert begin(one, "disabled").state.verdict == "DENIED"


def test_connection_closed_meanwhile(one, slapd):
    talk = begin(one, "slow")
    slapd.stop()
    slapd.start()
    assert answer(talk, "slow another").verdict == "RIGHT"
    talk = begin(one, "away")
    slapd.stop()
    try:
        assert answer(talk, "away another").verdict == "UNAVAILABLE"
    finally:
        slapd.start()


def test_texts(one, slapd):
    """What policies say that the overlay does not put into words of ours."""
    talk = begin(one, "leaves")
    slapd.change(ldap.dn_of("leaves"), "replace", "pwdPolicySubentry", f"cn=fixed,{ldap.SUFFIX}")
    assert answer(talk, "leaves another").verdict == "CHANGE"
    assert "secret" not in one.log() and "another" not in one.log()
