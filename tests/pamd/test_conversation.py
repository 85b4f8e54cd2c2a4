# SPDX-License-Identifier: ISC
"""Conversations with stacks of one module that does what its arguments say."""

import os
import pathlib
import subprocess
import time

import pamd
import pamd_wire as wire
import pytest
from conftest import stack

SECOND = 1.0

# name: (auth, account, answers after the password "right", verdict, in why)
ENDINGS = {
    "one step": ("password=right", "", [], "RIGHT", None),
    "another password": ("password=other", "", [], "WRONG", "pam_authenticate: 7"),
    "two steps": ("password=right code=123456", "", ["123456"], "RIGHT", None),
    "wrong second step": ("password=right code=123456", "", ["000000"], "WRONG", "7"),
    "three steps": ("password=right code=1 code=2", "", ["1", "2"], "RIGHT", None),
    "an empty answer": ("password=right code=", "", [""], "RIGHT", None),
    "two prompts at once": ("both", "", ["123456"], "RIGHT", None),
    "no question at all": ("rhost=192.0.2.1", "", [], "RIGHT", None),
    "the browser's address": ("password=right rhost=192.0.2.1", "", [], "RIGHT", None),
    "a terminal": ("password=right tty=ostiary", "", [], "RIGHT", None),
    "nothing else is open": ("password=right files", "", [], "RIGHT", None),
    "a service that is down": ("password=right give=unavailable", "", [], "UNAVAILABLE", "9"),
    "a service that fails": ("password=right give=error", "", [], "UNAVAILABLE", "3"),
    "too many tries": ("password=right give=maxtries", "", [], "WRONG", "11"),
    "expired before proof": ("password=right give=expired", "", [], "WRONG", "13"),
    "an account that is over": ("password=right", "give=expired", [], "EXPIRED", "13"),
    "one that was not used": ("password=right", "give=inactive", [], "EXPIRED", "27"),
    "not from here": ("password=right", "give=denied", [], "DENIED", "6"),
    "account service down": ("password=right", "give=unavailable", [], "UNAVAILABLE",
                             "pam_acct_mgmt: 9"),
    "a password to be changed": ("password=right", "give=change", [], "CHANGE", "12"),
    "wrong, so not told that it is over": ("password=other", "give=expired", [], "WRONG", "7"),
    "renamed": ("password=right rename=bob", "", [], "RIGHT", None),
    "renamed to nobody": ("password=right rename=nobody-here", "", [], "WRONG", "NSS"),
    "renamed to root": ("password=right rename=root", "", [], "WRONG", "min_uid"),
    "renamed to a daemon": ("password=right rename=daemon", "", [], "DENIED", "min_uid"),
    "a crash": ("password=right crash", "", [], "FAILED", "broke off"),
    "it leaves": ("password=right leave", "", [], "FAILED", "broke off"),
    "a crash in the second step": ("password=right code=1 crash", "", ["1"], "FAILED", "broke"),
    "a prompt without end": ("password=right long=x", "", [], "FAILED", "too long"),
    "forty messages": ("password=right often=" + "." * 40 + " code=1", "", [], "FAILED",
                       "too much"),
    "forty messages at once": ("password=right at_once=" + "." * 40, "", [], "FAILED", "too much"),
    "two messages for nothing": ("password=right at_once=..", "", [], "RIGHT", None),
    "a binary prompt": ("password=right binary=x", "", [], "FAILED", "no page can show"),
    "a module that is not there": ("password=right nothing_such", "", [], "UNAVAILABLE", "28"),
}


def test_endings(broker):
    one = broker({f"s{i}": stack(auth, account) for i, (auth, account, *_)
                  in enumerate(ENDINGS.values()) if i < 16}, failure_ms=0)
    two = broker({f"s{i}": stack(auth, account) for i, (auth, account, *_)
                  in enumerate(ENDINGS.values()) if 16 <= i < 32}, failure_ms=0)
    three = broker({f"s{i}": stack(auth, account) for i, (auth, account, *_)
                    in enumerate(ENDINGS.values()) if i >= 32}, failure_ms=0)
    for i, (name, (_, _, answers, verdict, why)) in enumerate(ENDINGS.items()):
        talk = (one, two, three)[i // 16].sign_in("alice", "right", services=[f"s{i}"])
        for answer in answers:
            assert talk.state.status == "PROMPT", (name, talk.state)
            talk.respond(answer)
            talk.settle()
        state = talk.state
        assert (state.status, state.verdict) == ("DONE", verdict), (name, state)
        assert state.service == f"s{i}", name
        assert (why or "") in (state.why or ""), (name, state)
        assert (state.person.key is not None) == (verdict == "RIGHT"), name
        assert talk.poll().status == "GONE", f"{name}: told twice"


def test_pages(broker):
    """What is asked and said, in its order, on pages of the right phase."""
    one = broker({
        "late": stack("info=Welcome password=right code=1"),
        "both": stack("both"),
        "first": stack("info=Welcome error=Mind password=right"),
        "latin": stack("latin=x"),
        "end": stack("password=right", "info=Tomorrow give=denied"),
        "fine": stack("password=right", "info=Tomorrow"),
        "wrong": stack("error=Locked password=other"),
    }, failure_ms=0)
    cases = [
        ("late", "right", "PROMPT", [("INFO", "Welcome"), ("ON", "Code:")]),
        ("late", None, "PROMPT", [("INFO", "Welcome"), ("OFF", "Password:")]),
        ("first", None, "PROMPT", [("INFO", "Welcome"), ("ERROR", "Mind"), ("OFF", "Password:")]),
        ("both", "right", "PROMPT", [("INFO", "Two at once"), ("ON", "Code:")]),
        ("both", None, "PROMPT", [("INFO", "Two at once"), ("OFF", "Password:"), ("ON", "Code:")]),
        ("latin", None, "PROMPT", [("ON", "Schl?ssel [1m:")]),
        ("end", "right", "DONE", [("INFO", "Tomorrow")]),
        ("fine", "right", "DONE", [("INFO", "Tomorrow")]),
        # before anything is proven messages may tell too much
        ("wrong", "right", "DONE", []),
    ]
    for service, password, status, prompts in cases:
        talk = one.sign_in("alice", password, services=[service])
        assert talk.state.status == status, (service, talk.state)
        assert talk.state.prompts == prompts, (service, password)
        if status == "PROMPT":
            assert talk.state.phase == "AUTHENTICATE", service
        talk.cancel()
    talk = one.sign_in("alice", None, services=["both"])
    talk.respond("right", "123456")
    assert talk.settle().verdict == "RIGHT", "both answers reach the prompts they belong to"


def test_names_that_nobody_has(broker):
    """They reach no module, which might ask for another or make a path of them."""
    one = broker({"s": stack("rhost=192.0.2.1 rename=alice")}, failure_ms=0)
    for name in ("", "a\nb", "\x1b[1m", "../alice", "/etc", "-alice", "+alice", ".", "..", b"\xff"):
        state = one.sign_in(name, "right", services=["s"]).state if isinstance(name, str) else \
            wire.State(wire.ask(one.socket, wire.request(
                "S", wait=100, services=["s"], username=name, address="", binding=pamd.BINDING)
            ).replace(name, b"?"))
        assert (state.verdict, state.why is None) == ("WRONG", False), (name, state)
        if isinstance(name, str):
            assert one.lookup(name, "s").found == "NONE", name
    assert one.sign_in("anybody", "right", services=["s"]).state.verdict == "RIGHT"


def test_person(broker):
    one = broker({"s": stack("password=right rename=bob"), "t": stack("password=right")})
    one.write_groups([("staff", 50, ["alice", "bob"]), ("bob", 1002, []), ("wheel", 10, ["alice"]),
                      ("alice", 1001, [])])
    person = one.sign_in("alice", "right", services=["t"], keep="kept").state.person
    assert person.username == "alice" and person.key == "alice:1001"
    assert person.claims == {"name": "Alice Doe", "preferred_username": "alice"}
    assert sorted(person.groups) == ["alice", "staff", "wheel"]
    state = one.sign_in("alice", "right", services=["s"], keep="kept").state
    assert state.username == "alice" and state.person.username == "bob", "read back"
    assert state.keep == "kept" and state.person.key == "bob:1002"
    assert state.person.claims == {"preferred_username": "bob"}
    assert sorted(state.person.groups) == ["bob", "staff"]


def test_too_many_groups(broker):
    one = broker({"s": stack("password=right")}, failure_ms=0)
    one.write_groups([("g" * 100 + str(i), 5000 + i, ["alice"]) for i in range(300)])
    assert len(one.sign_in("alice", "right", services=["s"]).state.person.groups) == 300
    # more than fits a packet, then more than may be
    for count, why in ((500, "does not fit"), (513, "too many groups")):
        one.write_groups([("g" * 100 + str(i), 5000 + i, ["alice"]) for i in range(count)])
        state = one.sign_in("alice", "right", services=["s"]).state
        assert state.verdict == "FAILED" and why in state.why, state


def test_change(broker):
    """An expired password is changed on pages of their own, or elsewhere."""
    one = broker(start=False, failure_ms=0)
    for name, password, change in (("change", "new=Not-the-same", "yes"),
                                   ("refused", "give=authtok", "yes"),
                                   ("elsewhere", "new=x", "no")):
        one.add(name, stack("password=right", "give=change", password))
        one.services[name]["change_password"] = change
    one.start()
    talk = one.sign_in("alice", "right", services=["change"])
    assert talk.state.phase == "NEW_PASSWORD"
    assert talk.state.prompts == [("OFF", "New password:")]
    talk.respond("one")
    assert talk.settle().prompts == [("OFF", "Again:")]
    talk.respond("two")
    assert talk.settle().prompts == [("ERROR", "Not-the-same"), ("OFF", "New password:")]
    talk.respond("one")
    talk.settle()
    talk.respond("one")
    assert talk.settle().verdict == "RIGHT"
    state = one.sign_in("alice", "right", services=["refused"]).state
    assert state.verdict == "CHANGE" and "pam_chauthtok: 20" in state.why
    assert one.sign_in("alice", "right", services=["elsewhere"]).state.verdict == "CHANGE"
    assert one.sign_in("alice", "no", services=["change"]).state.verdict == "WRONG"


def test_change_of_others(broker):
    """Who may not sign in here changes no password here, and root hears nothing."""
    one = broker({"change": stack("password=right", "give=change", "new=x"),
                  "expired": stack("password=right", "give=expired")}, start=False, failure_ms=0)
    one.services["change"]["change_password"] = "yes"
    one.start()
    for username, service, verdict in (("root", "change", "WRONG"), ("root", "expired", "WRONG"),
                                       ("daemon", "change", "DENIED")):
        state = one.sign_in(username, "right", services=[service]).state
        assert (state.status, state.verdict) == ("DONE", verdict), (username, service, state)


def test_guesses(broker):
    """A module that asks until an answer is right gives so many guesses, and they count."""
    one = broker({"s": stack("password=right codes=123456")}, failure_ms=0)
    talk = one.sign_in("alice", "right", services=["s"])
    guesses = 0
    while talk.state.status == "PROMPT" and guesses < 100:
        guesses += 1
        talk.respond(str(guesses))
        talk.settle()
    assert guesses == 8 and talk.state.verdict == "WRONG", (guesses, talk.state)
    one.wait_children(0)
    talk = one.sign_in("alice", "right", services=["s"])
    for _ in range(7):
        talk.respond("0")
        talk.settle()
    talk.respond("123456")
    assert talk.settle().verdict == "RIGHT"


def test_which_service(broker):
    """The first that knows the name has it; where none does, the last goes through the motions."""
    one = broker({"one": stack("password=right"), "two": stack("password=right")}, start=False,
                 failure_ms=0)
    one.services["picky"] = {**one.services["one"], "min_uid": "5000"}
    one.start()
    cases = [
        ("a name of the first", "alice", ["one", "two"], "RIGHT", "one"),
        ("a name of nobody", "nobody-here", ["one", "two"], "WRONG", "two"),
        ("one that may not sign in is not another's", "alice", ["picky", "two"], "DENIED",
         "picky"),
        ("unknown service", "alice", ["other"], "UNAVAILABLE", None),
        ("unknown service at the end", "nobody-here", ["one", "other"], "UNAVAILABLE", None),
    ]
    for name, username, services, verdict, service in cases:
        state = one.sign_in(username, "right", services=services).state
        assert (state.verdict, state.service) == (verdict, service), (name, state)
    pamd.down(one)
    state = one.sign_in("alice", "right", services=["one", "two"]).state
    assert state.verdict == "UNAVAILABLE" and "one cannot say" in state.why, state
    state = one.sign_in("alice", "right", services=["two"]).state
    assert state.verdict == "UNAVAILABLE" and "NSS" in state.why, "proven, but nobody knows who"


def test_floor(broker):
    """Unknown, wrong, locked: the same answer at the same time. Right is told at once."""
    people = [("alice", 1001, ""), ("locked", 1003, "", "!x:19000::::::")]
    one = broker({"s": stack("user=alice password=right"), "slow": stack("delay password=right"),
                  "dead": stack("crash")},
                 people=people, failure_ms=800)
    times = {}
    for name, username, password in (("wrong", "alice", "no"), ("unknown", "nobody-here", "no"),
                                     ("locked", "locked", "no")):
        begin = time.monotonic()
        state = one.sign_in(username, password, services=["s"]).state
        times[name] = time.monotonic() - begin
        assert state.verdict == "WRONG", (name, state)
        assert state.prompts == [] and state.person.username is None, name
    assert min(times.values()) >= 0.79, times
    assert max(times.values()) < 2 * SECOND, f"nobody sleeps beyond the floor: {times}"
    begin = time.monotonic()
    state = one.sign_in("alice", None, services=[]).state
    assert (state.verdict, state.service) == ("WRONG", None), "judged elsewhere"
    assert time.monotonic() - begin >= 0.79
    begin = time.monotonic()
    assert one.sign_in("alice", "right", services=["s"]).state.verdict == "RIGHT"
    assert time.monotonic() - begin < 0.7
    # what a module asks for is answered by the broker's clock, of the failures alone
    begin = time.monotonic()
    assert one.sign_in("alice", "no", services=["slow"]).state.verdict == "WRONG"
    took = time.monotonic() - begin
    assert 0.79 <= took < 4 * SECOND
    begin = time.monotonic()
    assert one.sign_in("alice", "right", services=["slow"]).state.verdict == "RIGHT"
    assert time.monotonic() - begin < 0.7, "a delay is not for those who are right"
    quick = broker({"denied": stack("delay password=right", "give=denied")}, failure_ms=0)
    begin = time.monotonic()
    assert quick.sign_in("alice", "right", services=["denied"]).state.verdict == "DENIED"
    assert time.monotonic() - begin < 0.6, "nor of those who are right and may not"
    begin = time.monotonic()
    assert one.sign_in("alice", "no", services=["dead"]).state.verdict == "FAILED"
    assert time.monotonic() - begin >= 0.79


def is_alive(pid):
    """A process that is neither gone nor waits to be buried."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return ") Z" not in text


def test_a_hang_costs_one_conversation(broker):
    """It is killed with what it started, and the others go on meanwhile."""
    one = broker({"s": stack("password=right")}, start=False, prove_seconds=2, failure_ms=0)
    pids = one.folder / "pids"
    one.add("hang", stack(f"password=right hang={pids}"))
    one.start()
    talk = one.talk()
    assert talk.start("alice", "right", services=["hang"]).status == "RUNNING"
    assert one.sign_in("bob", "right", services=["s"]).state.verdict == "RIGHT"
    state = talk.settle()
    assert state.verdict == "FAILED" and "too long" in state.why, state
    one.wait_children(0)
    end = time.monotonic() + pamd.LONG
    while any(is_alive(pid) for pid in pids.read_text(encoding="ascii").split()):
        assert time.monotonic() < end, "still there"
        time.sleep(0.02)


def test_stop(broker):
    """SIGTERM ends it with all its children."""
    one = broker({"s": stack("password=right code=1"), "hang": stack("hang")})
    for service in ("s", "hang", "s"):
        one.talk().start("alice", "right", services=[service], wait=0)
    children = one.children()
    assert len(children) == 3
    one.stop()
    assert not [c for c in children if os.path.exists(f"/proc/{c}")]
    assert not os.path.exists(one.socket)


def test_no_children_outlive_a_broker_that_is_killed(broker):
    one = broker({"hang": stack("hang")})
    one.talk().start("alice", None, services=["hang"], wait=0)
    children = one.children()
    one.process.kill()
    one.stop(-9)
    end = time.monotonic() + pamd.LONG
    while any(is_alive(c) for c in children):
        assert time.monotonic() < end
        time.sleep(0.02)
    one.start()  # the socket that is left over is taken away
    one.stop()


def test_children_are_limited(broker):
    one = broker({"hang": stack("password=right hang")})
    one.talk().start("alice", "right", services=["hang"], wait=100)
    child = one.children()[0]
    text = pathlib.Path(f"/proc/{child}/limits").read_text(encoding="ascii")
    limits = {line[:26].strip(): line[26:].split()[:2] for line in text.splitlines()}
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max cpu time"] == ["60", "60"]
    assert limits["Max open files"] == ["1024", "1024"]
    assert os.getpgid(child) == child
    memory = pathlib.Path(f"/proc/{child}/status").read_text(encoding="ascii")
    assert "SigBlk:\t0000000000000000" in memory


def test_oath(broker):
    """A stack of two modules as people use it: a password, then a one-time code."""
    module = pathlib.Path("/usr/lib/x86_64-linux-gnu/security/pam_oath.so")
    if not module.exists() or not pathlib.Path(pamd.MATRIX).exists():
        pytest.skip("no pam_oath or pam_matrix here")
    one = broker(start=False, failure_ms=0)
    users = one.folder / "users.oath"
    secret = "00112233445566778899aabbccddeeff00112233"
    users.write_text(f"HOTP alice - {secret}\n", encoding="ascii")
    users.chmod(0o600)
    lines = pamd.matrix_stack(one.folder, [("alice", "pw")])
    lines.insert(1, f"auth required {module} usersfile={users} window=5 digits=6")
    one.add("matrix", [lines[0].replace("required", "requisite"), *lines[1:]])
    one.start()
    codes = subprocess.run(["oathtool", "-w", "2", secret], check=True, capture_output=True,
                           text=True).stdout.split()
    cases = [("right", "pw", codes[0], "RIGHT"), ("used", "pw", codes[0], "WRONG"),
             ("the next", "pw", codes[1], "RIGHT"), ("none", "pw", "", "WRONG")]
    for name, password, code, verdict in cases:
        talk = one.sign_in("alice", password)
        assert talk.state.status == "PROMPT" and len(talk.state.prompts) == 1, (name, talk.state)
        assert "password" in talk.state.prompts[0][1].lower(), talk.state
        talk.respond(code)
        assert talk.settle().verdict == verdict, name
    assert one.sign_in("alice", "no").state.verdict == "WRONG", "no second step after a failure"
