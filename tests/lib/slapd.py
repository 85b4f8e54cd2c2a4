# SPDX-License-Identifier: ISC
"""A directory server for tests: OpenLDAP's slapd on loopback and on a socket file, filled by
slapadd, with a password policy, TLS where there is an authority, and people.

    with Slapd(folder, authority) as slapd:
        slapd.url, slapd.tls_url, slapd.socket_url
        slapd.change(dn, "replace", "mail", "new@example.org")     as its manager
"""

import pathlib
import socket
import subprocess

from children import Child, wait_until

SUFFIX = "dc=example,dc=org"
MANAGER, MANAGER_PASSWORD = f"cn=manager,{SUFFIX}", "manager secret"
READER, READER_PASSWORD = f"cn=reader,ou=services,{SUFFIX}", "reader secret"
SLAPD, SLAPADD = "/usr/sbin/slapd", "/usr/sbin/slapadd"

CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
sizelimit unlimited
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
{tls}
access to attrs=userPassword by self write by anonymous auth by * none
access to dn.subtree="ou=hidden,{suffix}" by dn.exact="{manager}" manage by anonymous auth
  by * none
access to * by dn.exact="{reader}" read by self read by anonymous {others}
  by * none
database mdb
suffix "{suffix}"
rootdn "{manager}"
rootpw "{manager_password}"
directory {folder}/data
overlay memberof
overlay ppolicy
ppolicy_default "cn=policy,{suffix}"
ppolicy_use_lockout
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def entry(dn, *lines):
    return "\n".join([f"dn: {dn}", *lines, ""]) + "\n"


def person(uid, *more, place="people", password=None, name=None):
    """A person's entry; the password is their name and " secret"."""
    return entry(f"uid={uid},ou={place},{SUFFIX}", "objectClass: inetOrgPerson",
                 f"uid: {uid}", f"cn: {name or uid.title() + ' Doe'}", "sn: Doe",
                 f"userPassword: {password or uid + ' secret'}", *more)


def group(name, *members, place="groups"):
    dns = [m if "=" in m else f"uid={m},ou=people,{SUFFIX}" for m in members]
    return entry(f"cn={name},ou={place},{SUFFIX}", "objectClass: groupOfNames", f"cn: {name}",
                 *[f"member: {dn}" for dn in dns])


def unit(name):
    return entry(f"ou={name},{SUFFIX}", "objectClass: organizationalUnit", f"ou: {name}")


BASE = "".join([
    entry(SUFFIX, "objectClass: dcObject", "objectClass: organization", "dc: example", "o: Ex"),
    *[unit(name) for name in ("people", "groups", "others", "services", "hidden")],
    entry(f"cn=policy,{SUFFIX}", "objectClass: device", "objectClass: pwdPolicy",
          "cn: policy", "pwdAttribute: userPassword", "pwdMustChange: TRUE",
          "pwdCheckQuality: 1", "pwdMinLength: 8", "pwdInHistory: 2",
          "pwdAllowUserChange: TRUE", "pwdMaxFailure: 0"),
    entry(READER, "objectClass: organizationalRole", "objectClass: simpleSecurityObject",
          "cn: reader", f"userPassword: {READER_PASSWORD}"),
])


class Slapd:
    """people: LDIF behind BASE. others: what everybody else may do ("read": anonymous search)."""

    def __init__(self, folder, authority=None, people="", others="auth", names=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "data").mkdir()
        self.port, self.tls_port = free_port(), free_port()
        self.socket = self.folder / "ldapi"
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.tls_url = f"ldaps://127.0.0.1:{self.tls_port}"
        self.socket_url = "ldapi://" + str(self.socket).replace("/", "%2F")
        self.authority, self.child = authority, None
        tls = ""
        if authority:
            certificate, key = authority.issue(names or "IP:127.0.0.1")
            tls = (f"TLSCACertificateFile {authority.file}\nTLSCertificateFile {certificate}\n"
                   f"TLSCertificateKeyFile {key}")
        self.conf = self.folder / "slapd.conf"
        self.conf.write_text(CONF.format(
            folder=self.folder, tls=tls, suffix=SUFFIX, manager=MANAGER, reader=READER,
            manager_password=MANAGER_PASSWORD, others=others), encoding="utf-8")
        self.fill(BASE + people)

    def fill(self, ldif):
        """Entries as they are, before it is started."""
        done = subprocess.run([SLAPADD, "-f", str(self.conf)], input=ldif, text=True, check=False,
                              capture_output=True)
        assert done.returncode == 0, done.stderr

    def start(self):
        urls = [self.url + "/", self.socket_url] + [self.tls_url + "/"] * bool(self.authority)
        self.child = Child("slapd", [SLAPD, "-d", "0", "-f", str(self.conf), "-h",
                                     " ".join(urls)], str(self.folder / "slapd.log"))
        wait_until(self._listening, 60, "the start of slapd", 0.02)
        return self

    def _listening(self):
        self.child.check()
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.child:
            self.child.stop()
            self.child = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _manage(self, program, ldif, *more):
        done = subprocess.run([f"/usr/bin/{program}", "-x", "-H", self.url, "-D", MANAGER, "-w",
                               MANAGER_PASSWORD, *more], input=ldif, text=True, check=False,
                              capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def change(self, dn, how, attribute, *values, more=()):
        """how: add, replace, delete"""
        lines = [f"dn: {dn}", "changetype: modify", f"{how}: {attribute}",
                 *[f"{attribute}: {value}" for value in values]]
        self._manage("ldapmodify", "\n".join([*lines, "", ""]), *more)

    def add(self, ldif, *more):
        self._manage("ldapadd", ldif, *more)

    def remove(self, dn):
        self._manage("ldapdelete", dn + "\n")

    def read(self, dn, attribute):
        """The first value, as the manager sees it."""
        found = self._manage("ldapsearch", "", "-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b",
                             dn, attribute, "+")
        for line in found.splitlines():
            if line.lower().startswith(attribute.lower() + ": "):
                return line.split(": ", 1)[1]
        return None


def dn_of(uid):
    return f"uid={uid},ou=people,{SUFFIX}"
