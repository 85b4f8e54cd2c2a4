# SPDX-License-Identifier: ISC
"""Services of a broker that ask a slapd, and servers that are none."""

import socket
import threading

import slapd as ldap


class Mute:
    """Takes connections and says what it is given to say, or nothing, and keeps them open."""

    def __init__(self, says=b""):
        self.says, self.kept = says, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"ldap://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.kept.append(connection)
            if self.says:
                connection.recv(4096)
                connection.sendall(self.says)

    def stop(self):
        self.listener.close()
        for connection in self.kept:
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def options(slapd, folder, **more):
    """A service at the slapd that searches as its reader."""
    secret = folder / "reader"
    if not secret.exists():
        secret.write_text(ldap.READER_PASSWORD + "\n", encoding="ascii")
        secret.chmod(0o600)
    made = {"kind": "ldap", "uri": slapd.url, "bind_dn": ldap.READER, "bind_password_file": secret,
            "base": f"ou=people,{ldap.SUFFIX}", "group_base": f"ou=groups,{ldap.SUFFIX}", **more}
    return {name: value for name, value in made.items() if value is not None}
