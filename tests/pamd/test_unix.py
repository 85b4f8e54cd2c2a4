# SPDX-License-Identifier: ISC
"""pam_unix with people of the host, made and removed by the test. For root alone."""

import os
import pwd
import shutil
import subprocess
import time

import pamd
import pytest

UNIX = ["auth required pam_unix.so", "account required pam_unix.so",
        "password required pam_unix.so yescrypt"]
USER, PASSWORD = f"ostt{os.getpid() % 100000}", "correct horse 9"
NEW = "another battery 7"

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("useradd") or not shutil.which("chage"),
    reason="left out: only root makes people")


def run(*words, text=None):
    subprocess.run(words, input=text, text=True, check=True, capture_output=True)


def set_password(password):
    run("chpasswd", text=f"{USER}:{password}\n")


@pytest.fixture(name="user")
def make_user():
    """A user of this host, who is removed whatever happens."""
    run("useradd", "-M", "-N", "-c", "Test Person,somewhere", "-s", "/bin/false", "-u", "54321",
        USER)
    try:
        set_password(PASSWORD)
        yield USER
    finally:
        run("userdel", USER)


@pytest.fixture(name="unix")
def make_unix(broker):
    one = broker({"unix": UNIX}, nss=False, start=False, failure_ms=600)
    one.add("change", UNIX)
    one.services["change"]["change_password"] = "yes"
    return one.start()


def sign_in(broker, password, service="unix", user=USER):
    return broker.sign_in(user, password, services=[service])


def test_right_and_wrong(unix, user):
    state = sign_in(unix, PASSWORD).state
    assert state.verdict == "RIGHT", state
    assert state.person.key == f"{user}:54321"
    assert state.person.claims == {"name": "Test Person", "preferred_username": user}
    assert sign_in(unix, "wrong").state.verdict == "WRONG"
    assert sign_in(unix, "").state.verdict == "WRONG"
    talk = sign_in(unix, None)
    assert talk.state.prompts == [("OFF", "Password:")]
    talk.respond(PASSWORD)
    assert talk.settle().verdict == "RIGHT"
    assert unix.lookup(user, "unix", f"{user}:54321").found == "FOUND"
    assert unix.lookup("root", "unix").found == "LOCKED"


def test_the_same_for_all_who_fail(unix, user):
    """Unknown, locked, wrong: one verdict, and delays that libpam draws for all of them alike."""
    run("useradd", "-M", "-N", "-s", "/bin/false", USER + "x")
    try:
        run("chpasswd", text=f"{USER}x:{PASSWORD}\n")
        run("usermod", "-L", USER + "x")
        times = {}
        for name, username in (("wrong", user), ("unknown", "nobody-has-this"),
                               ("locked", USER + "x")):
            begin = time.monotonic()
            state = sign_in(unix, "wrong", user=username).state
            times[name] = time.monotonic() - begin
            assert (state.verdict, state.prompts) == ("WRONG", []), (name, state)
        # two seconds, more or less by half
        assert all(0.9 <= t < 3.5 for t in times.values()), times
        assert unix.lookup(USER + "x", "unix").found == "LOCKED"
        assert sign_in(unix, PASSWORD, user=USER + "x").state.verdict == "WRONG"
    finally:
        run("userdel", USER + "x")


def test_expired_account(unix, user):
    run("chage", "-E", "2000-01-01", user)
    assert sign_in(unix, PASSWORD).state.verdict == "EXPIRED"
    assert sign_in(unix, "wrong").state.verdict == "WRONG", "not told before proof"
    assert unix.lookup(user, "unix").found == "LOCKED"
    run("chage", "-E", "-1", user)
    assert unix.lookup(user, "unix").found == "FOUND"


def test_expired_password(unix, user):
    run("chage", "-d", "0", user)
    assert sign_in(unix, PASSWORD).state.verdict == "CHANGE"
    assert unix.lookup(user, "unix").found == "FOUND", "it is not locked"
    talk = sign_in(unix, PASSWORD, "change")
    pages = []
    while talk.state.status == "PROMPT":
        assert len(pages) < 6, pages
        assert talk.state.phase == "NEW_PASSWORD"
        pages.append(talk.state.prompts)
        last = talk.state.prompts[-1][1].lower()
        talk.respond(PASSWORD if "current" in last else NEW)
        talk.settle()
    assert talk.state.verdict == "RIGHT", (talk.state, pages)
    assert any("new password" in text.lower() for page in pages for _, text in page), pages
    assert sign_in(unix, NEW).state.verdict == "RIGHT"
    assert sign_in(unix, PASSWORD).state.verdict == "WRONG"


def test_root_is_never_let_in(unix):
    """Not even when the stack would."""
    (unix.pam / "open").write_text("auth required pam_permit.so\naccount required pam_permit.so\n",
                                   encoding="ascii")
    unix.stop()
    unix.services["open"] = {"kind": "pam", "pam_service": "open", "pam_dir": unix.pam}
    unix.start()
    assert sign_in(unix, "x", "open", "root").state.verdict == "WRONG"
    assert sign_in(unix, "x", "open", "daemon").state.verdict == "DENIED"
    assert sign_in(unix, "x", "open", "nobody-has-this").state.verdict == "WRONG"


def test_a_broker_of_the_group_shadow(broker, user):
    """Without root: the group is enough to compare passwords, and to see who is locked."""
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv here")
    one = broker({"unix": UNIX}, nss=False, start=False, failure_ms=0)
    account = pwd.getpwnam("nobody")
    for path in (one.folder, one.pam, *one.pam.iterdir()):
        os.chmod(path, 0o755)
    for path in (one.folder, *one.folder.iterdir()):
        os.chown(path, account.pw_uid, -1)
    one.start(["setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=shadow",
               "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"])
    assert sign_in(one, PASSWORD).state.verdict == "RIGHT"
    assert sign_in(one, "wrong").state.verdict == "WRONG"
    run("usermod", "-L", user)
    assert sign_in(one, PASSWORD).state.verdict == "WRONG"
    assert one.lookup(user, "unix").found == "LOCKED"
    assert user == USER
