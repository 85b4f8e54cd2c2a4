# SPDX-License-Identifier: ISC
"""Chromium as the person's browser: the demo relying party with scripts, all pages without them,
below a path, in four languages and by keyboard alone."""

import html
import json
import pathlib
import urllib.parse

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from children import wait_until
from chromium import Browser
from conftest import add_client
from relying import parameters, pkce, redeem

LANGUAGES = ("en", "de", "fr", "es")


@pytest.fixture(name="browser")
def fixture_browser():
    with Browser() as opened:
        yield opened
        assert not opened.violations()


@pytest.fixture(name="plain")
def fixture_plain():
    """Without scripts."""
    with Browser(javascript=False) as opened:
        yield opened
        assert not opened.violations()


@pytest.fixture(params=["root", "below a path"], name="either")
def fixture_either(request, stack, mounted):
    return stack if request.param == "root" else mounted


def authorize_url(stack, client, **query):
    verifier, challenge = pkce()
    asked = {"client_id": client["client_id"], "redirect_uri": client["redirect_uri"],
             "response_type": "code", "scope": "openid profile", "state": "s-1",
             "code_challenge": challenge, "code_challenge_method": "S256", **query}
    return f"{stack.issuer}/authorize?{urllib.parse.urlencode(asked)}", verifier


def arrived(browser, stack):
    """The parameters that reached the web client's redirect URI."""
    browser.wait(lambda b: b.url.startswith(stack.site + "/callback"), "the client's answer")
    return parameters(browser.url)


# ---- the demo relying party ----------------------------------------------------------------------

def demo_sign_in(browser, stack):
    browser.get(stack.site + "/")
    browser.wait_for("#signin").click()
    browser.wait_for("#username")
    browser.sign_in(stack.demo["user"])
    if browser.all('button[value="allow"]'):
        browser.shoot("demo-consent")
        browser.press("allow")
    browser.wait(lambda b: "Alice Adams" in b.text("#who"), "the claims")


def test_demo_relying_party(stack, browser):
    browser.get(stack.site + "/")
    browser.wait_for("#signin")
    browser.shoot("demo-out")
    demo_sign_in(browser, stack)
    browser.wait(lambda b: "alice@example.com" in b.text("#userinfo"), "userinfo")
    assert browser.text("#proof") == "RS256, verified"
    assert stack.issuer in browser.text("#claims")
    assert "code=" not in browser.url and "state=" not in browser.url
    browser.shoot("demo-in")

    before = json.loads(browser.driver.execute_script(
        "return sessionStorage.getItem('tokens')"))
    browser.one("#refresh").click()
    browser.wait(lambda b: "Fresh tokens" in b.text("#status"), "fresh tokens")
    after = json.loads(browser.driver.execute_script("return sessionStorage.getItem('tokens')"))
    assert after["refresh_token"] != before["refresh_token"]
    assert after["access_token"] != before["access_token"]

    # the provider remembers the person; any local program could pose as a public client with a
    # loopback redirect, so the consent is asked for each time (RFC 8252 8.6)
    browser.driver.execute_script("sessionStorage.clear()")
    browser.get(stack.site + "/")
    browser.wait_for("#signin").click()
    browser.wait_for('button[value="allow"]')
    browser.press("allow")
    browser.wait(lambda b: "Alice Adams" in b.text("#who"), "a sign-in without a password")

    browser.wait_for("#signout").click()
    browser.wait(lambda b: "You are signed out" in b.text("#status"), "the way back")
    assert browser.url == stack.site + "/"
    assert not [c for c in browser.driver.get_cookies() if "session" in c["name"]]
    browser.wait_for("#signin").click()
    browser.wait_for("#username")  # nobody is signed in any more
    assert browser.one("#username").get_attribute("value") == ""


def test_cancelled(stack, browser):
    browser.get(stack.site + "/")
    browser.wait_for("#signin").click()
    browser.wait_for("#username")
    browser.one('button[value="cancel"]').click()
    browser.wait(lambda b: "Sign-in was cancelled" in b.text("#problem"), "the client's words")
    browser.shoot("demo-problem")


def test_back_button_after_signing_out(stack, browser):
    """A page from before the sign-out proves nothing."""
    url, _ = authorize_url(stack, stack.demo["web"], prompt="login consent")
    browser.get(url)
    browser.sign_in(stack.demo["user"])
    browser.press("allow")
    assert "code" in arrived(browser, stack)
    browser.get(stack.issuer + "/logout")
    browser.press("signout")
    assert "signed out" in browser.text("h1").lower()
    # what the browser kept: the consent page and the sign-in page of then
    for steps in range(1, 6):
        browser.driver.back()
        if browser.all('button[value="allow"]'):
            browser.press("allow")
            break
        if browser.all("#password"):
            assert browser.one("#password").get_attribute("value") == ""
            break
    else:
        raise AssertionError(f"nothing to go back to: {steps}")
    assert browser.all("#password"), browser.text()
    assert not browser.url.startswith(stack.site)


def test_old_page_in_a_second_tab(stack, browser):
    """Two tabs begin; the second to finish still gets its own client's answer."""
    first_url, _ = authorize_url(stack, stack.demo["web"], state="first", prompt="consent")
    second_url, _ = authorize_url(stack, stack.demo["web"], state="second", prompt="consent")
    browser.get(first_url)
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.get(second_url)
    browser.sign_in(stack.demo["user"])
    browser.press("allow")
    assert arrived(browser, stack)["state"] == "second"
    browser.driver.switch_to.window(first)
    # the sign-in page of the first tab is from before: whatever it is answered with, it ends well
    browser.sign_in(stack.demo["user"])
    for _ in range(3):
        if browser.url.startswith(stack.site):
            break
        if browser.all("#password"):
            browser.sign_in(stack.demo["user"])
        elif browser.all('button[value="allow"]'):
            browser.press("allow")
    answer = arrived(browser, stack)
    assert answer["state"] == "first" and answer["code"]


def test_page_is_good_once(stack, browser):
    """The consent page, posted again with the back button, gives no second code."""
    url, _ = authorize_url(stack, stack.demo["web"], prompt="login consent")
    browser.get(url)
    browser.sign_in(stack.demo["user"])
    browser.press("allow")
    assert arrived(browser, stack)["code"]
    browser.driver.back()
    if browser.all('button[value="allow"]'):
        browser.press("allow")
        assert not browser.url.startswith(stack.site), browser.url
        browser.shoot("error-completed")


# ---- without scripts -----------------------------------------------------------------------------

def test_every_page_without_scripts(either, plain):
    name = "sub-" if either.mount else ""
    web = either.demo["web"]
    url, verifier = authorize_url(either, web, prompt="login consent",
                                  scope="openid profile email address phone offline_access")
    plain.get(url)
    assert plain.text("h1") == "Sign in" and "to continue to Demo web app" in plain.text()
    plain.shoot(name + "signin")
    plain.sign_in(either.demo["user"], "wrong")
    alert = plain.one('[role="alert"]')
    assert alert.text == "The user name or the password is wrong."
    assert plain.one("#password").get_attribute("aria-describedby") == alert.get_attribute("id")
    assert plain.one("#username").get_attribute("value") == "alice"
    assert plain.one("#password").get_attribute("value") == ""
    plain.shoot(name + "signin-wrong")
    plain.sign_in(either.demo["user"])
    assert plain.text("h1") == "Demo web app would like to access your account"
    assert len(plain.all(".scopes li")) == 6 and "127.0.0.1" in plain.text(".fine")
    plain.shoot(name + "consent")
    plain.press("allow")
    reply = arrived(plain, either)
    assert redeem(either, web, {**reply, "verifier": verifier}).status_code == 200

    plain.get(authorize_url(either, web, prompt="select_account")[0])
    assert plain.text("h1") == "Choose an account" and "Alice Adams" in plain.text()
    plain.shoot(name + "select-account")
    plain.press("continue")
    assert arrived(plain, either)["code"]
    plain.get(authorize_url(either, web, prompt="select_account")[0])
    plain.press("other")
    assert plain.one("#username").get_attribute("value") == ""

    plain.get(authorize_url(either, web, prompt="login")[0])
    assert plain.text("h1").startswith("Confirm it")
    plain.shoot(name + "signin-again")
    plain.one("#password").send_keys(either.demo["user"]["password"])
    plain.press("signin")
    assert arrived(plain, either)["code"]

    plain.get(authorize_url(either, web, response_mode="form_post", state="fp")[0])
    assert plain.text("h1") == "One moment…"
    assert "does not run scripts" in plain.text()
    plain.shoot(name + "form-post")
    plain.one("form button").click()  # the demo site takes no POST; that it was sent is enough
    plain.wait(lambda b: b.url.startswith(either.site + "/callback"), "the posted answer")

    plain.get(either.issuer + "/logout")
    assert plain.text("h1") == "Sign out?"
    plain.shoot(name + "signout")
    plain.press("stay")
    assert plain.text("h1") == "You are still signed in"
    plain.shoot(name + "signed-in")
    plain.get(either.issuer + "/logout")
    plain.press("signout")
    assert plain.text("h1") == "You are signed out"
    plain.shoot(name + "signed-out")

    plain.get(either.issuer + "/authorize?client_id=nobody")
    assert plain.text("h1") == "Unknown application" and "Request number" in plain.text()
    plain.shoot(name + "error")
    plain.get(either.issuer + "/nothing")
    assert plain.text("h1") == "Page not found"
    plain.shoot(name + "not-found")


def test_form_post_with_scripts(stack, browser):
    """Nobody has to press anything."""
    url, _ = authorize_url(stack, stack.demo["web"], response_mode="form_post")
    browser.get(url)
    browser.sign_in(stack.demo["user"])
    if browser.all('button[value="allow"]'):
        browser.one('button[value="allow"]').click()
    browser.wait(lambda b: b.url.startswith(stack.site + "/callback"), "the posted answer")


def test_throttled(plain, stack):
    """Told in words and seconds, and the page still lets one try."""
    stack.ctl("user", "add", "mallory", "--password-stdin", stdin="not-guessed-1\n")
    plain.get(authorize_url(stack, stack.demo["web"])[0])
    conf = pathlib.Path(stack.conf)
    text = conf.read_text(encoding="utf-8")
    conf.write_text(text.replace("throttle_account_limit = 1000", "throttle_account_limit = 2"),
                    encoding="utf-8")
    try:
        stack.pool.restart()
        stack.wait_ready()
        for _ in range(6):
            plain.sign_in({"username": "mallory"}, "guess")
            if plain.all(".notice-wait"):
                break
        assert "Too many attempts" in plain.text('[role="alert"]')
        assert plain.all("#username") and plain.all("#password")
        plain.shoot("signin-throttled")
    finally:
        conf.write_text(text, encoding="utf-8")
        stack.pool.restart()
        stack.wait_ready()


def test_unavailable(plain, stack):
    plain.get(authorize_url(stack, stack.demo["web"])[0])
    stack.mariadb.stop()
    try:
        plain.sign_in(stack.demo["user"])
        assert plain.text("h1").startswith("We’ll be back")
        plain.shoot("unavailable")
    finally:
        stack.mariadb.start()
    stack.wait_ready()

    def reload(browser):
        browser.driver.refresh()  # sends the form again; a worker tries once a second
        return not browser.text("h1").startswith("We’ll")

    plain.wait(reload, "a reload that helps")


def test_cookies_blocked(stack):
    """A browser that keeps no cookies is told so instead of going round in circles."""
    with Browser(javascript=False, cookies=False) as browser:
        browser.get(authorize_url(stack, stack.demo["web"])[0])
        browser.sign_in(stack.demo["user"])
        assert browser.text("h1") == "Cookies are blocked"
        browser.shoot("error-cookies")


# ---- words ---------------------------------------------------------------------------------------

WORDS = {  # sign in, wrong, consent button, signed out
    "en": ("Sign in", "is wrong", "Allow", "You are signed out"),
    "de": ("Anmelden", "falsch", "Erlauben", "abgemeldet"),
    "fr": ("Connexion", "incorrect", "Autoriser", "déconnect"),
    "es": ("Iniciar sesión", "no son correctos", "Permitir", "sesión"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages(stack, language):
    """By the browser's wish; and by ui_locales against it."""
    with Browser(javascript=False, language=language) as browser:
        title, wrong, allow, out = WORDS[language]
        browser.get(authorize_url(stack, stack.demo["web"], prompt="login consent")[0])
        assert browser.one("html").get_attribute("lang") == language
        assert browser.text("h1") == title, browser.text()
        browser.sign_in(stack.demo["user"], "wrong")
        assert wrong in browser.text('[role="alert"]')
        browser.shoot(f"signin-{language}")
        browser.sign_in(stack.demo["user"])
        assert browser.text('button[value="allow"]') == allow
        browser.shoot(f"consent-{language}")
        browser.press("allow")
        assert arrived(browser, stack)["code"]
        browser.get(stack.issuer + "/logout")
        browser.press("signout")
        assert out in browser.text("h1"), browser.text()
        browser.get(stack.issuer + "/nothing")
        assert browser.one("html").get_attribute("lang") == language
        browser.shoot(f"not-found-{language}")
        other = "de" if language != "de" else "fr"
        browser.get(authorize_url(stack, stack.demo["web"], ui_locales=f"xx {other}")[0])
        assert browser.text("h1") == WORDS[other][0]
        assert not browser.violations()


# ---- keyboard ------------------------------------------------------------------------------------

def test_keyboard_alone(stack, plain):
    keys = ActionChains(plain.driver)

    def active(attribute):
        return plain.driver.switch_to.active_element.get_attribute(attribute)

    def press(*sequence):
        page = plain.one("html")
        for key in sequence:
            keys.send_keys(key).perform()
        plain.wait(lambda b: not b.same(page), "the next page")

    plain.get(authorize_url(stack, stack.demo["web"], prompt="login consent")[0])
    assert active("id") == "username"  # where one begins to type
    keys.send_keys("alice").send_keys(Keys.TAB).perform()
    assert active("id") == "password"
    keys.send_keys("wrong").perform()
    press(Keys.ENTER)
    assert active("id") == "password" and plain.all('[role="alert"]')
    keys.send_keys(stack.demo["user"]["password"]).send_keys(Keys.TAB).perform()
    assert active("value") == "signin"
    press(Keys.SPACE)
    # the consent page: neither answer is given by a stray Enter
    seen = []
    for _ in range(12):
        keys.send_keys(Keys.TAB).perform()
        seen.append(active("value"))
        if seen[-1] == "allow":
            break
    assert seen[-1] == "allow", seen
    press(Keys.ENTER)
    assert arrived(plain, stack)["code"]


# ---- what clients say about themselves -----------------------------------------------------------

def test_client_with_everything(stack, plain):
    """Logo, links, a scope with words of its own, and a name that could be markup."""
    stack.ctl("scope", "add", "print", "--description", "Print on the office's printer",
              "--description-de", "Auf dem Bürodrucker drucken")
    client = add_client(
        stack, "rich", "--set", "client_name=Café <b>Ümlaut</b> & Söhne",
        policy_uri="https://rich.example/privacy", tos_uri="https://rich.example/terms",
        logo_uri="https://rich.example/logo.png")
    stack.pool.restart()
    stack.wait_ready()
    plain.get(authorize_url(stack, client, scope="openid profile print",
                            login_hint="alice")[0])
    assert "to continue to Café <b>Ümlaut</b> & Söhne" in plain.text()
    assert plain.one("#username").get_attribute("value") == "alice"
    links = {a.get_attribute("href") for a in plain.all("a")}
    assert links == {"https://rich.example/privacy", "https://rich.example/terms"}
    for link in plain.all("a"):
        assert "noopener" in link.get_attribute("rel")
    plain.one("#password").send_keys(stack.demo["user"]["password"])
    plain.press("signin")
    assert "Print on the office's printer" in plain.text(".scopes")
    plain.shoot("consent-rich")
    plain.press("allow")
    # more than before is asked for: said so
    plain.get(authorize_url(stack, client, scope="openid profile print email")[0])
    tags = [tag.text for tag in plain.all(".scopes .tag")]
    assert tags == ["New"]
    plain.shoot("consent-new")
    plain.press("deny")
    assert arrived(plain, stack)["error"] == "access_denied"


# ---- from other sites ----------------------------------------------------------------------------

def posting_page(folder, action, fields):
    """A page of another site with a form that posts; browsers send no SameSite=Lax cookies."""
    page = folder / "elsewhere.html"
    inputs = "".join(f'<input name="{name}" value="{html.escape(value)}">'
                     for name, value in fields.items())
    page.write_text(f'<!doctype html><title>Elsewhere</title><form method="post" '
                    f'action="{html.escape(action)}">{inputs}<button>Go</button></form>')
    return page.as_uri()


def query_of(url):
    base, _, query = url.partition("?")
    return base, dict(urllib.parse.parse_qsl(query))


@pytest.mark.parametrize("length", ["short", "long"])
def test_request_posted_from_elsewhere(either, plain, tmp_path, length):
    """The session counts although the form came without its cookie; a long one takes a button."""
    url, verifier = authorize_url(either, either.demo["web"])
    plain.get(url)
    plain.sign_in(either.demo["user"])
    if plain.all('button[value="allow"]'):
        plain.press("allow")
    arrived(plain, either)
    state = "x" * 1800 if length == "long" else "posted"
    url, verifier = authorize_url(either, either.demo["web"], state=state,
                                  **({"login_hint": "y" * 2500} if length == "long" else {}))
    plain.get(posting_page(tmp_path, *query_of(url)))
    plain.one("button").click()
    if length == "long":
        plain.wait(lambda b: b.text("h1") == "One more step", "the page that asks")
        plain.shoot("continue")
        plain.one("form button").click()
    reply = arrived(plain, either)
    assert reply["state"] == state
    assert redeem(either, either.demo["web"], {**reply, "verifier": verifier}).status_code == 200


@pytest.mark.parametrize("length", ["short", "long"])
def test_sign_out_posted_from_elsewhere(stack, plain, tmp_path, length):
    spa = stack.demo["spa"]
    url, verifier = authorize_url(stack, spa, prompt="login consent")
    plain.get(url)
    plain.sign_in(stack.demo["user"])
    plain.press("allow")
    plain.wait(lambda b: b.url.startswith(stack.site), "the client's answer")
    tokens = redeem(stack, spa, {**parameters(plain.url), "verifier": verifier}).json()
    plain.get(posting_page(tmp_path, stack.issuer + "/logout", {
        "id_token_hint": tokens["id_token"], "state": "z" * (2000 if length == "long" else 9),
        "post_logout_redirect_uri": spa["post_logout_redirect_uri"],
        **({"logout_hint": "y" * 3000} if length == "long" else {})}))
    plain.one("button").click()
    if length == "long":
        plain.wait(lambda b: b.text("h1") == "One more step", "the page that asks")
        plain.one("form button").click()
    plain.wait(lambda b: b.url.startswith(stack.site + "/?state=zzz"), "the way back")
    plain.get(authorize_url(stack, stack.demo["web"])[0])
    assert plain.all("#username")


# ---- programs on a person's own device -----------------------------------------------------------

NATIVE = {"own scheme": "com.example.app:/callback", "any port": "http://127.0.0.1/callback"}


@pytest.mark.parametrize("kind", NATIVE)
def test_native_clients(stack, plain, kind):
    """The policy of the page lets the answer through to where no web site is."""
    name = "native-" + kind.replace(" ", "-")
    stack.ctl("client", "add", "--id", name, "--name", "App", "--native", "--public",
              "--redirect-uri", NATIVE[kind])
    redirect = NATIVE[kind]
    if kind == "any port":
        redirect = stack.site + "/callback"  # the port of the demo site
    url, verifier = authorize_url(stack, {"client_id": name, "redirect_uri": redirect})
    plain.get(url)
    plain.sign_in(stack.demo["user"])
    assert plain.all('button[value="allow"]')
    if kind == "any port":
        plain.press("allow")
        reply = {**arrived(plain, stack), "verifier": verifier}
        client = {"client_id": name, "redirect_uri": redirect}
        assert redeem(stack, client, reply).status_code == 200
        return
    # no program of this machine takes the scheme: what counts is that the policy did not stop it
    plain.one('button[value="allow"]').click()
    wait_until(lambda: any(f"client={name}" in line and "code_issued" in line
                           for line in stack.log_text().splitlines()), 5, "a code")
