# SPDX-License-Identifier: ISC
"""Every page as the real server sends it, measured in a browser: names, structure, contrast of the
colours that are really painted (WCAG 2.2 AA: 1.3.1, 1.4.3, 1.4.10, 1.4.11, 2.4.7, 3.1.1, 4.1.2)."""

import urllib.parse

import pytest
import requests
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from chromium import Browser
from conftest import add_client
from relying import pkce

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TEXT_CONTRAST, SHAPE_CONTRAST = 4.5, 3.0
NARROW = 320  # CSS pixels: WCAG 1.4.10
TARGET_MIN = 24  # CSS pixels: WCAG 2.5.8

# What of a page is measured in one go. Colours are painted ones: half-transparent ones are mixed
# with what lies behind, of a gradient every colour counts.
MEASURE = r"""
const parse = (text) => {
  const n = (text.match(/[\d.]+/g) || []).map(Number);
  return n.length < 3 ? [0, 0, 0, 0] : [n[0], n[1], n[2], n.length > 3 ? n[3] : 1];
};
const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
const light = (c) => {
  const [r, g, b] = c.map((v) => v / 255).map(
    (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (a, b) => {
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};
const grounds = (element) => {
  const layers = [];
  let gradient = null;
  for (let e = element; e; e = e.parentElement) {
    const style = getComputedStyle(e);
    if (style.backgroundImage !== 'none') {
      gradient = style.backgroundImage.match(/rgba?\([^)]*\)/g).map(parse);
      break;
    }
    const c = parse(style.backgroundColor);
    if (c[3] > 0) layers.push(c);
    if (c[3] === 1) break;
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  return (gradient || [dark ? [18, 18, 18, 1] : [255, 255, 255, 1]]).map(
    (base) => layers.reduceRight((behind, layer) => over(layer, behind), base));
};
const contrast = (element, colour) =>
  Math.min(...grounds(element).map((ground) => ratio(over(parse(colour), ground), ground)));
const shown = (e) => {
  const box = e.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && getComputedStyle(e).visibility === 'visible';
};
const name = (e) => `${e.localName}.${e.className.baseVal ?? e.className} ` +
  `"${(e.textContent || '').trim().slice(0, 30)}"`;
const all = (selector) => [...document.querySelectorAll(selector)];
const texts = all('body *').filter((e) => shown(e) && e.localName !== 'noscript' &&
  [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
const fields = all('input:not([type=hidden]), select, textarea').filter(
  (e) => e.getAttribute('aria-hidden') !== 'true');
const buttons = all('button, a[href]');
const ids = all('[id]').map((e) => e.id);
const referred = all('[aria-describedby], [aria-labelledby]').flatMap((e) =>
  [e.getAttribute('aria-describedby'), e.getAttribute('aria-labelledby')].filter(Boolean));
const right = (e) => e.getBoundingClientRect().right;
return {
  lang: document.documentElement.lang,
  title: document.title,
  scheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
  viewport: !!document.querySelector('meta[name=viewport]:not([content*="user-scalable=no"])'),
  h1: all('h1').length,
  headings: all('h1, h2, h3').map((e) => Number(e.localName[1])),
  main: all('main').length,
  doubled: ids.filter((id, i) => ids.indexOf(id) !== i),
  dangling: referred.filter((id) => !document.getElementById(id)),
  images: all('img:not([alt])').map(name),
  drawings: all('svg:not([aria-hidden=true]):not([aria-label])').map(name),
  nameless: fields.filter((e) => ![...(e.labels || [])].some((l) => l.textContent.trim()) &&
    !e.getAttribute('aria-label')).map(name)
    .concat(buttons.filter((e) => !e.textContent.trim()).map(name)),
  unautocompleted: fields.filter((e) => !e.autocomplete).map(name),
  faint: texts.map((e) => [name(e), contrast(e, getComputedStyle(e).color)])
    .filter(([, value]) => value < arguments[0]),
  texts: texts.length,
  faintEdges: fields.map((e) => [name(e), contrast(e.parentElement,
    getComputedStyle(e).borderTopColor)]).filter(([, value]) => value < arguments[1]),
  small: buttons.filter((e) => e.localName === 'button').filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width < arguments[2] || box.height < arguments[2];
  }).map(name),
  overflow: document.scrollingElement.scrollWidth > innerWidth
    ? all('body *').filter((e) => right(e) > innerWidth).map(name).concat('the page') : [],
};
"""

FOCUS = r"""
const e = document.activeElement;
if (!e || e === document.body) return null;
const style = getComputedStyle(e);
return {name: e.localName + ' ' + (e.id || e.value || e.textContent).slice(0, 30),
        width: parseFloat(style.outlineWidth), style: style.outlineStyle,
        colour: style.outlineColor, ground: getComputedStyle(e.parentElement).backgroundColor};
"""


@pytest.fixture(scope="module", name="client")
def fixture_client(stack):
    """One with everything that a page can show but a picture of its own."""
    stack.ctl("client", "add", "--id", "accessible-device", "--public", "--name",
              "A device with quite a long name", "--set", f"grant_types={DEVICE_CODE}")
    return add_client(stack, "accessible", "--set",
                      "client_name=A client with quite a long name, as they are in real life",
                      policy_uri="https://rich.example/privacy", tos_uri="https://rich.example/t")


def url(stack, client, **query):
    asked = {"client_id": client["client_id"], "redirect_uri": client["redirect_uri"],
             "response_type": "code", "code_challenge": pkce()[1],
             "scope": "openid profile email address phone offline_access",
             "code_challenge_method": "S256", **query}
    return f"{stack.issuer}/authorize?{urllib.parse.urlencode(asked)}"


def pages(browser, stack, client, lang):
    """Goes from page to page and stops at each."""
    browser.get(url(stack, client, prompt="login consent", ui_locales=lang))
    yield "signin"
    browser.sign_in(stack.demo["user"], "wrong")
    yield "signin, wrong"
    browser.sign_in(stack.demo["user"])
    yield "consent"
    browser.press("allow")
    browser.get(url(stack, client, prompt="select_account", ui_locales=lang))
    yield "select account"
    browser.get(url(stack, client, prompt="login", ui_locales=lang))
    yield "signin again"
    browser.get(url(stack, client, response_mode="form_post", ui_locales=lang))
    yield "form_post"
    browser.get(f"{stack.issuer}/logout?ui_locales={lang}")
    yield "signout"
    browser.press("stay")
    yield "signed in"
    browser.get(f"{stack.issuer}/logout?ui_locales={lang}")
    browser.press("signout")
    yield "signed out"
    browser.get(f"{stack.issuer}/authorize?client_id=nobody&ui_locales={lang}")
    yield "error"
    yield from device_pages(browser, stack)


def device_pages(browser, stack):
    """The same for the pages of a device."""
    asked = {"client_id": "accessible-device",
             "scope": "openid profile email address phone offline_access"}
    answer = requests.post(stack.issuer + "/device_authorization", data=asked).json()
    browser.get(answer["verification_uri"])
    yield "device"
    enter_code(browser, "BCDF-GHJK")
    yield "device, wrong code"
    browser.get(answer["verification_uri_complete"])
    yield "device, by link"
    enter_code(browser, answer["user_code"])
    browser.sign_in(stack.demo["user"])
    yield "device, question"
    browser.press("allow")
    yield "device, allowed"
    answer = requests.post(stack.issuer + "/device_authorization", data=asked).json()
    browser.get(answer["verification_uri_complete"])
    enter_code(browser, answer["user_code"])
    browser.press("deny")
    yield "device, denied"


def enter_code(browser, code):
    browser.one("#user_code").clear()
    browser.one("#user_code").send_keys(code)
    before = browser.one("html")
    browser.one("button.primary").click()
    browser.wait(lambda b: not b.same(before), "entered a code")


NOTHING = ("doubled", "dangling", "images", "drawings", "nameless", "unautocompleted", "faint",
           "faintEdges", "small", "overflow")


def measure(browser):
    return browser.driver.execute_script(MEASURE, TEXT_CONTRAST, SHAPE_CONTRAST, TARGET_MIN)


@pytest.mark.parametrize("lang", ["en", "de", "fr", "es"])
def test_every_page(stack, client, lang):
    with Browser(javascript=False, language=lang) as browser:
        seen = 0
        for page in pages(browser, stack, client, lang):
            seen += 1
            for scheme in ("light", "dark"):
                browser.scheme(scheme)
                for width in (NARROW, 1280):
                    browser.size(width, 800)
                    found = measure(browser)
                    where = (page, lang, scheme, width)
                    assert found["lang"] == lang and found["scheme"] == scheme, where
                    assert len(found["title"]) > 5 and "Ostiary demo" in found["title"], where
                    assert found["h1"] == 1 and found["main"] == 1, where
                    assert found["headings"][0] == 1 and found["viewport"], where
                    assert found["texts"] >= 3, where
                    for what in NOTHING:
                        assert found[what] == [], (where, what, found[what])
            # letters twice as large, as people set them: WCAG 1.4.4
            browser.size(2 * NARROW, 800)
            browser.driver.execute_script("document.documentElement.style.fontSize = '200%'")
            assert measure(browser)["overflow"] == [], (page, "large letters")
        assert seen == 16


def test_the_measure_itself(stack):
    """What it must find: each mistake is made once on a page that has none."""
    mistakes = {
        "faint": "document.querySelector('label').style.color = 'rgb(140, 140, 140)'",
        "nameless": "document.querySelector('label').remove()",
        "overflow": "document.querySelector('h1').style.width = '2000px'",
        "small": "document.querySelector('button').style.cssText = "
                 "'min-height:0;height:9px;padding:0'",
        "doubled": "document.querySelector('h1').id = 'username'",
        "images": "document.querySelector('img').removeAttribute('alt')",
        "faintEdges": "document.querySelector('#password').style.borderColor = 'rgb(220,220,220)'",
        "dangling": "document.querySelector('h1').setAttribute('aria-labelledby', 'nobody')",
        "unautocompleted": "document.querySelector('#password').removeAttribute('autocomplete')",
    }
    with Browser(javascript=False) as browser:
        browser.size(NARROW, 800)
        browser.scheme("light")
        for what, mistake in mistakes.items():
            browser.get(url(stack, stack.demo["web"]))
            assert measure(browser)[what] == [], what
            browser.driver.execute_script(mistake)
            assert measure(browser)[what] != [], what


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_focus_is_seen(stack, client, scheme):
    """Each thing that the tab key reaches has a ring, and everything that can be pressed is
    reached."""
    with Browser(javascript=False) as browser:
        for page in pages(browser, stack, client, "en"):
            browser.scheme(scheme)
            browser.size(1280, 800)
            reachable = len([e for e in browser.all(
                "a[href], button, input:not([type=hidden]):not([tabindex='-1'])")])
            browser.driver.execute_script("document.activeElement.blur()")
            reached = set()
            for _ in range(reachable + 2):
                ActionChains(browser.driver).send_keys(Keys.TAB).perform()
                focus = browser.driver.execute_script(FOCUS)
                if focus is None:
                    continue
                reached.add(focus["name"])
                assert focus["style"] not in ("none", "hidden"), (page, focus)
                assert focus["width"] >= 2, (page, focus)
            assert len(reached) == reachable, (page, reached)
