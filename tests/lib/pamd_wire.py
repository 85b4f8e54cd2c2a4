# SPDX-License-Identifier: ISC
"""The packets of ostiary-pamd, written down a second time: core/port/broker_wire.h in words."""

import socket
import struct

VERSION = 1
PACKET_MAX = 49152
STATUSES = ["RUNNING", "PROMPT", "DONE", "GONE", "BUSY"]
VERDICTS = ["RIGHT", "WRONG", "UNAVAILABLE", "EXPIRED", "DENIED", "CHANGE", "FAILED"]
STYLES = ["OFF", "ON", "INFO", "ERROR"]
PHASES = ["AUTHENTICATE", "NEW_PASSWORD"]
FOUNDS = ["FOUND", "NONE", "LOCKED", "DOWN"]

# What a tag holds: request, state, answer share none but by meaning.
NUMBERS = {"w", "q"}
REQUEST_NAMES = {"wait": "w", "id": "i", "binding": "b", "services": "s", "username": "u",
                 "address": "a", "password": "p", "keep": "k", "sequence": "q", "answers": "r",
                 "key": "y"}


def field(tag, data):
    return tag.encode() + struct.pack(">H", len(data)) + data


def request(kind, **members):
    """A request's packet; lists are repeated fields."""
    packet = kind.encode() + bytes([VERSION])
    for name, value in members.items():
        tag = REQUEST_NAMES[name]
        values = value if isinstance(value, (list, tuple)) else [value]
        for one in values:
            if one is None:
                continue
            if tag in NUMBERS:
                one = struct.pack(">I", one)
            elif isinstance(one, str):
                one = one.encode()
            packet += field(tag, one)
    return packet


def fields(packet):
    """(tag, bytes) of each field."""
    assert packet[1] == VERSION
    at, found = 2, []
    while at < len(packet):
        size = struct.unpack(">H", packet[at + 1:at + 3])[0]
        found.append((chr(packet[at]), packet[at + 3:at + 3 + size]))
        assert at + 3 + size <= len(packet)
        at += 3 + size
    return found


def number(data):
    return struct.unpack(">I", data)[0]


class Person:
    def __init__(self, found):
        one = dict(found)
        self.username = one["n"].decode() if "n" in one else None
        self.key = one["y"].decode() if "y" in one else None
        self.claims = dict(v.decode().split("=", 1) for t, v in found if t == "c")
        self.groups = [v.decode() for t, v in found if t == "g"]


class State:
    def __init__(self, packet):
        assert packet[:1] == b"C", packet[:1]
        found = fields(packet)
        one = dict(found)
        self.status = STATUSES[number(one["t"])]
        self.id = one.get("i")
        self.sequence = number(one["q"]) if "q" in one else None
        self.username = one["u"].decode() if "u" in one else None
        self.service = one["s"].decode() if "s" in one else None
        self.keep = one["k"].decode() if "k" in one else None
        self.phase = PHASES[number(one["h"])] if "h" in one else None
        self.prompts = [(STYLES[v[0]], v[1:].decode()) for t, v in found if t == "m"]
        self.verdict = VERDICTS[number(one["v"])] if "v" in one else None
        self.why = one["x"].decode() if "x" in one else None
        self.person = Person(found)

    def __repr__(self):
        return f"<{self.status} {self.verdict} {self.prompts} {self.service} {self.why}>"


class Answer:
    def __init__(self, packet):
        assert packet[:1] == b"U", packet[:1]
        found = fields(packet)
        one = dict(found)
        self.found = FOUNDS[number(one["f"])]
        self.why = one["x"].decode() if "x" in one else None
        self.person = Person(found)

    def __repr__(self):
        return f"<{self.found} {self.person.__dict__} {self.why}>"


def connect(path, timeout=10):
    """A connected socket."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(timeout)
    sock.connect(path)
    return sock


def ask(path, packet, timeout=10):
    """One packet and its answer; b"" when the other side closes instead."""
    with connect(path, timeout) as sock:
        sock.send(packet)
        try:
            return sock.recv(PACKET_MAX + 1)
        except ConnectionResetError:
            return b""
