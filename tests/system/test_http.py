# SPDX-License-Identifier: ISC
"""What every answer carries: security headers, caching, cross-origin rules, cookies; the well-known
forms; ids that `ostiary explain` knows; and a doctor with nothing to say."""

import json
import os
import pwd
import re
import urllib.parse

import pytest
import requests

import fastcgi
from chromium import Browser
from relying import Page, Person, pkce, redeem

DISCOVERY = "/.well-known/openid-configuration"
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"


@pytest.fixture(params=["root", "below a path"], name="either")
def fixture_either(request, stack, mounted):
    return stack if request.param == "root" else mounted


def pages(stack):
    """One answer of every page, by name."""
    person, web = Person(stack), stack.demo["web"]
    user = stack.demo["user"]
    found = {"signin": person.authorize(web, prompt="consent")}
    found["wrong password"] = person.submit(found["signin"], "signin", username="alice",
                                            password="wrong")
    found["consent"] = person.submit(found["signin"], "signin", **user)
    found["select account"] = person.authorize(web, prompt="select_account")
    found["reauthentication"] = person.authorize(web, prompt="login")
    found["form_post"] = person.submit(person.authorize(web, prompt="consent",
                                                        response_mode="form_post"), "allow")
    found["signout"] = person.open("/logout")
    found["signed in"] = person.submit(found["signout"], "stay")
    found["signed out"] = person.submit(person.open("/logout"), "signout")
    found["error"] = person.open("/authorize", client_id="nobody")
    found["not found"] = person.open("/nothing")
    found["method"] = person.session.put(stack.issuer + "/authorize")
    found["forged flow"] = person.session.post(stack.issuer + "/signin", data={"flow": "x"})
    return found


STATUS = {"wrong password": 403, "error": 400, "not found": 404, "method": 405,
          "forged flow": 400}


def test_pages(either):
    for name, answer in pages(either).items():
        assert answer.status_code == STATUS.get(name, 200), (name, answer.text)
        headers = answer.headers
        assert headers["Content-Type"] == "text/html; charset=utf-8", name
        assert headers["Cache-Control"] == "no-store", name
        assert headers["X-Content-Type-Options"] == "nosniff", name
        assert headers["X-Frame-Options"] == "DENY", name
        assert headers["Referrer-Policy"] == "no-referrer", name
        assert headers["Content-Language"] == "en", name
        policy = dict(part.strip().split(" ", 1)
                      for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'", name
        assert policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'", name
        assert policy["form-action"].split()[0] == "'self'", name
        assert set(policy["form-action"].split()[1:]) <= {
            either.site, "https:", "http://localhost:*", "http://127.0.0.1:*"}, name
        assert "unsafe" not in headers["Content-Security-Policy"], name
        assert "Access-Control-Allow-Origin" not in headers, name
        assert "Server" not in headers or "/" not in headers["Server"], name
        # nothing on a page leads out of the mount but the answer to the client
        base = urllib.parse.urlsplit(either.issuer).path
        for path in re.findall(r'(?:href|src|action)="(/[^"]*)"', answer.text):
            assert path.startswith(base + "/"), (name, path)


def test_no_page_in_the_frame_of_an_answer_to_the_client(stack):
    """Redirects keep no referrer and are not stored either."""
    person = Person(stack)
    answer = person.authorize(stack.demo["web"], prompt="none")
    assert answer.status_code == 303 and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "error=login_required" in answer.headers["Location"]


API = {  # (method, path, form): status
    ("GET", "/userinfo", None): 401, ("POST", "/token", "a=b"): 401,
    ("POST", "/introspect", "a=b"): 401, ("POST", "/revoke", "a=b"): 401,
    ("GET", "/health", None): 200, ("GET", "/token", None): 405,
}


def test_api_answers(either):
    for (method, path, form), status in API.items():
        answer = requests.request(method, either.issuer + path, data=form, headers={
            "Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == status, path
        assert answer.headers["Content-Type"] == "application/json", path
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        if status == 401:
            assert answer.headers["WWW-Authenticate"].split()[0] in ("Basic", "Bearer"), path
        if status == 405:
            assert answer.headers["Allow"] == "POST", path
        if status != 200:
            body = answer.json()
            assert set(body) == {"error", "error_description", "request_id"}, path
            assert re.fullmatch(r"[ !#-\[\]-~]+", body["error_description"]), path
            assert answer.headers["X-Request-Id"] == body["request_id"], path


def test_documents_are_cached(either):
    paths = [DISCOVERY, AUTHORIZATION_SERVER, "/jwks"]
    paths += sorted(set(path[len(urllib.parse.urlsplit(either.issuer).path):] for path in
                        re.findall(r'(?:href|src)="([^"]*/static/[^"]*)"',
                                   Person(either).authorize(either.demo["web"]).text)))
    assert len(paths) >= 5
    for path in paths:
        answer = requests.get(either.issuer + path)
        tag = answer.headers["ETag"]
        assert answer.status_code == 200, path
        control = answer.headers["Cache-Control"]
        assert control == ("public, max-age=31536000, immutable" if "/static/" in path
                           else "public, max-age=300"), path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        for sent in (tag, f'"x", {tag}', f"W/{tag}", "*"):
            again = requests.get(either.issuer + path, headers={"If-None-Match": sent})
            assert again.status_code == 304 and not again.content, (path, sent)
            assert again.headers["ETag"] == tag and again.headers["Cache-Control"] == control
        other = requests.get(either.issuer + path, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200 and other.content == answer.content, path
        head = requests.head(either.issuer + path)
        assert head.status_code == 200 and not head.content, path
        assert head.headers["Content-Length"] == str(len(answer.content)), path


def test_well_known_forms(either):
    parts = urllib.parse.urlsplit(either.issuer)
    host = f"{parts.scheme}://{parts.netloc}"
    forms = [either.issuer + DISCOVERY, either.issuer + AUTHORIZATION_SERVER,
             host + DISCOVERY + parts.path, host + AUTHORIZATION_SERVER + parts.path]
    documents = [requests.get(url) for url in forms]
    assert [d.status_code for d in documents] == [200] * 4, forms
    assert len({d.text for d in documents}) == 1
    assert documents[0].json()["issuer"] == either.issuer
    for wrong in (host + DISCOVERY + "/elsewhere", host + DISCOVERY + parts.path + "/x"):
        assert requests.get(wrong).status_code == 404, wrong


def cookies_of(answer):
    """Set-Cookie lines, by name."""
    lines = answer.raw.headers.getlist("Set-Cookie")
    return {line.split("=", 1)[0]: line for line in lines}


def test_cookies(either):
    path = urllib.parse.urlsplit(either.issuer).path or "/"
    person = Person(either)
    page = person.authorize(either.demo["web"])
    first = cookies_of(page)
    assert set(first) == {"ostiary-browser-main"}
    signed_in = cookies_of(person.submit(page, "signin", **either.demo["user"]))
    assert set(signed_in) == {"ostiary-browser-main", "ostiary-session-main",
                              "ostiary-known-main"}
    assert signed_in["ostiary-browser-main"] != first["ostiary-browser-main"]
    done = person.submit(person.open("/logout"), "signout")
    signed_out = cookies_of(done)
    for line in [*first.values(), *signed_in.values(), *signed_out.values()]:
        attributes = {part.strip().split("=")[0].lower(): part.strip().partition("=")[2]
                      for part in line.split(";")[1:]}
        assert attributes["path"] == path, line
        assert "httponly" in attributes and attributes["samesite"] == "Lax", line
        assert "domain" not in attributes, line
    assert "Max-Age=0" in signed_out["ostiary-session-main"] or \
        "1970" in signed_out["ostiary-session-main"]
    assert "ostiary-session-main" not in person.session.cookies.get_dict()


def test_secure_cookies(either):
    """Behind https their names bind them to the host, or to the mount of a shared host."""
    for name, path, cookie in (("shared", "/deep/er", "__Secure-ostiary-browser-shared"),
                               ("own", "", "__Host-ostiary-browser-own")):
        if not either.mount and not path:
            continue  # this stack's own realm is at the root
        either.ctl("realm", "add", name, "--issuer", f"https://login.example{path}",
                   "--display-name", name)
        redirect = "https://app.example/callback"
        either.ctl("client", "add", "--realm", name, "--id", "app", "--name", "App",
                   "--redirect-uri", redirect)
        target = f"{path}/authorize?" + urllib.parse.urlencode({
            "client_id": "app", "redirect_uri": redirect, "response_type": "code",
            "scope": "openid", "code_challenge": pkce()[1], "code_challenge_method": "S256"})
        either.pool.restart()  # workers look for news once a second
        page = fastcgi.ask(either.pool.socket, fastcgi.begin() + fastcgi.params(
            fastcgi.variables("GET", target, HTTPS="on")) + fastcgi.stdin())
        assert page.status == 200, page.body
        line = page.headers["set-cookie"]
        assert line.startswith(cookie + "="), line
        assert f"; Path={path or '/'};" in line and "; Secure" in line, line
        either.ctl("realm", "remove", name, "--yes", check=False)


def test_errors_are_found_again(either):
    web = either.demo["web"]
    page = Person(either).open("/authorize", client_id="nobody")
    identity = Page(page.text).text.split("Request number")[1].split()[0]
    assert page.headers["X-Request-Id"] == identity
    told = either.ctl("explain", identity, json=True)
    assert told["id"] == identity and told["request"] == "GET " + urllib.parse.urlsplit(
        either.issuer).path + "/authorize"
    assert told["realm"] == "main" and "nobody" in json.dumps(told)
    answer = requests.post(either.issuer + "/token", auth=(web["client_id"], "Sesame-9"),
                           data={"grant_type": "x"})
    told = either.ctl("explain", answer.json()["request_id"], json=True)
    assert told["client"] == web["client_id"] and told["error"] == "invalid_client"
    assert told["status"] == "401" and "Sesame" not in json.dumps(told)
    missing = either.ctl("explain", "vm-nothing", check=False)
    assert missing.returncode != 0 and "vm-nothing" in missing.stderr


def test_doctor_has_nothing_to_say(either):
    told = either.ctl("doctor", json=True)
    said = [f for f in told["findings"] if f["finding"] not in ("ok", "good")]
    # all that a test starts is of one user
    own = f"they run as {pwd.getpwuid(os.geteuid()).pw_name}"
    said = [f for f in said if own not in f["text"]]
    assert not said, said


# ---- cross-origin, as a browser judges it --------------------------------------------------------

FETCH = """
const [url, options, done] = arguments;
fetch(url, options).then(async (answer) => done({status: answer.status, text: await answer.text(),
        challenge: answer.headers.get('WWW-Authenticate')}),
    (error) => done({refused: String(error)}));
"""


@pytest.fixture(scope="module", name="browser")
def fixture_browser():
    with Browser() as opened:
        yield opened


def fetch(browser, url, **options):
    return browser.driver.execute_async_script(FETCH, url, options)


def test_cors(stack, browser):
    spa = stack.demo["spa"]
    reply = Person(stack).sign_in(spa, scope="openid profile offline_access")
    tokens = redeem(stack, spa, reply).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    refresh = urllib.parse.urlencode({"grant_type": "refresh_token", "client_id": "demo-spa",
                                      "refresh_token": tokens["refresh_token"]})
    revoke = urllib.parse.urlencode({"client_id": "demo-spa", "token": tokens["refresh_token"]})
    foreign = stack.site.replace("127.0.0.1", "localhost")
    public = {DISCOVERY: {}, AUTHORIZATION_SERVER: {}, "/jwks": {}}
    clients = {"/userinfo": {"headers": bearer},
               "/token": {"method": "POST", "headers": form, "body": refresh},
               "/revoke": {"method": "POST", "headers": form, "body": revoke}}
    browser.get(foreign + "/callback")
    for path, options in public.items():
        assert fetch(browser, stack.issuer + path, **options).get("status") == 200, path
    for path, options in clients.items():
        # a form of another site arrives all the same; it learns nothing
        if path != "/revoke":
            assert "refused" in fetch(browser, stack.issuer + path, **options), path
    browser.get(stack.site + "/callback")
    for path, options in {**public, **clients}.items():
        assert fetch(browser, stack.issuer + path, **options).get("status") == 200, path
    # what fails can be read, too
    gone = fetch(browser, stack.issuer + "/userinfo", headers=bearer)
    assert gone["status"] == 401 and "invalid_token" in gone["challenge"]
    refused = fetch(browser, stack.issuer + "/token", method="POST", headers=form, body=refresh)
    assert refused["status"] == 400 and json.loads(refused["text"])["error"] == "invalid_grant"
    # cookies travel to none of them, and pages are for nobody's scripts
    for path in ("/userinfo", "/authorize", "/introspect", "/logout"):
        assert "refused" in fetch(browser, stack.issuer + path, credentials="include"), path


def test_preflight(stack):
    def ask(path, method="POST"):
        return requests.options(stack.issuer + path, headers={
            "Origin": stack.site, "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization"})

    for path in ("/token", "/userinfo", "/revoke"):
        answer = ask(path)
        assert answer.status_code == 204, path
        assert answer.headers["Access-Control-Allow-Origin"] == stack.site, path
        assert "Access-Control-Allow-Credentials" not in answer.headers, path
        assert answer.headers["Vary"] == "Origin", path
    assert ask(DISCOVERY, "GET").headers["Access-Control-Allow-Origin"] == "*"
    for path in ("/authorize", "/logout", "/introspect", "/signin"):
        assert "Access-Control-Allow-Origin" not in ask(path).headers, path
