# SPDX-License-Identifier: ISC
"""Every way in which clients authenticate, from outside: certificates with curl through the TLS
listeners of nginx, Apache and lighttpd as their examples set them up, assertions by Authlib."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from jwcrypto import jwk

from children import wait_until
from mutual import ApacheMutual, LighttpdMutual, NginxMutual
from outside import Authority, run_openssl

SERVERS = {"nginx": NginxMutual, "apache": ApacheMutual, "lighttpd": LighttpdMutual}
SUBJECT = "/C=DE/O=Lab, Inc./OU=Clients/CN=client one"
RFC4514 = r"CN=client one,OU=Clients,O=Lab\, Inc.,C=DE"
SERVICE = ("--set", "grant_types=client_credentials", "--set", "response_types=",
           "--set", "scope=email")


def add_service(stack, client_id, method, *sets):
    words = [word for text in sets for word in ("--set", text)]
    return stack.ctl("client", "add", "--id", client_id, "--name", client_id, *SERVICE, "--set",
                     f"token_endpoint_auth_method={method}", *words, json=True)


class Party:
    """The certificates of the tests."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.authority = Authority(self.folder)
        self.good = self.authority.issue("DNS:client.example", subject=SUBJECT)
        self.other = self.authority.issue("DNS:other.example", subject="/CN=other")
        self.home_made = self.folder / "home.pem", self.folder / "home.key"
        run_openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-keyout", self.home_made[1], "-out",
                    self.home_made[0], "-subj", SUBJECT, "-addext",
                    "subjectAltName=DNS:client.example")

    def jwks(self, *pairs):
        keys = [jwk.JWK.from_pem(key.read_bytes()).export_public(as_dict=True)
                for _, key in pairs]
        return json.dumps({"keys": keys})


@pytest.fixture(scope="module", name="party")
def fixture_party(stack):
    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        os.chmod(folder, 0o755)
        party = Party(folder)
        add_service(stack, "tls-dn", "tls_client_auth", f"tls_client_auth_subject_dn={RFC4514}")
        add_service(stack, "tls-dns", "tls_client_auth",
                    "tls_client_auth_san_dns=client.example")
        add_service(stack, "tls-self", "self_signed_tls_client_auth",
                    f"jwks={party.jwks(party.home_made, party.good)}")
        yield party


@pytest.fixture(scope="module", name="server", params=SERVERS)
def fixture_server(request, stack, party):
    kind = SERVERS[request.param]
    if not shutil.which(kind.program):
        pytest.skip(f"left out: no {kind.program}")
    with kind(party.folder / request.param, stack.pool.socket, party.authority) as server:
        server.name = request.param
        yield server


def curl(party, url, pair, *more, **form):
    """(status, JSON or text) of a POST; pair: the client's certificate and key, or None."""
    words = ["curl", "-s", "--cacert", str(party.authority.file), "-w", "\n%{http_code}"]
    if pair:
        words += ["--cert", str(pair[0]), "--key", str(pair[1])]
    for name, value in form.items():
        words += ["--data-urlencode", f"{name}={value}"]
    done = subprocess.run([*words, *more, url], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr)
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(body) if body.startswith("{") else body


def token(server, party, client_id, pair, *more):
    return curl(party, server.url("/token"), pair, *more, grant_type="client_credentials",
                client_id=client_id)


@pytest.mark.parametrize("client_id", ["tls-dn", "tls-dns"])
def test_certificates_of_an_authority(server, party, client_id):
    status, answer = token(server, party, client_id, party.good)
    assert status == 200 and answer["token_type"] == "Bearer", answer
    looked = curl(party, server.url("/introspect"), party.good, client_id=client_id,
                  token=answer["access_token"])
    assert looked[0] == 200 and looked[1]["active"] is True
    ended = curl(party, server.url("/revoke"), party.good, client_id=client_id,
                 token=answer["access_token"])
    assert ended[0] == 200
    looked = curl(party, server.url("/introspect"), party.good, client_id=client_id,
                  token=answer["access_token"])
    assert looked[1] == {"active": False}


def test_other_certificates(stack, server, party):
    for client_id in ("tls-dn", "tls-dns"):
        for pair in (party.other, party.home_made, None):
            status, answer = token(server, party, client_id, pair)
            assert status == 401 and answer["error"] == "invalid_client", (client_id, pair)
            assert answer["error_description"] == "client authentication failed"
    assert "SSL_CLIENT_VERIFY is" in stack.log_text() or server.name == "lighttpd"


def test_headers_are_no_certificate(server, party):
    text = party.good[0].read_text(encoding="ascii").replace("\n", " ")
    forged = [word for name in ("SSL-Client-Cert", "SSL_CLIENT_CERT", "Client-Cert")
              for word in ("-H", f"{name}: {text}")]
    forged += ["-H", "SSL-Client-Verify: SUCCESS", "-H", "SSL_CLIENT_VERIFY: SUCCESS"]
    for pair in (None, party.home_made):
        assert token(server, party, "tls-dn", pair, *forged)[0] == 401, pair


def test_registered_keys(server, party):
    assert token(server, party, "tls-self", party.good)[0] == 200
    # lighttpd passes on no certificate whose issuer it does not know
    home_made = 401 if server.name == "lighttpd" else 200
    assert token(server, party, "tls-self", party.home_made)[0] == home_made
    assert token(server, party, "tls-self", party.other)[0] == 401
    assert token(server, party, "tls-self", None)[0] == 401


def discovery(stack, wanted):
    """The document once every worker has seen that aliases are wanted, or not."""
    def agreed():
        documents = [requests.get(f"{stack.issuer}/.well-known/openid-configuration").json()
                     for _ in range(8)]
        good = all(("mtls_endpoint_aliases" in document) == wanted for document in documents)
        return documents[0] if good else None

    return wait_until(agreed, 10, "news of the realm's setting")


def test_discovery_where_certificates_are_asked_for(stack, server):
    """The aliases lead to endpoints that are there."""
    stack.ctl("realm", "set", f"mtls_endpoint_base={server.url('')}")
    document = discovery(stack, True)
    aliases = document["mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == server.url("/token")
    assert {"introspection_endpoint", "revocation_endpoint",
            "pushed_authorization_request_endpoint"} <= set(aliases)
    assert "self_signed_tls_client_auth" in document["token_endpoint_auth_methods_supported"]
    for name, url in aliases.items():
        answer = requests.post(url, verify=str(server.replaced["/etc/ostiary/tls/clients.pem"]))
        assert answer.status_code in (400, 401), (name, answer.text)
    stack.ctl("realm", "set", "mtls_endpoint_base=")
    document = discovery(stack, False)
    assert "tls_client_auth" not in document["token_endpoint_auth_methods_supported"]


# ---- assertions ------------------------------------------------------------------------------


def session_of(client_id, secret, method):
    return OAuth2Session(client_id, secret, token_endpoint_auth_method=method,
                         revocation_endpoint_auth_method=method)


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_client_secret_jwt(stack, alg):
    client_id = f"secret-jwt-{alg}"
    made = add_service(stack, client_id, "client_secret_jwt",
                       f"token_endpoint_auth_signing_alg={alg}")
    url = f"{stack.issuer}/token"
    session = session_of(client_id, made["client_secret"], "client_secret_jwt")
    session.register_client_auth_method(ClientSecretJWT(url, alg=alg))
    answer = session.fetch_token(url, grant_type="client_credentials")
    assert answer["token_type"] == "Bearer"
    looked = session.introspect_token(f"{stack.issuer}/introspect", token=answer["access_token"])
    assert looked.json()["active"] is True
    wrong = session_of(client_id, made["client_secret"] + "x", "client_secret_jwt")
    wrong.register_client_auth_method(ClientSecretJWT(url, alg=alg))
    with pytest.raises(Exception, match="invalid_client"):
        wrong.fetch_token(url, grant_type="client_credentials")


@pytest.mark.parametrize("alg, make", [
    ("RS256", {"kty": "RSA", "size": 2048}), ("PS256", {"kty": "RSA", "size": 2048}),
    ("ES256", {"kty": "EC", "crv": "P-256"}), ("ES384", {"kty": "EC", "crv": "P-384"})])
def test_private_key_jwt(stack, alg, make):
    client_id = f"private-key-{alg}"
    key = jwk.JWK.generate(kid="k1", **make)
    keys = stack.folder / f"{client_id}.json"
    keys.write_text(json.dumps({"keys": [key.export_public(as_dict=True)]}), encoding="utf-8")
    add_service(stack, client_id, "private_key_jwt", f"jwks=@{keys}")
    pem = key.export_to_pem(private_key=True, password=None).decode()
    url = f"{stack.issuer}/token"
    session = session_of(client_id, pem, "private_key_jwt")
    session.register_client_auth_method(PrivateKeyJWT(url, alg=alg))
    answer = session.fetch_token(url, grant_type="client_credentials")
    assert answer["token_type"] == "Bearer"
    ended = session.revoke_token(f"{stack.issuer}/revoke", token=answer["access_token"])
    assert ended.status_code == 200
    assert "client_assertion" not in stack.log_text()


def test_explained_to_administrators_alone(stack):
    """The registered method is in `ostiary explain`, never in the answer."""
    made = add_service(stack, "explained", "client_secret_jwt")
    answer = requests.post(f"{stack.issuer}/token", auth=("explained", made["client_secret"]),
                           data={"grant_type": "client_credentials"})
    assert answer.status_code == 401 and "client_secret_jwt" not in answer.text
    line = stack.wait_log("registered client_secret_jwt")
    request = next(word.split("=", 1)[1] for word in line.split() if word.startswith("request="))
    assert "registered client_secret_jwt" in stack.ctl("explain", request)
