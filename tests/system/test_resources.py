# SPDX-License-Identifier: ISC
"""Resource servers in a whole installation: Authlib gets tokens for APIs as a client of its own
and for a person, a resource server checks them with the published keys or asks for a signed
answer, and every worker of the pool knows what the command line changed."""

import json
import time

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from jwcrypto import jwk, jws

from conftest import add_client
from relying import Person, redeem, token

API = "https://api.example/v1"
FILES = "urn:example:files"
TYPE = "application/token-introspection+jwt"


@pytest.fixture(scope="module", name="metadata")
def fixture_metadata(stack):
    url = get_well_known_url(stack.issuer, external=True)
    return OpenIDProviderMetadata(requests.get(url).json())


@pytest.fixture(scope="module", name="apis")
def fixture_apis(stack):
    """Two resource servers, one of them with a client that may look at its tokens."""
    guard = stack.ctl("client", "add", "--id", "guard", "--name", "Guard",
                      "--set", "grant_types=", "--set", "response_types=",
                      "--set", "introspection_signed_response_alg=ES256", json=True)
    stack.ctl("resource", "add", API, "--name", "The API", "--scope", "read=Read things",
              "--scope", "write=Write things", "--introspection-client", "guard")
    stack.ctl("resource", "add", FILES, "--scope", "read=Read files",
              "--set", "access_token_format=opaque", "--set", "access_token_lifetime=2m")
    time.sleep(1.5)  # workers look for news once a second
    return guard


def add_service(stack, client_id, **settings):
    made = stack.ctl("client", "add", "--id", client_id, "--name", client_id,
                     "--set", "grant_types=client_credentials", "--set", "response_types=",
                     "--set", "scope=read write", "--set", f"resources={API} {FILES}",
                     *[word for name, value in settings.items()
                       for word in ("--set", f"{name}={value}")], json=True)
    return OAuth2Session(client_id, made["client_secret"],
                         token_endpoint_auth_method="client_secret_basic")


def claims_of(stack, metadata, text, alg="ES256"):
    keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"]).json())
    claims = JsonWebToken([alg]).decode(text, keys, claims_options={
        "iss": {"essential": True, "value": stack.issuer}})
    claims.validate()
    return claims


def introspect(stack, caller, text, accept=None):
    return requests.post(f"{stack.issuer}/introspect", {"token": text},
                         auth=(caller["client_id"], caller["client_secret"]),
                         headers={"Accept": accept} if accept else {})


def test_metadata(metadata, apis):
    assert apis and "client_credentials" in metadata["grant_types_supported"]
    # read again: the fixture may be older than the resource servers
    fresh = requests.get(metadata["issuer"] + "/.well-known/openid-configuration").json()
    assert {"read", "write"} <= set(fresh["scopes_supported"])
    assert "ES256" in fresh["introspection_signing_alg_values_supported"]


def test_client_credentials(stack, metadata, apis):
    session = add_service(stack, "robot")
    got = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials",
                              resource=API)
    assert set(got["scope"].split()) == {"read", "write"} and "refresh_token" not in got
    claims = claims_of(stack, metadata, got["access_token"])
    assert claims["aud"] == API and claims["sub"] == claims["client_id"] == "robot"
    assert claims.header["typ"] == "at+jwt" and "auth_time" not in claims
    told = introspect(stack, apis, got["access_token"]).json()
    assert told["active"] is True and told["aud"] == API and told["sub"] == "robot"

    got = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials",
                              resource=FILES, scope="read")
    assert got["access_token"].startswith("ost_at_") and got["expires_in"] == 120
    assert introspect(stack, apis, got["access_token"]).json() == {"active": False}
    own = session.introspect_token(metadata["introspection_endpoint"], token=got["access_token"])
    assert own.json()["aud"] == FILES and own.json()["scope"] == "read"
    for _ in range(2):
        assert session.revoke_token(metadata["revocation_endpoint"],
                                    token=got["access_token"]).status_code == 200
    own = session.introspect_token(metadata["introspection_endpoint"], token=got["access_token"])
    assert own.json() == {"active": False}


REFUSED = {"scope": ({"scope": "read admin", "resource": API}, "invalid_scope"),
           "resource": ({"resource": "https://other.example"}, "invalid_target"),
           "openid": ({"scope": "openid"}, "invalid_scope")}


@pytest.mark.parametrize("name", REFUSED)
def test_client_credentials_refused(stack, metadata, apis, name):
    asked, error = REFUSED[name]
    session = add_service(stack, f"robot-{name}")
    with pytest.raises(Exception, match=error):
        session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", **asked)
    assert apis


def test_signed_introspection(stack, metadata, apis):
    session = add_service(stack, "robot-signed")
    got = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials",
                              resource=API, scope="read")
    answer = introspect(stack, apis, got["access_token"], TYPE)
    assert answer.headers["Content-Type"] == TYPE
    keys = jwk.JWKSet.from_json(requests.get(metadata["jwks_uri"]).text)
    told = jws.JWS()
    told.allowed_algs = ["ES256"]
    told.deserialize(answer.text)
    told.verify(keys.get_key(told.jose_header["kid"]))
    claims = json.loads(told.payload)
    assert told.jose_header["typ"] == "token-introspection+jwt"
    assert claims["iss"] == stack.issuer and claims["aud"] == "guard"
    assert set(claims) == {"iss", "aud", "iat", "token_introspection"}
    assert claims["token_introspection"]["active"] is True
    assert claims["token_introspection"]["scope"] == "read"
    assert introspect(stack, apis, got["access_token"]).headers["Content-Type"] == \
        "application/json"


def test_a_person_reaches_two_services(stack, metadata, apis):
    client = add_client(stack, "reach")
    reply = Person(stack).sign_in(client, scope="openid read write offline_access",
                                  resource=[API, FILES])
    refused = redeem(stack, client, reply)
    assert refused.json()["error"] == "invalid_target", "their tokens are made differently"
    got = redeem(stack, client, reply, resource=API).json()
    assert claims_of(stack, metadata, got["access_token"])["aud"] == API and "id_token" in got
    info = requests.get(metadata["userinfo_endpoint"],
                        headers={"Authorization": f"Bearer {got['access_token']}"})
    assert info.status_code == 401, "it is for the API alone"

    got = token(stack, client, grant_type="refresh_token", refresh_token=got["refresh_token"],
                resource=FILES).json()
    assert got["access_token"].startswith("ost_at_") and got["scope"] == "read"
    got = token(stack, client, grant_type="refresh_token", refresh_token=got["refresh_token"],
                resource=stack.issuer, scope="openid").json()
    info = requests.get(metadata["userinfo_endpoint"],
                        headers={"Authorization": f"Bearer {got['access_token']}"})
    assert info.status_code == 200
    wider = token(stack, client, grant_type="refresh_token", refresh_token=got["refresh_token"],
                  resource="https://other.example")
    assert wider.json()["error"] == "invalid_target" and apis


def test_changes_reach_every_worker(stack, metadata, apis):
    session = add_service(stack, "robot-news", resources=f"{API} urn:late")
    stack.ctl("resource", "add", "urn:late", "--scope", "read=Read late")
    time.sleep(1.5)
    for _ in range(8):
        got = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials",
                                  resource="urn:late")
        assert got["scope"] == "read"
    stack.ctl("resource", "remove", "urn:late", "--yes")
    time.sleep(1.5)
    for _ in range(8):
        with pytest.raises(Exception, match="invalid_target"):
            session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials",
                                resource="urn:late")
    assert apis
