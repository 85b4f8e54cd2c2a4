# SPDX-License-Identifier: ISC
"""What the broker says about people without any proof."""

import concurrent.futures
import os
import pathlib
import time

import pamd
import pamd_wire as wire
from conftest import stack

TODAY = int(time.time() // 86400)


def test_lookups(broker):
    people = [("alice", 1001, "Alice Doe,Room 1"), ("bare", 1002, ""),
              ("locked", 1003, "", "!$y$x:19000::::::"), ("never", 1004, "", "!:19000::::::"),
              ("keys", 1005, "", "*:19000::::::"), ("over", 1006, "", f"x:19000:::::{TODAY - 1}:"),
              ("soon", 1007, "", f"x:19000:::::{TODAY + 2}:"), ("daemon", 2, ""),
              ("root", 0, ""), ("nobody", 65534, ""), ("bad", 1008, "B\x07ell"),
              ("wide", 1009, "W" * 9000), ("-dash", 1010, "")]
    one = broker({"s": stack("give=unavailable"), "over": stack("", "give=expired"),
                  "closed": stack("", "give=denied"), "change": stack("", "give=change"),
                  "down": stack("", "give=unavailable"), "asks": stack("", "password=x")}, people)
    cases = [
        ("there", "s", "alice", None, "FOUND"),
        ("the same", "s", "alice", "alice:1001", "FOUND"),
        ("another one of that name", "s", "alice", "alice:1002", "NONE"),
        ("a longer key", "s", "alice", "alice:10010", "NONE"),
        ("nobody", "s", "nobody-here", None, "NONE"),
        ("nobody any more", "s", "gone", "gone:1001", "NONE"),
        ("locked", "s", "locked", "locked:1003", "LOCKED"),
        ("never had a password", "s", "never", None, "LOCKED"),
        ("signs in with keys elsewhere", "s", "keys", None, "FOUND"),
        ("over", "s", "over", None, "LOCKED"),
        ("over in two days", "s", "soon", None, "FOUND"),
        ("a daemon", "s", "daemon", None, "LOCKED"),
        ("root", "s", "root", None, "LOCKED"),
        ("the stack says that it is over", "over", "alice", None, "LOCKED"),
        ("not now is not locked", "closed", "alice", None, "FOUND"),
        ("a password to be changed is not locked", "change", "alice", None, "FOUND"),
        ("the stack is down, NSS is not", "down", "alice", None, "FOUND"),
        ("nobody is ever asked", "asks", "alice", None, "FOUND"),
        ("more than fits a first buffer", "s", "wide", None, "FOUND"),
        ("a name that modules take for something else", "s", "-dash", None, "NONE"),
        ("unknown service", "other", "alice", None, "DOWN"),
    ]
    for name, service, username, key, found in cases:
        answer = one.lookup(username, service, key)
        assert answer.found == found, (name, answer)
        if found in ("FOUND", "LOCKED"):
            assert answer.person.username == username, name
            assert answer.person.key.startswith(username + ":"), name
    person = one.lookup("alice", "s").person
    assert person.key == "alice:1001" and person.groups == ["alice"]
    assert person.claims == {"name": "Alice Doe", "preferred_username": "alice"}
    assert one.lookup("bad", "s").person.claims == {"preferred_username": "bad"}, "no plain text"


def test_one_that_comes_back_is_another(broker):
    """The name is the same, the number is not."""
    one = broker({"s": stack("")}, [("alice", 1001, "")])
    assert one.lookup("alice", "s", "alice:1001").found == "FOUND"
    one.write_people([])
    assert one.lookup("alice", "s", "alice:1001").found == "NONE"
    one.write_people([("alice", 1050, "")])
    assert one.lookup("alice", "s", "alice:1001").found == "NONE"
    assert one.lookup("alice", "s").person.key == "alice:1050"


def test_down(broker):
    """A name service that is down is not an empty one."""
    one = broker({"s": stack("password=right")}, [("alice", 1001, "")], failure_ms=0)
    pamd.down(one)
    answer = one.lookup("alice", "s", "alice:1001")
    assert answer.found == "DOWN" and "NSS" in answer.why, answer
    assert one.lookup("nobody-here", "s").found == "DOWN"
    assert one.sign_in("alice", "right", services=["s"]).state.verdict == "UNAVAILABLE"
    pamd.down(one, False)
    assert one.lookup("alice", "s", "alice:1001").found == "FOUND"


def test_slow(broker):
    """Who waits a moment is told DOWN; who asks again gets what was found meanwhile."""
    one = broker({"s": stack("", "sleep=.....")})
    begin = time.monotonic()
    assert one.lookup("alice", "s", patient=False).found == "DOWN"
    assert time.monotonic() - begin < 0.4
    assert len(one.children()) == 1
    while one.lookup("alice", "s", patient=False).found == "DOWN":
        assert len(one.children()) <= 1, "it is asked once"
        assert time.monotonic() - begin < pamd.LONG
    assert time.monotonic() - begin >= 0.4
    # once told it is asked anew; another question is another
    assert one.lookup("alice", "s", patient=False).found == "DOWN"
    assert one.lookup("alice", "s", "alice:1001", patient=False).found == "DOWN"
    one.wait_children(0)
    assert one.lookup("alice", "s", "alice:1001").found == "FOUND"
    one.write_people([("alice", 1077, "")])
    assert one.lookup("alice", "s", patient=False).person.key == "alice:1001", "what was found then"
    assert one.lookup("alice", "s", patient=False).found == "DOWN"


def test_a_hang_ends(broker):
    one = broker({"s": stack("", "hang")}, prove_seconds=1)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: one.lookup("alice", "s", patient=False).found, range(4)))
    assert answers == ["DOWN"] * 4
    one.wait_children(0)


def test_a_crash(broker):
    one = broker({"s": stack("", "crash")})
    answer = one.lookup("alice", "s")
    assert answer.found == "DOWN" and "broke off" in answer.why, answer
    end = time.monotonic() + pamd.LONG
    while "event=module_crashed" not in one.log():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert "signal=11" in one.log() or "signal=6" in one.log()


def test_too_many(broker):
    """More than 64 at once are DOWN, and there is room again."""
    people = [(f"u{i}", 2000 + i, "") for i in range(80)]
    one = broker({"s": stack("", "sleep=........."), "t": stack("")}, people)
    why = []
    for i in range(66):
        answer = one.lookup(f"u{i}", "s", wait=0, patient=False)
        assert answer.found == "DOWN"
        why.append(answer.why)
    assert sum("too many" in w for w in why) == 2, why
    one.wait_children(0)
    # answers that nobody fetched give way to new questions
    for i in range(66, 80):
        assert one.lookup(f"u{i}", "t").found == "FOUND", i


def test_the_broker_asks_neither_pam_nor_nss(broker):
    """Every call was made by another process, and no module is in its memory."""
    one = broker({"s": stack("password=right")})
    one.lookup("alice", "s")
    one.sign_in("alice", "right", services=["s"])
    calls = (one.folder / "nss.calls").read_text(encoding="ascii").split()
    assert calls and str(one.process.pid) not in calls
    if os.getuid() == 0:
        maps = pathlib.Path(f"/proc/{one.process.pid}/maps").read_text(encoding="ascii")
        assert "libpam.so" in maps
        assert "pam_ostiary_test.so" not in maps and "/libnss_" not in maps.replace("nss_of_", "")


def test_it_asks_while_others_are_slow(broker):
    one = broker({"slow": stack("", "sleep=...................."), "s": stack("")})
    for i in range(20):
        wire.ask(one.socket, wire.request("L", wait=0, services=["slow"], username=f"u{i}"))
    begin = time.monotonic()
    for _ in range(10):
        assert one.lookup("alice", "s").found == "FOUND"
    assert time.monotonic() - begin < 1.9, "none of them waited for the slow ones"
