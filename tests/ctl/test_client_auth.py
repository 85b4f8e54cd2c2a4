# SPDX-License-Identifier: ISC
"""How clients authenticate, as administrators set it up: secrets and their rotation, key sets from
files, endpoints for certificates."""

import json
import time

from jwcrypto import jwk

SERVICE = ("--set", "grant_types=client_credentials", "--set", "response_types=",
           "--set", "scope=email")
DAY = 86400


def test_secret_rotation(host):
    """Old secrets stay good and are warned of while they are in use."""
    host.ok("client", "add", "--id", "app", "--name", "A", *SERVICE)
    first = host.json("client", "secret", "list", "app")
    assert [s["last_used_at"] for s in first["secrets"]] == [0] and "notes" not in first
    assert first["secrets"][0]["sealed"] is False
    old = first["secrets"][0]["secret_id"]
    new = host.json("client", "secret", "add", "app")["secret_id"]
    notes = host.json("client", "secret", "list", "app")["notes"]
    assert len(notes) == 1 and "noted once a day" in notes[0]

    def moved(secret, **columns):
        what = ", ".join(f"{name} = {value}" for name, value in columns.items())
        host.query(f"UPDATE client_secret SET {what} WHERE id = UNHEX('{secret}')")

    now = int(time.time())
    moved(old, created_at=now - 9 * DAY, last_used_at=now - 60)
    moved(new, created_at=now - 3 * DAY, last_used_at=now - 50)
    notes = host.json("client", "secret", "list", "app")["notes"]
    assert len(notes) == 1 and old in notes[0] and "still in use" in notes[0]
    done = host.run("client", "secret", "list", "app")
    assert done.returncode == 0 and "still in use" in done.stderr and "LAST USED" in done.stdout
    moved(old, last_used_at=now - 4 * DAY)
    assert "notes" not in host.json("client", "secret", "list", "app")
    moved(old, last_used_at=now - 60, expires_at=now - 1)
    assert "notes" not in host.json("client", "secret", "list", "app")


def test_secrets_for_assertions(host):
    made = host.json("client", "add", "--id", "mac", "--name", "M", *SERVICE, "--set",
                     "token_endpoint_auth_method=client_secret_jwt")
    assert len(made["client_secret"]) >= 64
    listed = host.json("client", "secret", "list", "mac")
    assert listed["secrets"][0]["sealed"] is True and "notes" not in listed
    assert "sealed" in host.ok("client", "secret", "add", "mac")

    host.ok("client", "add", "--id", "app", "--name", "A", *SERVICE)
    switched = host.json("client", "edit", "app", "--set",
                         "token_endpoint_auth_method=client_secret_jwt")
    assert "client secret add app" in switched["notes"][0]
    assert "client secret add app" in host.json("client", "secret", "list", "app")["notes"][0]
    host.ok("client", "secret", "add", "app")
    assert not any("client secret add" in note
                   for note in host.json("client", "secret", "list", "app")["notes"])


def test_secrets_under_a_new_master_key(host):
    host.ok("client", "add", "--id", "mac", "--name", "M", *SERVICE, "--set",
            "token_endpoint_auth_method=client_secret_jwt")
    old = host.folder / "old.key"
    host.master.rename(old)
    host.master.write_text("11" * 32)
    host.master.chmod(0o600)
    host.write_conf(previous_master_key_file=old)
    done = host.json("key", "rewrap")
    assert (done["keys"], done["secrets"], done["resealed"], done["lost"]) == (3, 1, 4, 0)
    assert host.json("key", "rewrap")["resealed"] == 0


def test_keys_from_a_file(host):
    key = jwk.JWK.generate(kty="EC", crv="P-256")
    keys = host.folder / "keys.json"
    keys.write_text(json.dumps({"keys": [key.export_public(as_dict=True)]}))
    words = ("client", "add", "--id", "key", "--name", "K", *SERVICE, "--set",
             "token_endpoint_auth_method=private_key_jwt", "--set")
    made = host.json(*words, f"jwks=@{keys}")
    assert "client_secret" not in made
    assert host.json("client", "show", "key")["jwks"]["keys"][0]["x"] == key["x"]
    assert "has no secrets" in host.fails(1, "client", "secret", "add", "key")

    private = host.folder / "private.json"
    private.write_text(json.dumps({"keys": [key.export_private(as_dict=True)]}))
    refused = host.fails(1, "client", "edit", "key", "--set", f"jwks=@{private}")
    assert "only public keys may be given" in refused
    assert "No such file" in host.fails(2, "client", "edit", "key", "--set", "jwks=@/nowhere")
    private.write_text(" " * 40000)
    assert "too large" in host.fails(2, "client", "edit", "key", "--set", f"jwks=@{private}")
    assert "client_name" in host.ok("client", "show", "key")
    host.ok("client", "edit", "key", "--set", "client_name=@name")  # a text is a text
    assert host.json("client", "show", "key")["client_name"] == "@name"


def test_endpoints_for_certificates(host):
    assert host.json("realm", "show")["settings"]["mtls_endpoint_base"] == ""
    for value in ("http://mtls.example", "https://mtls.example/", "https://mtls.example?x", "x"):
        assert "mtls_endpoint_base" in host.fails(1, "realm", "set", f"mtls_endpoint_base={value}")
    host.ok("realm", "set", "mtls_endpoint_base=https://mtls.example/a")
    host.ok("realm", "set", "mtls_endpoint_base=")
