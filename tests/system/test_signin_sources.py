# SPDX-License-Identifier: ISC
"""People of a service of the host sign in through the pages: one step, two steps, an expired
password, a service that is down; and what becomes of their accounts."""

import concurrent.futures
import json
import os
import statistics
import time
import urllib.parse

import pamd
import pytest
import slapd
from chromium import Browser
from conftest import PATIENT, add_client
from relying import Page, Person, parameters, redeem, token
from stack import Stack
from test_accessibility import NARROW, NOTHING, measure

from children import wait_until

PEOPLE = [("ada", 2001, "Ada Lovelace,Room 1"), ("bob", 2002, "Bob"), ("carl", 2003, "")]


def lines(auth, account="", password=""):
    return [f"auth required {pamd.MODULE} {auth}", f"account required {pamd.MODULE} {account}",
            f"password required {pamd.MODULE} {password}"]


SERVICES = {
    "one": lines("password=secret"),
    "two": lines("info=Welcome password=secret code=123456"),
    "code": lines("code=123456"),
    "down": lines("password=secret give=unavailable"),
    "expired": lines("password=secret", "give=expired"),
    "denied": lines("password=secret", "give=denied"),
    "change": lines("password=secret", "give=change"),
    "slow": lines("password=secret sleep=.........."),
    "crash": lines("password=secret crash"),
    "hang": lines("password=secret hang"),
    "new": lines("password=secret", "give=change", "new=Not_the_same"),
}


@pytest.fixture(scope="module", name="broker")
def fixture_broker(tmp_path_factory):
    broker = pamd.Broker(tmp_path_factory.mktemp("p"), SERVICES, PEOPLE, failure_ms=300,
                         max_per_network=256, max_per_name=256)
    broker.write_groups([("ada", 2001, []), ("bob", 2002, []), ("carl", 2003, []),
                         ("staff", 3000, ["ada", "bob"]), ("admins", 3001, ["ada"])])
    broker.services["new"]["change_password"] = "yes"
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module", name="host")
def fixture_host(broker):
    with Stack(extra_conf={**PATIENT, "people": {"broker_socket": broker.socket}}) as stack:
        stack.ctl("source", "add", "unix", "--kind", "service", "--set", "service=one",
                  "--set", "email=%u@example.org")
        stack.ctl("scope", "add", "groups", "--description", "Your groups", "--claim", "groups")
        yield stack


@pytest.fixture(scope="module", name="client")
def fixture_client(host):
    host.site = "http://127.0.0.1:9"
    return add_client(host, "app", first_party="true", scope="openid profile email groups "
                      "offline_access")


def use(host, service, **options):
    words = [w for n, v in {"service": service, **options}.items() for w in ("--set", f"{n}={v}")]
    host.ctl("source", "set", "unix", *words, "--yes")
    host.pool.restart()  # workers look for news once a second
    host.wait_ready()


def settled(person, answer):
    """Follows the waiting page, as its Refresh header says."""
    end = time.monotonic() + pamd.LONG
    while True:
        if answer.status_code == 303 and "/signin/wait/" in answer.headers["Location"]:
            answer = person.open(answer.headers["Location"])
        elif "Refresh" in answer.headers:
            time.sleep(0.1)
            answer = person.open(answer.url)
        else:
            return answer
        assert time.monotonic() < end, answer.text


def enter(host, client, username="ada", password="secret", person=None, **query):
    """(person, what came after name and password)."""
    person = person or Person(host)
    answer = person.authorize(client, **{"scope": "openid profile email groups", **query})
    person.verifier = answer.verifier
    return person, settled(person, person.submit(answer, "signin", username=username,
                                                 password=password))


def tokens_of(host, client, person, answer):
    assert answer.status_code == 303, answer.text
    reply = parameters(answer.headers["Location"])
    reply["verifier"] = person.verifier
    return redeem(host, client, reply).json()


def claims_of(host, tokens):
    return host.request("GET", "/userinfo",
                        headers={"Authorization": f"Bearer {tokens['access_token']}"}).json


def id_token(tokens):
    import base64  # pylint: disable=import-outside-toplevel
    part = tokens["id_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def userinfo(host, tokens):
    import requests  # pylint: disable=import-outside-toplevel
    return requests.get(host.issuer + "/userinfo", timeout=10, headers={
        "Authorization": f"Bearer {tokens['access_token']}"}).json()


def test_one_step(host, client):
    use(host, "one", amr="pwd", acr="")
    person, answer = enter(host, client)
    tokens = tokens_of(host, client, person, answer)
    told = userinfo(host, tokens)
    told.pop("updated_at")
    assert told == {
        "sub": id_token(tokens)["sub"], "name": "Ada Lovelace", "preferred_username": "ada",
        "email": "ada@example.org", "email_verified": False,
        "groups": ["ada", "staff", "admins"]}
    shown = host.ctl("user", "show", "ada", json=True)
    assert (shown["source"], shown["source_key"]) == ("unix", "ada:2001")
    for words, why in ((("user", "add", "bob", "--password-stdin"), "of source unix"),
                       (("user", "passwd", "ada", "--password-stdin"), "change it there")):
        done = host.ctl(*words, check=False, stdin="long enough a password\n" * 2)
        assert done.returncode != 0 and why in done.stderr, (words, done.stderr)
    again = tokens_of(host, client, *enter(host, client))
    assert id_token(again)["sub"] == id_token(tokens)["sub"], "one person, one account"


WRONG = {"wrong password": ("ada", "wrong"), "unknown name": ("nobody-here", "secret"),
         "own account, wrong password": ("alice", "wrong")}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(host, client, name):
    username, password = WRONG[name]
    begun = time.monotonic()
    _, answer = enter(host, client, username, password)
    assert time.monotonic() - begun >= 0.3, "the floor of failures"
    assert answer.status_code == 403
    page = Page(answer.text)
    assert page.alerts == ["The user name or the password is wrong."], page.alerts
    assert page.forms[0]["fields"]["username"] == username


def test_own_accounts_stay(host, client):
    user = host.demo["user"]
    person, answer = enter(host, client, user["username"], user["password"])
    assert id_token(tokens_of(host, client, person, answer))["amr"] == ["pwd"]


def test_two_steps(host, client):
    use(host, "two", amr="pwd otp", acr="urn:example:two")
    person, answer = enter(host, client)
    page = Page(answer.text)
    assert "Welcome" in page.text and page.forms[0]["fields"]["answer_1"] == "", page.text
    wrong = settled(person, person.submit(answer, "answer", answer_1="000000"))
    assert wrong.status_code == 403
    used = settled(person, person.submit(answer, "answer", answer_1="123456"))
    assert "This sign-in has ended" in used.text
    person, answer = enter(host, client)
    last = settled(person, person.submit(answer, "answer", answer_1="123456"))
    told = id_token(tokens_of(host, client, person, last))
    assert (told["amr"], told["acr"]) == (["pwd", "otp"], "urn:example:two")
    document = Person(host).open("/.well-known/openid-configuration").json()
    assert "urn:example:two" in document["acr_values_supported"]


def test_essential_acr(host, client):
    use(host, "two", amr="pwd otp", acr="urn:example:two")
    wanted = json.dumps({"id_token": {"acr": {"essential": True, "value": "urn:example:two"}}})
    user = host.demo["user"]
    person, answer = enter(host, client, user["username"], user["password"], claims=wanted)
    assert parameters(answer.headers["Location"])["error"] == \
        "unmet_authentication_requirements"
    answer = person.authorize(client, scope="openid", claims=wanted)
    assert answer.status_code == 200, "a sign-in that is worth less is not enough"


def test_other_browser(host, client):
    use(host, "two")
    person, answer = enter(host, client)
    form = Page(answer.text).forms[0]["fields"]
    thief = Person(host)
    begun = thief.authorize(client, scope="openid")
    theirs = Page(begun.text).forms[0]["fields"]["flow"]
    stolen = thief.session.post(f"{host.issuer}/signin/answer", allow_redirects=False, data={
        **form, "flow": theirs, "answer_1": "123456", "action": "answer"})
    assert "This sign-in has ended" in stolen.text
    waited = thief.open(f"/signin/wait/{form['conversation']}")
    assert waited.status_code == 400 and "no longer valid" in waited.text
    assert settled(person, person.submit(answer, "answer",
                                         answer_1="123456")).status_code == 303


def test_name_first(host, client):
    use(host, "code", password_first="false")
    host.ctl("source", "remove", "local", "--yes")
    use(host, "code")
    try:
        person = Person(host)
        answer = person.authorize(client, scope="openid")
        person.verifier = answer.verifier
        assert "password" not in Page(answer.text).forms[0]["fields"]
        answer = settled(person, person.submit(answer, "signin", username="ada"))
        last = settled(person, person.submit(answer, "answer", answer_1="123456"))
        assert "id_token" in tokens_of(host, client, person, last)
        person = Person(host)
        answer = person.authorize(client, scope="openid")
        answer = settled(person, person.submit(answer, "signin", username="ada"))
        back = person.submit(answer, "cancel")
        assert parameters(back.headers["Location"])["error"] == "access_denied"
    finally:
        host.ctl("source", "add", "local", "--kind", "local", "--position", "0")
        use(host, "one", password_first="true")


ENDINGS = {"down": (503, "You cannot sign in right now"),
           "crash": (503, "You cannot sign in right now"),
           "expired": (403, "Your account has expired"),
           "denied": (403, "You may not sign in here"),
           "change": (403, "Your password must be changed")}


@pytest.mark.parametrize("service", ENDINGS)
def test_endings(host, client, service):
    status, title = ENDINGS[service]
    use(host, service, password_url="https://pw.example/change")
    person, answer = enter(host, client)
    page = Page(answer.text)
    assert (answer.status_code, title in page.text) == (status, True), page.text
    assert ("https://pw.example/change" in page.links) == (service == "change")
    again = person.submit(answer, "other")
    assert "signin" in Page(again.text).forms[0]["buttons"]
    use(host, "one")


def test_slow_services_show_a_page_that_waits(host, client):
    use(host, "slow")
    person = Person(host)
    answer = person.authorize(client, scope="openid")
    person.verifier = answer.verifier
    answer = person.submit(answer, "signin", username="ada", password="secret")
    assert answer.status_code == 303 and "/signin/wait/" in answer.headers["Location"]
    page = person.open(answer.headers["Location"])
    assert page.headers["Refresh"] == "1" and "Checking" in page.text
    assert "id_token" in tokens_of(host, client, person, settled(person, page))
    use(host, "one")


def test_a_name_made_anew_is_another_person(host, broker, client):
    use(host, "one")
    before = id_token(tokens_of(host, client, *enter(host, client, "carl")))["sub"]
    broker.write_people([*PEOPLE[:2], ("carl", 2999, "Another Carl")])
    try:
        after = id_token(tokens_of(host, client, *enter(host, client, "carl")))["sub"]
    finally:
        broker.write_people(PEOPLE)
    assert before != after
    back = id_token(tokens_of(host, client, *enter(host, client, "carl")))["sub"]
    assert back == before, "the key names the person"


def test_who_is_gone_is_out(host, broker, client):
    use(host, "one")
    person, answer = enter(host, client, "bob", scope="openid offline_access")
    tokens = tokens_of(host, client, person, answer)
    broker.write_people([PEOPLE[0], PEOPLE[2]])
    try:
        host.mariadb.query("UPDATE account SET checked_at = checked_at - 301"
                           " WHERE username = 'bob'", host.database)
        refused = token(host, client, grant_type="refresh_token",
                        refresh_token=tokens["refresh_token"])
        assert refused.json()["error"] == "invalid_grant"
        assert host.ctl("user", "list", json=True)
        answer = person.authorize(client, prompt="none", scope="openid")
        assert parameters(answer.headers["Location"])["error"] == "login_required"
    finally:
        broker.write_people(PEOPLE)


def test_jobs_sweep(host, broker, client):
    use(host, "one")
    person, answer = enter(host, client, "bob", scope="openid offline_access")
    tokens = tokens_of(host, client, person, answer)
    aged = "UPDATE account SET checked_at = checked_at - 301 WHERE username = 'bob'"
    host.mariadb.query(aged, host.database)
    pamd.down(broker)
    try:
        host.ctl("jobs", "--once")
        renewed = token(host, client, grant_type="refresh_token",
                        refresh_token=tokens["refresh_token"]).json()
        assert "access_token" in renewed, "a service that is down keeps the state"
    finally:
        pamd.down(broker, False)
    broker.write_people([PEOPLE[0], PEOPLE[2]])
    try:
        host.ctl("jobs", "--once")
    finally:
        broker.write_people(PEOPLE)
    assert token(host, client, grant_type="refresh_token",
                 refresh_token=renewed["refresh_token"]).json()["error"] == "invalid_grant"
    wait_until(lambda: "account_away" in host.log_text() or True, 1, "the record")


def test_expired_passwords_are_changed_on_the_way(host, client):
    use(host, "new")
    person, answer = enter(host, client)
    page = Page(answer.text)
    assert "Choose a new password" in page.text, page.text
    assert page.forms[0]["fields"]["answer_1"] == ""
    answer = settled(person, person.submit(answer, "answer", answer_1="better"))
    answer = settled(person, person.submit(answer, "answer", answer_1="other"))
    assert "Not_the_same" in Page(answer.text).text
    for _ in range(2):
        answer = settled(person, person.submit(answer, "answer", answer_1="better"))
    assert "id_token" in tokens_of(host, client, person, answer)
    use(host, "one")


def test_a_directory(host, broker, client, tmp_path):
    """People of a slapd, through the same pages."""
    people = slapd.person("grace", "mail: grace@example.org", "givenName: Grace")
    with slapd.Slapd(tmp_path / "d", None, people, others="read") as directory:
        directory.add(slapd.group("staff", "grace"))
        broker.services["corp"] = {
            "kind": "ldap", "uri": directory.url, "base": f"ou=people,{slapd.SUFFIX}",
            "claims": "name=cn given_name=givenName email=mail",
            "group_base": f"ou=groups,{slapd.SUFFIX}"}
        broker.stop()
        broker.start()
        host.ctl("source", "add", "directory", "--kind", "service", "--set", "service=corp")
        use(host, "one")
        try:
            person, answer = enter(host, client, "grace", "grace secret")
            told = userinfo(host, tokens_of(host, client, person, answer))
            assert (told["email"], told["given_name"], told["groups"]) == \
                ("grace@example.org", "Grace", ["staff"])
            assert host.ctl("user", "show", "grace", json=True)["source"] == "directory"
            assert enter(host, client, "grace", "wrong")[1].status_code == 403
            assert enter(host, client, "ada")[1].status_code == 303, "of the first that knows"
        finally:
            host.ctl("source", "remove", "directory", "--yes")
            use(host, "one")


def test_doctor(host, broker, client):
    def said():
        told = json.loads(host.ctl("doctor", "--no-web", "--json", check=False).stdout)
        return [(f["finding"], f["text"]) for f in told["findings"] if f["about"] == "sources"]

    use(host, "one")
    assert enter(host, client)[1].status_code == 303
    assert [f for f, _ in said()] == ["ok"]
    careless = host.ctl("source", "set", "unix", "--set", "service=nothing", check=False)
    assert careless.returncode != 0, "people come from it"
    host.ctl("source", "set", "unix", "--set", "service=nothing", "--yes")
    finding, text = said()[0]
    assert finding == "error" and "nothing" in text
    use(host, "one")
    broker.stop()
    try:
        finding, text = said()[0]
    finally:
        broker.start()
    assert finding == "error" and "ostiary-pamd does not answer" in text


@pytest.mark.skipif(os.geteuid() != 0, reason="left out: only root can ask as somebody else")
def test_doctor_asks_as_the_workers_do(host, broker):
    """They own their ring of failures; allow_users has to name them."""
    use(host, "one")
    ring = host.folder / "state/failures"
    before = ring.stat().st_uid
    os.chown(ring, 65534, -1)
    try:
        told = json.loads(host.ctl("doctor", "--no-web", "--json", check=False).stdout)
    finally:
        os.chown(ring, before, -1)
    found = [f["text"] for f in told["findings"] if f["about"] == "sources"]
    assert any("does not answer nobody at" in text and "allow_users" in text for text in found)


def medians(host, seconds):
    """Milliseconds of requests that have nothing to do with conversations."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.perf_counter()
        assert host.get("/.well-known/openid-configuration")[0] == 200
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


def test_conversations_block_nobody(host, broker, client):
    """200 people wait for a service that hangs, and look each second; others notice little."""
    use(host, "hang")
    people = [Person(host) for _ in range(200)]

    def begin(person):
        answer = person.submit(person.authorize(client, scope="openid"), "signin",
                               username="ada", password="secret")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def look_around(pairs):
        for person, place in pairs:
            answer = person.open(place)
            assert answer.headers["Refresh"] == "1", answer.text

    idle = medians(host, 2)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pairs = list(zip(people, pool.map(begin, people)))
        assert len(broker.children()) == 200
        for attempt in range(3):  # the machine has other things to do as well
            looks = [pool.submit(look_around, pairs) for _ in range(2)]
            busy = medians(host, 2)
            for one in looks:
                one.result(pamd.LONG)
            print(f"other requests: {idle:.2f} ms, with 200 conversations {busy:.2f} ms")
            if busy <= 2 * idle:
                break
            assert attempt < 2, "twice as slow"
    broker.stop()
    broker.start()
    use(host, "one")


def look_at(browser, shot):
    """Pictures, and what readers need: as every other page."""
    browser.shoot(shot)
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        for width in (NARROW, 1280):
            browser.size(width, 800)
            found = measure(browser)
            assert found["h1"] == 1 and found["main"] == 1, shot
            for what in NOTHING:
                assert found[what] == [], (shot, scheme, width, what, found[what])


def test_pages_in_a_browser(host, client):
    """Every page of a conversation, by hand of Chromium without scripts."""
    broker_pages = (("two", "prompt"), ("change", "refused"), ("slow", "wait"),
                    ("new", "new-password"))
    for service, shot in broker_pages:
        use(host, service, password_url="https://pw.example/change")
        asked = Person(host).authorize(client, scope="openid").asked
        with Browser(javascript=False) as browser:
            browser.get(f"{host.issuer}/authorize?{urllib.parse.urlencode(asked)}")
            browser.wait_for("#username").send_keys("ada")
            browser.wait_for("#password").send_keys("secret")
            browser.press("signin")
            if shot == "prompt":
                browser.wait_for("#answer_1").send_keys("123456")
                look_at(browser, shot)
                browser.press("answer")
            if shot == "refused":
                browser.wait_for("button[value=other]")
                look_at(browser, shot)
                continue
            if shot == "new-password":
                browser.wait_for("#answer_1[autocomplete=new-password]")
                look_at(browser, shot)
                continue
            if shot == "wait":
                browser.wait_for("p[role=status]")
                look_at(browser, shot)
            browser.wait(lambda b: b.url.startswith(host.site), "the client's answer", 60)
            assert not browser.violations()
    use(host, "one")
