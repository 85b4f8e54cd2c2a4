# SPDX-License-Identifier: ISC
"""Authlib as relying party: a client library that nobody here wrote drives whole flows and
verifies what it gets, with the keys and the metadata that it finds by itself."""

import base64
import hashlib
import json
import time

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from jwcrypto import jwk, jws

from conftest import add_client
from relying import Person, pkce, redeem

SCOPE = "openid profile email offline_access"


@pytest.fixture(scope="module", name="metadata")
def fixture_metadata(stack):
    url = get_well_known_url(stack.issuer, external=True)
    return OpenIDProviderMetadata(requests.get(url).json())


def session_of(client, method, scope=SCOPE):
    """PKCE is a setting of Authlib's session; it makes the challenge from the verifier."""
    return OAuth2Session(client["client_id"], client.get("client_secret"),
                         token_endpoint_auth_method=method, scope=scope,
                         redirect_uri=client["redirect_uri"], code_challenge_method="S256")


def whole_flow(stack, metadata, client, method, **asked):
    """(session, token, nonce) after a sign-in."""
    session = session_of(client, method)
    verifier, _ = pkce()
    nonce = f"n-{time.monotonic_ns()}"
    url, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **asked)
    person = Person(stack)
    answer = person.open(url)
    for _ in range(4):
        if answer.status_code == 303:
            break
        if 'value="signin"' in answer.text:
            answer = person.submit(answer, "signin", **stack.demo["user"])
        else:
            answer = person.submit(answer, "allow")
    token = session.fetch_token(metadata["token_endpoint"], state=state, code_verifier=verifier,
                                authorization_response=answer.headers["Location"])
    return session, token, nonce


def verified(stack, metadata, client, token, alg, nonce=None):
    """Claims of the ID token, by Authlib and by jwcrypto. alg is the only one accepted."""
    keys = requests.get(metadata["jwks_uri"]).json()
    claims = JsonWebToken([alg]).decode(
        token["id_token"], JsonWebKey.import_key_set(keys), claims_cls=CodeIDToken,
        claims_options={"iss": {"essential": True, "value": stack.issuer},
                        "aud": {"essential": True, "value": client["client_id"]}},
        claims_params={"nonce": nonce, "client_id": client["client_id"],
                       # Authlib knows no digest for EdDSA; that one is looked at below
                       "access_token": None if alg == "EdDSA" else token["access_token"]})
    claims.validate()
    digest = hashlib.sha512 if alg == "EdDSA" else hashlib.sha256
    half = digest(token["access_token"].encode()).digest()
    half = half[:len(half) // 2]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert claims.header["alg"] == alg
    foreign = jws.JWS()
    foreign.allowed_algs = [alg]
    foreign.deserialize(token["id_token"])
    foreign.verify(jwk.JWKSet.from_json(json.dumps(keys)).get_key(claims.header["kid"]))
    assert json.loads(foreign.payload) == dict(claims)
    return claims


def test_discovery_is_complete_and_consistent(stack, metadata):
    metadata.validate()
    assert metadata["issuer"] == stack.issuer
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
                 "introspection_endpoint", "revocation_endpoint", "end_session_endpoint"):
        assert metadata[name].startswith(stack.issuer + "/"), name
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert {"authorization_code", "refresh_token"} <= set(metadata["grant_types_supported"])


METHODS = {"basic": ("client_secret_basic", False), "post": ("client_secret_post", False),
           "public": ("none", True)}


@pytest.mark.parametrize("name", METHODS)
def test_client_authentication(stack, metadata, name):
    method, public = METHODS[name]
    more = {} if public else {"token_endpoint_auth_method": method}
    client = add_client(stack, f"auth-{name}", public=public, **more)
    session, token, nonce = whole_flow(stack, metadata, client, method)
    claims = verified(stack, metadata, client, token, "RS256", nonce)
    assert token["token_type"] == "Bearer" and isinstance(token["expires_in"], int)
    assert claims["nonce"] == nonce and claims["auth_time"] <= claims["iat"] <= time.time() + 2
    info = session.get(metadata["userinfo_endpoint"]).json()
    assert info["sub"] == claims["sub"] and info["email"] == "alice@example.com"
    assert info["email_verified"] is True and isinstance(info["updated_at"], int)

    # another method than the registered one, with the right secret
    if not public:
        other = "client_secret_post" if name == "basic" else "client_secret_basic"
        wrong = session_of(client, other)
        with pytest.raises(Exception, match="invalid_client"):
            wrong.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_id_token_algorithms(stack, metadata, alg):
    assert alg in metadata["id_token_signing_alg_values_supported"]
    client = add_client(stack, f"alg-{alg}", id_token_signed_response_alg=alg,
                        access_token_alg=alg)
    session, token, nonce = whole_flow(stack, metadata, client, "client_secret_basic")
    first = verified(stack, metadata, client, token, alg, nonce)
    keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"]).json())
    access = JsonWebToken([alg]).decode(token["access_token"], keys)  # RFC 9068
    assert access.header["typ"] == "at+jwt" and access["sub"] == first["sub"]
    assert access["client_id"] == client["client_id"] and access["iss"] == stack.issuer
    fresh = session.refresh_token(metadata["token_endpoint"])
    again = verified(stack, metadata, client, fresh, alg)
    for name in ("iss", "sub", "aud", "auth_time"):
        assert again[name] == first[name], name


def test_another_algorithm_is_not_accepted(stack, metadata):
    """The check of this file itself: a token of one algorithm does not pass as another."""
    client = {**stack.demo["web"]}
    _, token, nonce = whole_flow(stack, metadata, client, "client_secret_basic")
    with pytest.raises(Exception, match="(?i)algorithm|alg"):
        verified(stack, metadata, client, token, "ES256", nonce)


def test_every_key_is_public_and_named(metadata):
    keys = requests.get(metadata["jwks_uri"]).json()["keys"]
    assert {key["alg"] for key in keys} == {"RS256", "PS256", "ES256", "EdDSA"}
    assert len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert key["use"] == "sig"
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key), key["kid"]
        parsed = jwk.JWK(**key)
        assert not parsed.has_private and parsed.thumbprint() == key["kid"]


def test_missing_key_uses_nothing_up(stack):
    """A client whose algorithm has no key yet is told to come again, and finds its code whole."""
    client = add_client(stack, "keyless")
    reply = Person(stack).sign_in(client)
    # behind the back of the program, which makes keys together with what needs them
    stack.mariadb.query("UPDATE realm_key SET state = 'next' WHERE alg = 'RS256'",
                        stack.database)
    stack.pool.restart()
    stack.wait_ready()
    refused = redeem(stack, client, reply)
    assert refused.status_code == 503 and refused.json()["error"] == "temporarily_unavailable"
    assert "no key" in refused.json()["error_description"] and refused.headers["Retry-After"]
    stack.mariadb.query("UPDATE realm_key SET state = 'active' WHERE alg = 'RS256'",
                        stack.database)
    stack.pool.restart()
    stack.wait_ready()
    assert redeem(stack, client, reply).status_code == 200


def test_refresh_revoke_introspect(stack, metadata):
    client = add_client(stack, "life", access_token_format="opaque")
    session, token, _ = whole_flow(stack, metadata, client, "client_secret_basic")

    def look(value):
        return session.introspect_token(metadata["introspection_endpoint"], token=value).json()

    assert look(token["access_token"])["active"] is True
    assert look(token["access_token"])["username"] == "alice"
    fresh = dict(session.refresh_token(metadata["token_endpoint"]))
    assert fresh["refresh_token"] != token["refresh_token"]
    # a repeat within the grace window has the same successor
    again = session.refresh_token(metadata["token_endpoint"],
                                  refresh_token=token["refresh_token"])
    assert again["refresh_token"] == fresh["refresh_token"]

    done = session.revoke_token(metadata["revocation_endpoint"], token=fresh["access_token"])
    assert done.status_code == 200
    assert look(fresh["access_token"]) == {"active": False}
    assert look(again["access_token"])["active"] is True

    session.revoke_token(metadata["revocation_endpoint"], token=fresh["refresh_token"],
                         token_type_hint="refresh_token")
    for value in (token["access_token"], again["access_token"], fresh["refresh_token"]):
        assert look(value) == {"active": False}
    refused = session.get(metadata["userinfo_endpoint"])
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    with pytest.raises(Exception, match="invalid_grant"):
        session.refresh_token(metadata["token_endpoint"], refresh_token=fresh["refresh_token"])


def test_below_a_path(mounted):
    """Authlib finds everything from the issuer alone there, too."""
    metadata = OpenIDProviderMetadata(
        requests.get(get_well_known_url(mounted.issuer, external=True)).json())
    metadata.validate()
    client = mounted.demo["web"]
    session, token, nonce = whole_flow(mounted, metadata, client, "client_secret_basic")
    verified(mounted, metadata, client, token, "RS256", nonce)
    assert session.get(metadata["userinfo_endpoint"]).json()["name"] == "Alice Adams"
