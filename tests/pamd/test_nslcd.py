# SPDX-License-Identifier: ISC
"""People of a directory through PAM and NSS: libpam-ldapd, libnss-ldapd and nslcd with a real
slapd, in a mount namespace where the host's own files are not touched. Needs root."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest
import slapd as ldap
from children import Child, wait_until

PRIVATE = ["unshare", "--mount", "--propagation", "private"]
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not os.path.exists("/usr/sbin/nslcd")
    or subprocess.run([*PRIVATE, "true"], check=False, capture_output=True).returncode != 0,
    reason="left out: needs root, mount namespaces and nslcd")

STACK = ["auth [success=done authinfo_unavail=die default=bad] pam_ldap.so minimum_uid=1000",
         "account [success=ok authinfo_unavail=die default=bad] pam_ldap.so minimum_uid=1000"]


def unix_person(uid, number, *more):
    return ldap.entry(f"uid={uid},ou=people,{ldap.SUFFIX}", "objectClass: inetOrgPerson",
                      "objectClass: posixAccount", f"uid: {uid}", f"cn: {uid.title()} Doe",
                      "sn: Doe", f"uidNumber: {number}", "gidNumber: 5000",
                      f"homeDirectory: /home/{uid}", f"userPassword: {uid} secret", *more)


def unix_group(name, number, *members):
    return ldap.entry(f"cn={name},ou=groups,{ldap.SUFFIX}", "objectClass: posixGroup",
                      f"cn: {name}", f"gidNumber: {number}",
                      *[f"memberUid: {member}" for member in members])


PEOPLE = "".join([
    unix_person("lena", 5001, "gecos: Lena Doe,Room 1"), unix_person("low", 500),
    unix_person("leaver", 5002, "objectClass: shadowAccount", "shadowExpire: 1"),
    unix_group("people", 5000), unix_group("staff", 5010, "lena"),
])

NSLCD = """uid nslcd
gid nslcd
uri {url}
base {suffix}
binddn {reader}
bindpw {password}
timelimit 5
bind_timelimit 3
reconnect_sleeptime 1
reconnect_retrytime 2
"""


class Nslcd:
    """nslcd in a mount namespace of its own, with its own /run and configuration."""

    def __init__(self, folder, slapd):
        self.folder = pathlib.Path(folder)
        conf, switch, run = (self.folder / name for name in ("nslcd.conf", "nsswitch", "run"))
        (run / "nslcd").mkdir(parents=True)
        shutil.chown(run / "nslcd", "nslcd", "nslcd")
        conf.write_text(NSLCD.format(url=slapd.url, suffix=ldap.SUFFIX, reader=ldap.READER,
                                     password=ldap.READER_PASSWORD), encoding="ascii")
        conf.chmod(0o600)
        switch.write_text("passwd: files ldap\ngroup: files ldap\nshadow: files ldap\n",
                          encoding="ascii")
        script = (f"mount --bind {conf} /etc/nslcd.conf && mount --bind {switch} "
                  f"/etc/nsswitch.conf && mount --bind {run} /run && exec /usr/sbin/nslcd -d")
        self.child = Child("nslcd", [*PRIVATE, "sh", "-c",
                                     script], str(self.folder / "nslcd.log"))
        wait_until(self._listening, 60, "the start of nslcd", 0.05)
        self.wrapper = ["nsenter", "-t", str(self.child.pid), "-m"]

    def _listening(self):
        self.child.check()
        return (self.folder / "run/nslcd/socket").exists()

    def stop(self):
        self.child.stop()


@pytest.fixture(name="folder")
def make_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nslcd."))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def look(one, username, key=None):
    end = time.monotonic() + 60
    while True:
        answer = one.lookup(username, "unix", key)
        if answer.found != "DOWN" or "takes its time" not in (answer.why or ""):
            return answer
        assert time.monotonic() < end, answer
        time.sleep(0.02)


def test_nslcd(broker, folder):
    with ldap.Slapd(folder / "slapd", None, PEOPLE) as slapd:
        nslcd = Nslcd(folder, slapd)
        try:
            one = broker({"unix": STACK}, nss=False, start=False, failure_ms=0)
            one.start(nslcd.wrapper)

            def verdict(username, password):
                return one.sign_in(username, password, services=["unix"]).state.verdict

            state = one.sign_in("lena", "lena secret", services=["unix"]).state
            assert state.verdict == "RIGHT", (state, one.log())
            assert state.person.key == "lena:5001"
            assert state.person.claims == {"preferred_username": "lena", "name": "Lena Doe"}
            assert sorted(state.person.groups) == ["people", "staff"]
            assert verdict("lena", "wrong") == "WRONG"
            assert verdict("nosuch", "wrong") == "WRONG"
            assert verdict("*", "lena secret") == "WRONG"
            assert verdict("lena)(uid=*", "lena secret") == "WRONG"
            assert verdict("low", "low secret") == "WRONG", "minimum_uid"
            assert look(one, "lena", "lena:5001").found == "FOUND"
            assert look(one, "lena", "lena:5003").found == "NONE"
            assert look(one, "nosuch").found == "NONE"
            assert look(one, "leaver").found == "LOCKED"

            slapd.stop()
            assert verdict("lena", "lena secret") == "UNAVAILABLE"
            assert verdict("lena", "wrong") == "UNAVAILABLE"
            assert look(one, "lena", "lena:5001").found == "DOWN"
            slapd.start()
            wait_until(lambda: look(one, "lena", "lena:5001").found == "FOUND", 60,
                       "nslcd's return to slapd", 0.5)
            assert verdict("lena", "lena secret") == "RIGHT"

            slapd.remove(ldap.dn_of("lena"))
            slapd.add(unix_person("lena", 5004))
            assert look(one, "lena", "lena:5001").found == "NONE"

            nslcd.stop()
            assert verdict("lena", "lena secret") == "UNAVAILABLE"
            assert look(one, "lena", "lena:5004").found == "DOWN"
        finally:
            nslcd.stop()
