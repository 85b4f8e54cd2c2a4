# SPDX-License-Identifier: ISC
"""Whose a conversation is, how long it lasts, how many there may be, and who may connect."""

import concurrent.futures
import os
import pathlib
import socket
import statistics
import subprocess
import time

import pamd
import pamd_wire as wire
import pytest
from conftest import stack

TWO = {"two": stack("password=right code=1"), "one": stack("password=right")}
OTHER = b"x" * 32


def test_hijack(broker):
    """Only the id, the binding and the newest page's number together go on."""
    one = broker(TWO)
    talk = one.sign_in("alice", "right", services=["two"])
    sequence = talk.state.sequence
    stranger = one.talk(OTHER)
    stranger.id = talk.id
    guess = one.talk()
    guess.id = bytes(16)
    near = one.talk()
    near.id = talk.id[:-1] + bytes([talk.id[-1] ^ 1])
    almost = one.talk(pamd.BINDING[:-1] + b"c")
    almost.id = talk.id
    for name, thief in (("another binding", stranger), ("no such id", guess), ("a near id", near),
                        ("a near binding", almost)):
        assert thief.respond("1", sequence=sequence).status == "GONE", name
        assert thief.state.username is None and thief.state.keep is None, name
        assert thief.poll().status == "GONE", name
        assert thief.cancel().status == "GONE", name
    for old in (0, sequence - 1, sequence + 1, 2 ** 32 - 1):
        assert talk.respond("1", sequence=old).status == "GONE", old
    assert talk.poll().status == "PROMPT", "none of that used the page up"
    for answers in ([], ["1", "1"]):
        state = talk.respond(*answers, sequence=sequence)
        assert state.status == "PROMPT" and state.sequence == sequence, "as many as prompts"
    talk.respond("1", sequence=sequence)
    assert talk.settle().verdict == "RIGHT"
    assert talk.respond("1", sequence=sequence).status == "GONE"


def test_an_answer_is_taken_once(broker):
    """Two workers with the same page at the same time: one of them wins."""
    one = broker({"two": stack("password=right code=1 sleep=..... code=2")})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for attempt in range(20):
            talk = one.sign_in("alice", "right", services=["two"])
            packet = wire.request("R", wait=0, id=talk.id, binding=pamd.BINDING,
                                  sequence=talk.state.sequence, answers=["1"])
            answers = pool.map(lambda _, p=packet: wire.State(wire.ask(one.socket, p)), range(8))
            statuses = sorted(a.status for a in answers)
            assert statuses == ["GONE"] * 7 + ["RUNNING"], (attempt, statuses)
            talk.cancel()


def test_done_is_told_once(broker):
    """To one of those who wait."""
    one = broker({"s": stack("password=right sleep=...")})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        talk = one.talk()
        talk.start("alice", "right", services=["s"], wait=0)

        def wait(_):
            mine = one.talk()
            mine.id, mine.state = talk.id, talk.state
            return mine.settle().status

        statuses = sorted(pool.map(wait, range(8)))
    assert statuses == ["DONE"] + ["GONE"] * 7, statuses


def test_cancel(broker):
    one = broker(TWO)
    talk = one.sign_in("alice", "right", services=["two"])
    one.wait_children(1)
    assert talk.cancel().status == "GONE"
    assert talk.poll().status == "GONE"
    one.wait_children(0)


def test_times(broker):
    """The first page waits as long as something must be proven, later ones longer."""
    one = broker(TWO, prove_seconds=1, answer_seconds=3)
    first = one.sign_in("alice", None, services=["two"])
    begin = time.monotonic()
    second = one.sign_in("alice", None, services=["two"])
    second.respond("right")
    second.settle()
    while first.poll().status != "GONE":
        assert time.monotonic() - begin < pamd.LONG
        time.sleep(0.02)
    assert time.monotonic() - begin >= 0.7
    assert second.poll().status == "PROMPT", "one that was answered lives on"
    while second.poll().status != "GONE":
        assert time.monotonic() - begin < pamd.LONG
        time.sleep(0.02)
    assert time.monotonic() - begin >= 2.5
    one.wait_children(0)


def test_an_end_that_nobody_fetches(broker):
    one = broker(TWO, prove_seconds=1, max_conversations=1)
    talk = one.talk()
    talk.start("alice", "right", services=["one"], wait=0)
    end = time.monotonic() + pamd.LONG
    while one.sign_in("bob", "right", services=["one"]).state.status == "BUSY":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert talk.poll().status == "GONE"


def test_nobody_waits_longer(broker):
    """A request is answered within what it asked for, and not before something is known."""
    one = broker({"hang": stack("hang")})
    for wait in (0, 50, 100):
        talk = one.talk()
        begin = time.monotonic()
        assert talk.start("alice", None, services=["hang"], wait=wait).status == "RUNNING"
        took = time.monotonic() - begin
        assert wait / 1000 - 0.01 <= took < 1, (wait, took)
    assert wire.ask(one.socket, wire.request(
        "P", wait=101, id=talk.id, binding=pamd.BINDING)) == b"", "more than anybody may wait"


def test_caps(broker):
    """By name, by network and of all; the oldest of a name that proved nothing gives way."""
    services = {**TWO, "change": stack("password=right", "give=change", "new=x")}
    one = broker(services, start=False, max_per_name=2, max_per_network=4, max_conversations=6)
    one.services["change"]["change_password"] = "yes"
    one.start()
    talks = [one.sign_in("alice", None, services=["two"], address="192.0.2.1") for _ in range(3)]
    assert [t.poll().status for t in talks] == ["GONE", "PROMPT", "PROMPT"], "oldest gives way"
    # proven ones do not
    proven = [one.sign_in("bob", "right", services=["change"], address="192.0.2.9")
              for _ in range(2)]
    assert [p.state.phase for p in proven] == ["NEW_PASSWORD"] * 2
    state = one.sign_in("bob", None, services=["two"], address="198.51.100.1").state
    assert state.status == "BUSY", "both of the name have proven something"
    # the network is full, a neighbour's is not
    assert one.sign_in("carol", None, services=["two"],
                       address="192.0.2.254").state.status == "BUSY"
    assert one.sign_in("carol", None, services=["two"],
                       address="::ffff:192.0.2.7").state.status == "BUSY", "mapped"
    six = one.sign_in("carol", None, services=["two"], address="2001:db8:0:1::5")
    assert six.state.status == "PROMPT"
    # a name that gives way makes room in its own network
    again = one.sign_in("alice", None, services=["two"], address="192.0.2.1")
    assert again.state.status == "PROMPT" and talks[1].poll().status == "GONE"
    assert one.sign_in("dave", None, services=["two"], address="203.0.113.1").state.status == \
        "PROMPT"
    assert one.sign_in("erin", None, services=["two"], address="203.0.113.1").state.status == "BUSY"
    six.cancel()
    assert one.sign_in("erin", None, services=["two"], address="203.0.113.1").state.status == \
        "PROMPT", "room again"


def test_strangers_end_their_own(broker):
    """Whoever begins with a person's name again and again pushes out no page of theirs."""
    one = broker(TWO, max_per_name=2)
    person = one.sign_in("alice", "right", services=["two"], address="192.0.2.1")
    other = [one.sign_in("alice", None, services=["two"], address=f"198.51.100.{i}")
             for i in range(5)]
    assert [t.poll().status for t in other] == ["GONE"] * 4 + ["PROMPT"]
    assert person.poll().status == "PROMPT"
    # one who has none there yet needs a place too
    again = one.sign_in("alice", None, services=["two"], address="203.0.113.1")
    assert again.state.status == "PROMPT" and person.poll().status == "GONE", "the oldest"


def test_nobody_gives_way_for_nothing(broker):
    """One that is refused all the same ends no other."""
    one = broker(TWO, max_per_name=1, max_per_network=1)
    first = one.sign_in("alice", None, services=["two"], address="192.0.2.1")
    assert one.sign_in("bob", None, services=["two"], address="198.51.100.1").state.status == \
        "PROMPT"
    state = one.sign_in("alice", None, services=["two"], address="198.51.100.2").state
    assert state.status == "BUSY"
    assert first.poll().status == "PROMPT"


def test_files_of_the_process(broker):
    """More conversations than there may be descriptors are refused at the start."""
    one = broker(TWO, start=False, max_conversations=4096)
    one.write_conf()
    said = subprocess.run(["prlimit", "--nofile=1024:1024", pamd.PROGRAM, "-c", one.conf],
                          capture_output=True, text=True, timeout=pamd.LONG, check=False)
    assert said.returncode == 1 and "LimitNOFILE" in said.stderr


def test_ipv6_networks(broker):
    one = broker(TWO, max_per_network=1)
    first = one.sign_in("alice", None, services=["two"], address="2001:db8:0:1::5")
    assert first.state.status == "PROMPT"
    cases = [("2001:db8:0:1:ffff::9", "BUSY"), ("2001:db8:0:2::5", "PROMPT"),
             ("no address", "PROMPT"), ("", "BUSY")]
    for number, (address, status) in enumerate(cases):
        state = one.sign_in(f"user{number}", None, services=["two"], address=address).state
        assert state.status == status, address


def test_malformed_requests_are_refused(broker):
    one = broker(TWO)
    good = wire.request("S", wait=0, services=["one"], username="alice", address="",
                        binding=pamd.BINDING)
    cases = [b"Z\x01", good[:1] + b"\x02" + good[2:], good[:-1], good + b"q\0\4\0\0\0\1",
             good + good[2:], b"S", b"\xff" * 49152, b"\xff" * 60000]
    for packet in cases:
        assert wire.ask(one.socket, packet) == b"", packet[:40]
    assert one.log().count("event=request_malformed") == len(cases)
    assert wire.State(wire.ask(one.socket, good)).status == "RUNNING"


def test_silent_clients(broker):
    """Connections that say nothing are closed, those that say more than one thing too."""
    one = broker({"hang": stack("hang")})
    idle = []
    while len(idle) < 600:
        try:
            idle.append(wire.connect(one.socket, pamd.LONG))
        except BlockingIOError:
            time.sleep(0.01)  # as many as may be wait to be let in
    for sock in idle:
        assert sock.recv(10) == b"", "closed"
        sock.close()
    sock = wire.connect(one.socket, pamd.LONG)
    packet = wire.request("S", wait=100, services=["hang"], username="alice", address="",
                          binding=pamd.BINDING)
    sock.send(packet)
    sock.send(packet)
    try:
        assert sock.recv(wire.PACKET_MAX) == b"", "only one request a connection"
    except ConnectionResetError:
        pass


def test_a_worker_that_goes_away(broker):
    """What it began can be fetched by another."""
    one = broker({"s": stack("password=right sleep=...")})
    sock = wire.connect(one.socket)
    sock.send(wire.request("S", wait=100, services=["s"], username="alice", address="",
                           password="right", binding=pamd.BINDING))
    state = wire.State(sock.recv(wire.PACKET_MAX))
    sock.close()
    for _ in range(3):
        with wire.connect(one.socket) as gone:
            gone.send(wire.request("P", wait=100, id=state.id, binding=pamd.BINDING))
    talk = one.talk()
    talk.id, talk.state = state.id, state
    assert talk.settle().status in ("DONE", "GONE")


def test_a_page_that_does_not_fit(broker):
    """What the worker keeps and what a module says must fit a packet together."""
    one = broker({"s": stack("much=" + "." * 31 + " password=right"),
                  "two": stack("password=right code=1")}, failure_ms=0)
    assert one.sign_in("alice", None, services=["s"], keep="k" * 1000).state.status == "PROMPT"
    state = one.sign_in("alice", None, services=["s"], keep="k" * 24576).state
    assert state.verdict == "FAILED" and "does not fit" in state.why
    state = one.sign_in("alice", "right", services=["two"], keep="k" * 24576).state
    assert state.status == "PROMPT" and state.keep == "k" * 24576


def test_two_hundred_conversations(broker):
    """Others are answered as quickly as when the broker is idle, but for a little."""
    people = [(f"u{i}", 2000 + i, "") for i in range(200)]
    one = broker({"busy": stack("password=right code=1 sleep=" + "." * 30),
                  "two": stack("password=right code=1")},
                 people=people, max_conversations=256, max_per_network=256)

    def probe():
        times = []
        for _ in range(40):
            begin = time.monotonic()
            one.talk().broker.lookup("u1", service="two")
            times.append(time.monotonic() - begin)
        return statistics.median(times)

    idle = probe()
    talks = [one.sign_in(f"u{i}", "right", services=["busy" if i % 2 else "two"])
             for i in range(200)]
    assert {t.state.status for t in talks} == {"PROMPT"}
    begin = time.monotonic()
    for talk in talks[1::2]:
        assert talk.respond("1", wait=0).status == "RUNNING"
    assert len(one.children()) == 200
    loaded = probe()
    polls = []
    for talk in talks[::2]:
        at = time.monotonic()
        assert talk.poll().status == "PROMPT"
        polls.append(time.monotonic() - at)
    print(f"lookup {idle * 1000:.2f} ms idle, {loaded * 1000:.2f} ms with 200 conversations, "
          f"poll {statistics.median(polls) * 1000:.2f} ms")
    assert loaded < max(4 * idle, 0.05) and statistics.median(polls) < 0.05
    for talk in talks[::2]:
        talk.respond("1")
    for talk in talks:
        assert talk.settle().verdict == "RIGHT"
    assert time.monotonic() - begin < pamd.LONG
    one.wait_children(0)


# ---- who may connect ----

def ask_as(uid, path, packet):
    """The answer that another user gets: b"" when it is turned away."""
    near, far = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgid(uid)
            os.setuid(uid)
            far.sendall(wire.ask(path, packet)[:1])
        finally:
            os._exit(0)
    far.close()
    answer = near.recv(1)
    near.close()
    os.waitpid(pid, 0)
    return answer


def test_other_users_are_turned_away(broker):
    if os.getuid() != 0:
        pytest.skip("left out: only root can be somebody else")
    one = broker({"s": stack("password=right")}, allow_users="12345 www-data")
    pathlib.Path(one.folder).chmod(0o755)
    packet = wire.request("P", wait=0, id=bytes(16), binding=pamd.BINDING)
    www = int([line.split(":")[2] for line in pathlib.Path("/etc/passwd").read_text(
        encoding="utf-8").splitlines() if line.startswith("www-data:")][0])
    for uid, answer in ((12345, b"C"), (www, b"C"), (12346, b""), (65534, b""), (0, b"C")):
        got = ask_as(uid, one.socket, packet) if uid else wire.ask(one.socket, packet)[:1]
        assert got == answer, uid
    assert "event=stranger_refused uid=12346" in one.log()
    # by its credentials, not by the rights of the file
    assert os.stat(one.socket).st_mode & 0o777 == 0o666


def test_a_socket_that_is_passed(broker):
    """As systemd does it."""
    one = broker(TWO, start=False)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    path = str(one.folder / "passed")
    listener.bind(path)
    listener.listen()
    one.extra["LISTEN_FDS"] = "1"
    shell = ("/bin/bash", "-c", f"exec 3<&{listener.fileno()}; export LISTEN_PID=$$; exec \"$@\"",
             "bash")
    os.set_inheritable(listener.fileno(), True)
    one.pass_fds = (listener.fileno(),)
    one.start(shell)
    one.socket = path
    assert one.sign_in("alice", "right", services=["one"]).state.verdict == "RIGHT"
    one.stop()
    assert os.path.exists(path), "it is systemd's"
