# SPDX-License-Identifier: ISC
"""Many at once against several workers: single use holds, and a lost answer loses nothing."""

import threading

import pytest
import requests

from conftest import PATIENT, add_client
from relying import Person, redeem, token
from stack import Stack

THREADS = 12
ROUNDS = 5


@pytest.fixture(scope="module", name="s")
def fixture_s():
    with Stack(workers=4, extra_conf=PATIENT) as running:
        yield running


@pytest.fixture(scope="module", name="clients")
def fixture_clients(s):
    return {kind: add_client(s, f"racer-{kind}", access_token_format=kind)
            for kind in ("jwt", "opaque")}


def at_once(action):
    """The answers of so many threads that all begin at the same time."""
    barrier, answers = threading.Barrier(THREADS), []

    def run():
        barrier.wait()
        answers.append(action())

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def active(s, client, value):
    return requests.post(s.issuer + "/introspect", data={"token": value}, auth=(
        client["client_id"], client["client_secret"])).json()["active"]


@pytest.mark.parametrize("kind", ["jwt", "opaque"])
def test_code_is_taken_once(s, clients, kind):
    client = clients[kind]
    for _ in range(ROUNDS):
        reply = Person(s).sign_in(client, scope="openid offline_access")
        answers = at_once(lambda r=reply: redeem(s, client, r))
        good = [a.json() for a in answers if a.status_code == 200]
        assert len(good) == 1, [a.status_code for a in answers]
        assert {a.json().get("error") for a in answers if a.status_code != 200} == {
            "invalid_grant"}
        # the others were replays, and whoever replays a code ends what it gave
        assert not active(s, client, good[0]["access_token"])
        assert not active(s, client, good[0]["refresh_token"])


@pytest.mark.parametrize("kind", ["jwt", "opaque"])
def test_refresh_has_one_successor(s, clients, kind):
    client = clients[kind]
    reply = Person(s).sign_in(client, scope="openid offline_access")
    current = redeem(s, client, reply).json()["refresh_token"]
    for _ in range(ROUNDS):
        answers = at_once(lambda value=current: token(
            s, client, grant_type="refresh_token", refresh_token=value))
        assert {a.status_code for a in answers} == {200}, [a.text for a in answers]
        successors = {a.json()["refresh_token"] for a in answers}
        assert len(successors) == 1 and current not in successors
        current = successors.pop()
        assert all(active(s, client, a.json()["access_token"]) for a in answers)


def test_refresh_against_revocation(s, clients):
    """Whichever comes first: afterwards nothing of the grant is alive."""
    client = clients["opaque"]
    for _ in range(ROUNDS):
        reply = Person(s).sign_in(client, scope="openid offline_access")
        first = redeem(s, client, reply).json()
        turn = iter(range(THREADS))
        lock = threading.Lock()

        def either(value=first["refresh_token"], turn=turn):
            with lock:
                revoke = next(turn) == THREADS // 2
            if revoke:
                return requests.post(s.issuer + "/revoke", data={"token": value}, auth=(
                    client["client_id"], client["client_secret"]))
            return token(s, client, grant_type="refresh_token", refresh_token=value)

        answers = at_once(either)
        assert {a.status_code for a in answers} <= {200, 400}
        for answer in answers:
            made = answer.json() if answer.content else {}
            for name in ("access_token", "refresh_token"):
                assert name not in made or not active(s, client, made[name]), name


def test_flow_is_completed_once(s):
    """The consent page, sent many times at once, gives one code."""
    web = s.demo["web"]
    for _ in range(ROUNDS):
        person = Person(s)
        page = person.submit(person.authorize(web, prompt="consent"), "signin", **s.demo["user"])
        answers = at_once(lambda p=person, g=page: p.submit(g, "allow"))
        codes = [a for a in answers if "code=" in a.headers.get("Location", "")]
        assert len(codes) == 1, [a.status_code for a in answers]
