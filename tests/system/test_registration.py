# SPDX-License-Identifier: ISC
"""Clients that come by themselves, in a whole installation: the life of a registration (RFC 7591,
RFC 7592), software statements of a trusted issuer, and clients known by the URL of their metadata,
which a local site serves to the real ostiary-fetch."""

import json
import time

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from jwcrypto import jwk, jwt

from conftest import PATIENT
from children import wait_until
from outside import Authority, Page, Site
from relying import Page as Seen
from relying import Person, redeem, token
from stack import Stack

CALLBACK = "https://notes.example/cb"
LOOPBACK = "http://127.0.0.1/callback"
VOUCHER = "https://voucher.example"
TOLD = {"registration_access_token", "registration_client_uri", "client_secret_expires_at",
        "client_id_issued_at"}


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with Site(authority) as running:
        running.authority = authority
        yield running


@pytest.fixture(scope="module", name="s")
def fixture_s(site):
    conf = {**PATIENT, "fetch": {"fetch_allow_networks": "127.0.0.0/8",
                                 "fetch_allow_ports": f"443, {site.port}",
                                 "fetch_ca_file": site.authority.file}}
    with Stack(extra_conf=conf) as running:
        yield running


def realm_set(s, *pairs):
    """Settings of the realm, once every worker has seen them."""
    s.ctl("realm", "set", *pairs)
    s.pool.restart()
    s.wait_ready()


@pytest.fixture(name="open_realm")
def fixture_open_realm(s):
    realm_set(s, "registration=open")
    yield
    realm_set(s, "registration=closed")


def bearer(value):
    return {"Authorization": f"Bearer {value}"} if value else {}


def register(s, metadata, right=None):
    return requests.post(f"{s.issuer}/register", json=metadata, headers=bearer(right))


def own(made, method="GET", right=None, **more):
    """A request to the client's own registration."""
    return requests.request(method, made["registration_client_uri"],
                            headers=bearer(right or made["registration_access_token"]), **more)


def failed(answer, status, error):
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == error
    assert answer.headers["Cache-Control"] == "no-store"


def discovery(s):
    return requests.get(f"{s.issuer}/.well-known/openid-configuration").json()


# ---- who may register ------------------------------------------------------------------------


def test_closed_by_token_and_open(s):
    body = {"redirect_uris": [CALLBACK]}
    failed(register(s, body), 403, "access_denied")
    assert "registration_endpoint" not in discovery(s)
    right = s.ctl("registration", "token", "add", "--uses", "1", json=True)["initial_access_token"]
    failed(register(s, body, right), 403, "access_denied")

    realm_set(s, "registration=token")
    assert discovery(s)["registration_endpoint"] == f"{s.issuer}/register"
    answer = register(s, body)
    failed(answer, 401, "invalid_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    failed(register(s, body, right[:-1]), 401, "invalid_token")
    failed(register(s, {"redirect_uris": ["https://x.example/#f"]}, right), 400,
           "invalid_redirect_uri")
    made = register(s, body, right)
    assert made.status_code == 201, made.text
    failed(register(s, body, right), 401, "invalid_token")
    service = s.ctl("registration", "token", "add", json=True)["initial_access_token"]
    made = register(s, {"grant_types": ["client_credentials"], "response_types": [],
                        "scope": "email"}, service).json()
    got = token(s, made, grant_type="client_credentials")
    assert got.status_code == 200 and got.json()["scope"] == "email"

    realm_set(s, "registration=open", "registration_limit=3")
    assert register(s, body).status_code == 201
    failed(register(s, body), 403, "access_denied")
    failed(register(s, {**body, "grant_types": ["client_credentials"]}), 400,
           "invalid_client_metadata")
    realm_set(s, "registration=closed", "registration_limit=1000")


# ---- the life of a registration --------------------------------------------------------------


def test_what_is_answered(s, open_realm):
    key = jwk.JWK.generate(kty="EC", crv="P-256", kid="k1")
    sent = {"redirect_uris": [CALLBACK, "https://notes.example/other"],
            "client_name": "Notes", "client_name#de": "Notizen", "client_uri":
            "https://notes.example/", "policy_uri": "https://notes.example/policy",
            "tos_uri#fr": "https://notes.example/fr/tos", "contacts": ["ops@notes.example"],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_post", "scope": "openid email",
            "application_type": "web", "subject_type": "public", "software_id": "notes",
            "software_version": "1.2", "id_token_signed_response_alg": "ES256",
            "post_logout_redirect_uris": ["https://notes.example/bye"], "jwks":
            {"keys": [key.export_public(as_dict=True)]}}
    answer = register(s, {**sent, "first_party": True, "unheard_of": 1})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    made = answer.json()
    assert {name: made.get(name) for name in sent} == sent
    assert "first_party" not in made and "unheard_of" not in made
    assert made["client_secret"] and made["client_secret_expires_at"] == 0
    assert abs(made["client_id_issued_at"] - time.time()) < 60
    assert made["registration_client_uri"] == f"{s.issuer}/register/{made['client_id']}"
    seen = own(made)
    assert seen.status_code == 200
    secret = made.pop("client_secret")
    made.pop("client_secret_expires_at")
    assert seen.json() == made
    for hidden in (secret, made["registration_access_token"]):
        assert hidden not in s.log_text()


def test_the_whole_life(s, open_realm):
    # pylint: disable=too-many-statements
    client = register(s, {"redirect_uris": [CALLBACK], "client_name": "Notes", "grant_types":
                          ["authorization_code", "refresh_token"]}).json()
    client["redirect_uri"] = CALLBACK
    person = Person(s)
    page = person.authorize(client, scope="openid offline_access")
    reply = person.go_on(page)
    got = redeem(s, client, {**reply, "verifier": page.verifier}).json()
    assert got["id_token"] and got["refresh_token"]
    assert requests.get(f"{s.issuer}/userinfo", headers=bearer(
        got["access_token"])).status_code == 200

    other = register(s, {"redirect_uris": [CALLBACK]}).json()
    for wrong in (other["registration_access_token"], got["access_token"],
                  client["registration_access_token"] + "x", "nonsense"):
        for method in ("GET", "DELETE"):
            answer = own(client, method, wrong)
            failed(answer, 401, "invalid_token")
            assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
        failed(own(client, "PUT", wrong, json={"client_id": client["client_id"],
                                               "redirect_uris": [CALLBACK]}), 401,
               "invalid_token")
    failed(requests.get(client["registration_client_uri"]), 401, "invalid_token")
    missing = {**client, "registration_client_uri": f"{s.issuer}/register/nobody"}
    texts = {own(missing).json()["error_description"],
             own(client, right=other["registration_access_token"]).json()["error_description"]}
    assert len(texts) == 1, "nobody learns which clients there are"

    changed = {name: value for name, value in own(client).json().items() if name not in TOLD}
    changed["client_name"] = "Better notes"
    for name, value in (("client_id", "demo-web"), ("client_secret", "of my own"),
                        ("client_id_issued_at", 1)):
        failed(own(client, "PUT", json={**changed, name: value}), 400,
               "invalid_client_metadata")
    again = own(client, "PUT", json={**changed, "client_secret": client["client_secret"]})
    assert again.status_code == 200, again.text
    again = again.json()
    assert again["client_name"] == "Better notes"
    assert again["registration_access_token"] != client["registration_access_token"]
    failed(own(client), 401, "invalid_token")
    assert own(again).json()["client_name"] == "Better notes"
    wait_until(lambda: "Better notes" in Seen(Person(s).authorize(client).text).text, 5,
               "the new name")
    renewed = token(s, client, grant_type="refresh_token", refresh_token=got["refresh_token"])
    assert renewed.status_code == 200, renewed.text

    gone = own(again, "DELETE")
    assert gone.status_code == 204 and gone.text == ""
    failed(own(again), 401, "invalid_token")
    answer = token(s, client, grant_type="refresh_token",
                   refresh_token=renewed.json()["refresh_token"])
    # a worker that knew the client a second ago finds no grant, all others no client
    assert answer.json()["error"] in ("invalid_client", "invalid_grant"), answer.text
    for old in (got, renewed.json()):
        assert requests.get(f"{s.issuer}/userinfo", headers=bearer(
            old["access_token"])).status_code == 401
    wait_until(lambda: Person(s).authorize(client).status_code == 400, 5, "nobody knows it")


# ---- software statements ---------------------------------------------------------------------


def statement(key, **changes):
    message = jwt.JWT(header={"alg": "ES256", "kid": key.get("kid")}, claims={
        "iss": VOUCHER, "software_id": "4NRB1", "client_name": "As vouched",
        "client_uri": "https://voucher.example/notes", **changes})
    message.make_signed_token(key)
    return message.serialize()


def test_a_software_statement(s, open_realm):
    key = jwk.JWK.generate(kty="EC", crv="P-256", kid="v1")
    stranger = jwk.JWK.generate(kty="EC", crv="P-256", kid="v1")
    s.ctl("issuer", "add", VOUCHER, "--purpose", "software_statement", "--jwks", "-", "--alg",
          "ES256", json=True, stdin=json.dumps({"keys": [key.export_public(as_dict=True)]}))
    realm_set(s, "registration=open")
    body = {"redirect_uris": [CALLBACK], "client_name": "As I say", "software_id": "mine"}
    text = statement(key)
    made = register(s, {**body, "software_statement": text})
    assert made.status_code == 201, made.text
    made = made.json()
    assert made["client_name"] == "As vouched" and made["software_id"] == "4NRB1"
    assert made["client_uri"] == "https://voucher.example/notes"
    assert made["software_statement"] == text and made["redirect_uris"] == [CALLBACK]
    failed(register(s, {**body, "software_statement": statement(stranger)}), 400,
           "invalid_software_statement")
    failed(register(s, {**body, "software_statement": statement(
        key, iss="https://other.example")}), 400, "unapproved_software_statement")
    failed(register(s, {**body, "software_statement": text[:-4]}), 400,
           "invalid_software_statement")


# ---- client id metadata documents ------------------------------------------------------------


@pytest.fixture(scope="module", name="documents")
def fixture_documents(s):
    realm_set(s, "client_id_metadata_document=true")
    yield
    realm_set(s, "client_id_metadata_document=false")


def publish(site, path, status=200, **members):
    """The client behind a document on the site."""
    url = site.url(path)
    document = {"client_id": url, "client_name": "Assistant", "redirect_uris": [LOOPBACK],
                **members}
    site.pages[path] = Page(json.dumps(document).encode(), status,
                            {"Content-Type": "application/json"})
    return {"client_id": url, "redirect_uri": document["redirect_uris"][0]}


def forget_freshness(s):
    """As if the longest time had passed since everything was fetched."""
    s.mariadb.query("UPDATE fetched SET fetched_at = fetched_at - 90000, "
                    "fresh_until = fresh_until - 90000, tried_at = tried_at - 90000", s.database)


def consent_of(person, page):
    """The page after the sign-in."""
    user = person.stack.demo["user"]
    page = person.submit(page, "signin", username=user["username"], password=user["password"])
    while page.status_code == 303:
        page = person.open(page.headers["Location"])
    return page


def test_discovery_says_so(s, documents):
    assert discovery(s)["client_id_metadata_document_supported"] is True


def test_a_public_client(s, site, documents):
    """An assistant on a person's device, which nobody has registered."""
    client = publish(site, "/mcp.json", token_endpoint_auth_method="none",
                     grant_types=["authorization_code", "refresh_token"])
    client["redirect_uri"] = "http://127.0.0.1:49731/callback"  # the port of this run
    person = Person(s)
    page = person.authorize(client)
    assert page.status_code == 200, page.text
    shown = s.ctl("client", "show", client["client_id"], check=False)
    assert shown.returncode != 0, "a stranger leaves no client"
    consent = consent_of(person, page)
    seen = Seen(consent.text)
    assert "localhost" in seen.text and "Assistant" in seen.text, seen.text
    reply = person.go_on(person.submit(consent, "allow"))
    got = redeem(s, client, {**reply, "verifier": page.verifier})
    assert got.status_code == 200, got.text
    assert s.ctl("client", "show", client["client_id"], json=True)["source"] == "document"
    renewed = token(s, client, grant_type="refresh_token",
                    refresh_token=got.json()["refresh_token"])
    assert renewed.status_code == 200
    assert site.asked("/mcp.json") == 1

    # its site is away: what is kept is used
    good = site.pages["/mcp.json"]
    for outage in (Page(b"gone", 404), Page(b"down", 503), Page(b"<html>")):
        site.pages["/mcp.json"] = outage
        asked = site.asked("/mcp.json")
        forget_freshness(s)
        Person(s).sign_in(client)
        wait_until(lambda before=asked: site.asked("/mcp.json") > before, 5, "a new try")
    # and when it is back it is followed
    site.pages["/mcp.json"] = good
    publish(site, "/mcp.json", client_name="Helper", token_endpoint_auth_method="none")
    forget_freshness(s)
    assert "Helper" in Seen(Person(s).authorize(client).text).text
    failed = Person(s).authorize({**client, "redirect_uri": "http://127.0.0.1:49731/other"})
    assert failed.status_code == 400


def test_documents_that_are_no_clients(s, site, documents):
    for path, status, members in (
            ("/other.json", 200, {"client_id": "https://localhost/other.json"}),
            ("/secret.json", 200, {"client_secret": "s3cret"}),
            ("/basic.json", 200, {"token_endpoint_auth_method": "client_secret_basic"}),
            ("/keyless.json", 200, {"token_endpoint_auth_method": "private_key_jwt"}),
            ("/long.json", 200, {"client_name": "x" * 6000}),
            ("/missing.json", 404, {})):
        client = publish(site, path, status, **members)
        client["client_id"] = site.url(path)
        assert Person(s).authorize(client).status_code == 400, path
    moved = publish(site, "/moved.json")
    site.pages["/moved.json"] = Page(b"", 302, {"Location": site.url("/mcp.json")})
    assert Person(s).authorize(moved).status_code == 400


def test_a_document_with_keys(s, site, documents):
    """It authenticates with a key that its site publishes."""
    key = jwk.JWK.generate(kty="EC", crv="P-256", kid="d1")
    site.pages["/jwks"] = json.dumps({"keys": [key.export_public(as_dict=True)]}).encode()
    client = publish(site, "/keys.json", redirect_uris=["https://assistant.example/cb"],
                     token_endpoint_auth_method="private_key_jwt", jwks_uri=site.url("/jwks"))
    person = Person(s)
    page = person.authorize(client)
    reply = {**person.go_on(page), "verifier": page.verifier}
    refused = redeem(s, client, reply)
    assert refused.status_code == 401 and refused.json()["error"] == "invalid_client"
    url = f"{s.issuer}/token"

    def redeem_with(signer):
        session = OAuth2Session(client["client_id"], signer.export_to_pem(True, None).decode(),
                                token_endpoint_auth_method="private_key_jwt")
        session.register_client_auth_method(
            PrivateKeyJWT(url, headers={"kid": "d1"}, alg="ES256"))
        return session.fetch_token(url, grant_type="authorization_code", code=reply["code"],
                                   redirect_uri=client["redirect_uri"],
                                   code_verifier=reply["verifier"])

    with pytest.raises(Exception, match="invalid_client"):
        redeem_with(jwk.JWK.generate(kty="EC", crv="P-256", kid="d1"))
    got = redeem_with(key)
    assert got["access_token"] and got["id_token"]
