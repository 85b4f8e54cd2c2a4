# SPDX-License-Identifier: ISC
"""Trust that is passed on, over a whole installation: a chain of services that exchange a person's
token, and an issuer of its own keys (by jwcrypto) whose word counts after a link."""

import json
import threading
import time

import pytest
import requests
from jwcrypto import jwk, jwt

from conftest import PATIENT, add_client
from relying import Person, redeem, token
from stack import Stack

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
PARTNER = "https://partner.example"
STOCK = "https://stock.example"
THREADS = 8


@pytest.fixture(scope="module", name="s")
def fixture_s():
    with Stack(workers=4, extra_conf=PATIENT) as running:
        yield running


@pytest.fixture(scope="module", name="key")
def fixture_key():
    return jwk.JWK.generate(kty="EC", crv="P-256", kid="p1")


def service(s, client_id, grant_type, **settings):
    """A client without redirect, as an administrator registers a service."""
    words = [f"grant_types={grant_type}", *(f"{n}={v}" for n, v in settings.items())]
    made = s.ctl("client", "add", "--id", client_id, "--name", client_id,
                 *[word for pair in words for word in ("--set", pair)], json=True)
    return {"client_id": client_id, "client_secret": made["client_secret"]}


@pytest.fixture(scope="module", name="clients")
def fixture_clients(s, key):
    """web signs people in; orders and stock are services behind it; partner brings assertions."""
    s.ctl("resource", "add", STOCK, "--scope", "stock=Read the stock", json=True)
    made = {"web": add_client(s, "web", exchange_clients="orders", introspection="all"),
            "orders": service(s, "orders", EXCHANGE, resources=STOCK, exchange_clients="stock"),
            "stock": service(s, "stock", EXCHANGE, resources=STOCK, exchange_issuers=PARTNER,
                             scope="stock openid"),
            "partner": service(s, "partner", BEARER, scope="stock", resources=STOCK)}
    s.ctl("issuer", "add", PARTNER, "--purpose", "subject_token", "--purpose", "jwt_bearer",
          "--jwks", "-", "--alg", "ES256", json=True,
          stdin=json.dumps({"keys": [key.export_public(as_dict=True)]}))
    s.ctl("user", "link", s.demo["user"]["username"], PARTNER, "4711", json=True)
    s.pool.restart()
    s.wait_ready()
    return made


def exchange(s, client, value, kind=ACCESS, **more):
    return token(s, client, grant_type=EXCHANGE, subject_token=value, subject_token_type=kind,
                 **more)


def introspect(s, client, value):
    return requests.post(s.issuer + "/introspect", data={"token": value}, auth=(
        client["client_id"], client["client_secret"])).json()


def signed(s, key, **changes):
    """A JWT of the partner about 4711 for this server."""
    now = int(time.time())
    claims = {"iss": PARTNER, "sub": "4711", "aud": s.issuer, "iat": now, "exp": now + 120,
              "jti": f"j-{time.monotonic_ns()}", **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    message = jwt.JWT(header={"alg": "ES256", "kid": "p1"}, claims=claims)
    message.make_signed_token(key)
    return message.serialize()


def test_a_chain_of_services(s, clients):
    web, orders, stock = (clients[name] for name in ("web", "orders", "stock"))
    reply = Person(s).sign_in(web, scope="openid stock offline_access", resource=STOCK)
    got = redeem(s, web, reply).json()
    first = exchange(s, orders, got["access_token"]).json()
    assert first["issued_token_type"] == ACCESS and first["token_type"] == "Bearer"
    assert first["scope"] == "stock" and first["expires_in"] <= got["expires_in"]
    assert "refresh_token" not in first and "id_token" not in first
    second = exchange(s, stock, first["access_token"]).json()
    seen = introspect(s, web, second["access_token"])
    assert seen["active"] and seen["client_id"] == "stock" and seen["aud"] == STOCK
    assert seen["act"] == {"sub": "stock", "client_id": "stock",
                           "act": {"sub": "orders", "client_id": "orders"}}
    assert seen["sub"] == introspect(s, web, got["access_token"])["sub"]
    refused = exchange(s, stock, got["access_token"])
    assert refused.status_code == 400 and refused.json()["error"] == "invalid_request"
    assert exchange(s, orders, got["access_token"], scope="openid").json()["error"] == (
        "invalid_scope")
    requests.post(s.issuer + "/revoke", data={"token": got["refresh_token"]},
                  auth=(web["client_id"], web["client_secret"]))
    for value in (first["access_token"], second["access_token"]):
        assert introspect(s, web, value) == {"active": False}
    assert exchange(s, stock, first["access_token"]).status_code == 400


def test_an_issuer_of_its_own(s, clients, key):
    stock = clients["stock"]
    good = exchange(s, stock, signed(s, key), JWT).json()
    assert good["scope"] == "openid" and good["expires_in"] <= 120
    info = requests.get(s.issuer + "/userinfo", headers={
        "Authorization": f"Bearer {good['access_token']}"})
    assert info.status_code == 200 and info.json()["sub"] != "4711"
    other = jwk.JWK.generate(kty="EC", crv="P-256", kid="p1")
    for name, message in (("key", signed(s, other)), ("sub", signed(s, key, sub="4712")),
                          ("aud", signed(s, key, aud="https://other.example")),
                          ("exp", signed(s, key, exp=int(time.time()) - 60)),
                          ("iss", signed(s, key, iss="https://other.example"))):
        answer = exchange(s, stock, message, JWT)
        assert answer.status_code == 400, name
        assert answer.json()["error"] == "invalid_request", name


def test_an_assertion_is_taken_once(s, clients, key):
    partner = clients["partner"]
    for changes in ({}, {"jti": None}):
        message = signed(s, key, **changes)
        barrier, answers = threading.Barrier(THREADS), []

        def ask(assertion=message, start=barrier, out=answers):
            start.wait()
            out.append(token(s, partner, grant_type=BEARER, assertion=assertion, resource=STOCK))

        threads = [threading.Thread(target=ask) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        good = [answer.json() for answer in answers if answer.status_code == 200]
        assert len(good) == 1, [answer.text for answer in answers]
        assert good[0]["scope"] == "stock" and "refresh_token" not in good[0]
        assert {a.json()["error"] for a in answers if a.status_code != 200} == {"invalid_grant"}
        assert introspect(s, clients["web"], good[0]["access_token"])["active"]


def test_the_metadata_lists_both(s, clients):
    assert clients
    answer = requests.get(s.issuer + "/.well-known/openid-configuration")
    listed = answer.json()["grant_types_supported"]
    assert EXCHANGE in listed and BEARER in listed
