# SPDX-License-Identifier: ISC
"""Pushed authorization requests with curl and with Authlib against a whole installation."""

import json
import subprocess
import threading
import urllib.parse

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from conftest import add_client
from relying import Person, parameters, pkce, redeem

URN = "urn:ietf:params:oauth:request_uri:"


@pytest.fixture(name="client", scope="module")
def fixture_client(stack):
    return add_client(stack, "pusher", require_pushed_authorization_requests="true")


def request_of(client, challenge, **more):
    return {"client_id": client["client_id"], "redirect_uri": client["redirect_uri"],
            "response_type": "code", "scope": "openid", "state": "pushed",
            "code_challenge": challenge, "code_challenge_method": "S256", **more}


def push(stack, client, challenge, **more):
    return requests.post(stack.issuer + "/par", data=request_of(client, challenge, **more),
                         auth=(client["client_id"], client["client_secret"]))


def test_curl(stack, client):
    verifier, challenge = pkce()
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--include", "--user",
         f"{client['client_id']}:{client['client_secret']}", stack.issuer + "/par",
         *[word for name, value in request_of(client, challenge).items()
           for word in ("--data-urlencode", f"{name}={value}")]],
        capture_output=True, text=True, check=True)
    head, body = done.stdout.replace("\r", "").split("\n\n", 1)
    assert head.startswith("HTTP/1.1 201 Created"), head
    answer = json.loads(body)
    assert answer["request_uri"].startswith(URN) and answer["expires_in"] == 60
    person = Person(stack)
    page = person.open("/authorize", client_id=client["client_id"],
                       request_uri=answer["request_uri"])
    reply = person.go_on(page)
    assert reply["state"] == "pushed" and reply["iss"] == stack.issuer
    tokens = redeem(stack, client, {**reply, "verifier": verifier})
    assert tokens.status_code == 200


def test_authlib(stack, client):
    """Authlib has no call for it; its session authenticates the push and makes the rest."""
    metadata = requests.get(stack.issuer + "/.well-known/oauth-authorization-server").json()
    session = OAuth2Session(client["client_id"], client["client_secret"], scope="openid email",
                            redirect_uri=client["redirect_uri"], code_challenge_method="S256",
                            token_endpoint_auth_method="client_secret_basic")
    verifier, _ = pkce()
    url, state = session.create_authorization_url(metadata["authorization_endpoint"],
                                                  code_verifier=verifier)
    auth = session.client_auth(session.token_endpoint_auth_method)
    pushed = requests.post(metadata["pushed_authorization_request_endpoint"],
                           data=parameters(url), auth=lambda r: signed(auth, r))
    assert pushed.status_code == 201, pushed.text
    person = Person(stack)
    page = person.open(metadata["authorization_endpoint"] + "?" + urllib.parse.urlencode({
        "client_id": client["client_id"], "request_uri": pushed.json()["request_uri"]}))
    for _ in range(4):
        if page.status_code == 303:
            break
        if 'value="signin"' in page.text:
            page = person.submit(page, "signin", **stack.demo["user"])
        else:
            page = person.submit(page, "allow")
    token = session.fetch_token(metadata["token_endpoint"], state=state, code_verifier=verifier,
                                authorization_response=page.headers["Location"])
    assert token["scope"] == "openid email" and token["id_token"]


def signed(auth, request):
    """The credentials that Authlib would add."""
    _, headers, body = auth.prepare(request.method, request.url, request.headers, request.body)
    request.headers.update(headers)
    request.body = body
    return request


def test_not_pushed(stack, client):
    """The client's registration asks for it: a plain request goes back with an error."""
    answer = Person(stack).open("/authorize", **request_of(client, pkce()[1]))
    assert answer.status_code == 303
    assert parameters(answer.headers["Location"])["error"] == "invalid_request"


def test_errors_are_json(stack, client):
    cases = (({"redirect_uri": "https://evil.example/"}, "invalid_request"),
             ({"request_uri": URN + "x"}, "invalid_request"),
             ({"response_type": "token"}, "unsupported_response_type"),
             ({"code_challenge_method": "plain"}, "invalid_request"),
             ({"request": "x.y.z"}, "request_not_supported"))
    for more, error in cases:
        answer = push(stack, client, pkce()[1], **more)
        assert answer.status_code == 400 and answer.json()["error"] == error, more
        assert "Location" not in answer.headers
    assert requests.post(stack.issuer + "/par", data=request_of(
        client, pkce()[1])).status_code == 401


def test_realm_demands_it(mounted):
    web = mounted.demo["web"]
    mounted.ctl("realm", "set", "require_pushed_authorization_requests=true")
    try:
        for _ in range(100):
            told = requests.get(mounted.issuer + "/.well-known/openid-configuration").json()
            answer = Person(mounted).open("/authorize", **request_of(web, pkce()[1]))
            if told["require_pushed_authorization_requests"] and answer.status_code == 303:
                break
            threading.Event().wait(0.05)
        assert parameters(answer.headers["Location"])["error"] == "invalid_request"
    finally:
        mounted.ctl("realm", "set", "require_pushed_authorization_requests=")


def test_completed_once(stack):
    """Many browsers with pages of the same request sign in at once, at several workers."""
    client = add_client(stack, "pusher-own", "--first-party")
    for _ in range(3):
        uri = push(stack, client, pkce()[1]).json()["request_uri"]
        people = [Person(stack) for _ in range(8)]
        pages = [p.open("/authorize", client_id=client["client_id"], request_uri=uri)
                 for p in people]
        barrier, answers = threading.Barrier(len(people)), []

        def run(person, page):
            barrier.wait()
            answers.append(person.submit(page, "signin", **stack.demo["user"]))

        threads = [threading.Thread(target=run, args=pair) for pair in zip(people, pages)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        codes = [a for a in answers if "code=" in a.headers.get("Location", "")]
        assert len(codes) == 1, [a.status_code for a in answers]
        assert {a.status_code for a in answers if a not in codes} == {400}
