# SPDX-License-Identifier: ISC
"""A device that shows a code and polls, and the person with Chromium who lets it in: the whole
way, without scripts, in every language, below a path; and the picture that leads there."""

import urllib.parse

import pytest
import requests

import qr_read
from chromium import Browser
from conftest import add_client
from relying import Person

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(name="plain")
def fixture_plain():
    """Without scripts."""
    with Browser(javascript=False) as opened:
        yield opened
        assert not opened.violations()


@pytest.fixture(params=["root", "below a path"], name="either")
def fixture_either(request, stack, mounted):
    return stack if request.param == "root" else mounted


def add_device_client(stack, name="television"):
    if stack.ctl("client", "show", name, check=False).returncode != 0:
        stack.ctl("client", "add", "--id", name, "--name", "Living room TV", "--public",
                  "--set", f"grant_types={DEVICE_CODE} refresh_token")
    return name


class Device:
    """What a television does."""

    def __init__(self, stack, scope="openid profile email offline_access"):
        self.stack, self.client_id = stack, add_device_client(stack)
        self.session = requests.Session()
        self.session.headers["User-Agent"] = "Television/7.1 (living room)"
        self.asked = self.session.post(stack.issuer + "/device_authorization", data={
            "client_id": self.client_id, "scope": scope})
        self.answer = self.asked.json()

    def poll(self):
        return self.session.post(self.stack.issuer + "/token", data={
            "grant_type": DEVICE_CODE, "client_id": self.client_id,
            "device_code": self.answer["device_code"]})

    def error(self):
        answer = self.poll()
        assert answer.status_code == 400
        return answer.json()["error"]


def enter(browser, code):
    browser.one("#user_code").clear()
    browser.one("#user_code").send_keys(code)
    before = browser.one("html")
    browser.one("button.primary").click()
    browser.wait(lambda b: not b.same(before), "the code was entered")


def test_device_flow_in_chromium(either, plain):
    device = Device(either)
    assert device.asked.status_code == 200
    assert device.error() == "authorization_pending"
    assert device.error() == "slow_down"

    plain.get(device.answer["verification_uri"])
    plain.shoot("device")
    enter(plain, "BCDF-GHJK")
    assert plain.one("#error").is_displayed()
    plain.shoot("device-wrong")
    enter(plain, device.answer["user_code"].lower().replace("-", " "))
    assert "Living room TV" in plain.text()
    plain.sign_in(either.demo["user"])
    page = plain.text()
    assert device.answer["user_code"] in page and "Television/7.1 (living room)" in page
    assert ("127.0.0.1" in page or "::1" in page) and "less than a minute ago" in page
    assert "Alice Adams" in page and "email address" in page
    plain.shoot("device-confirm")
    assert device.error() == "slow_down"  # nothing was allowed yet
    plain.press("allow")
    assert "The device is signed in" in plain.text("h1")
    plain.shoot("device-allowed")

    answer = device.poll()
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    info = requests.get(either.issuer + "/userinfo", headers={
        "Authorization": "Bearer " + tokens["access_token"]}).json()
    assert info["email"] == "alice@example.com"
    assert device.error() == "invalid_grant"
    refreshed = requests.post(either.issuer + "/token", data={
        "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"],
        "client_id": device.client_id})
    assert refreshed.status_code == 200


def test_link_asks_as_well(stack, plain):
    """Whoever is signed in and follows the link must still press twice, and may deny."""
    first = Device(stack)
    plain.get(first.answer["verification_uri"])
    enter(plain, first.answer["user_code"])
    plain.sign_in(stack.demo["user"])
    plain.press("allow")
    second = Device(stack)
    plain.get(second.answer["verification_uri_complete"])
    assert plain.one("#user_code").get_attribute("value") == second.answer["user_code"]
    assert "Compare" in plain.text(".lead")
    plain.shoot("device-link")
    assert second.error() == "authorization_pending"
    before = plain.one("html")
    plain.one("button.primary").click()
    plain.wait(lambda b: not b.same(before), "the question")
    assert plain.all('button[value="allow"]') and not plain.all("#password")
    plain.press("deny")
    assert "was not allowed" in plain.text("h1")
    plain.shoot("device-denied")
    assert second.error() == "access_denied"


def test_nobody_signs_in(stack, plain):
    device = Device(stack)
    plain.get(device.answer["verification_uri_complete"])
    plain.one("button.primary").click()
    plain.wait_for("#password")
    plain.press("cancel")
    assert "Nothing was allowed" in plain.text("h1")
    plain.shoot("device-left")
    assert device.error() == "authorization_pending"


# Reads the squares of the picture back from what the browser has drawn.
MODULES = r"""
const done = arguments[arguments.length - 1], image = new Image();
image.onload = () => {
  const size = arguments[1], canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * 4;
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0, size * 4, size * 4);
  const data = context.getImageData(0, 0, size * 4, size * 4).data;
  const rows = [];
  for (let y = 0; y < size; y++) {
    let row = '';
    for (let x = 0; x < size; x++) row += data[((y * 4 + 2) * size * 4 + x * 4 + 2) * 4] < 128;
    rows.push(row.replaceAll('true', '#').replaceAll('false', '.'));
  }
  done(rows);
};
image.onerror = () => done(null);
image.src = 'data:image/svg+xml,' + encodeURIComponent(arguments[0]);
"""


def test_picture_is_a_qr_code(stack):
    """Drawn by a browser and read again, it is the link that fills the code in."""
    device = Device(stack)
    answer = requests.get(device.answer["qr_uri"])
    assert answer.headers["Content-Type"] == "image/svg+xml"
    size = int(answer.text.split('viewBox="0 0 ')[1].split()[0])
    with Browser() as browser:
        browser.get("about:blank")
        rows = browser.driver.execute_async_script(MODULES, answer.text, size)
    assert rows and len(rows) == size
    quiet = "." * size
    assert rows[:4] == [quiet] * 4 and rows[-4:] == [quiet] * 4
    assert {row[:4] + row[-4:] for row in rows} == {"." * 8}
    inside = [row[4:-4] for row in rows[4:-4]]
    assert qr_read.text(inside) == device.answer["verification_uri_complete"]


def test_every_language(stack):
    for lang, word in (("en", "device"), ("de", "Gerät"), ("fr", "appareil"),
                       ("es", "dispositivo")):
        answer = Person(stack, language=lang).open("/device")
        assert answer.headers["Content-Language"] == lang and word in answer.text, lang


def test_confidential_client(stack):
    """With its secret, by Basic credentials, and for its own code alone."""
    client = add_client(stack, "box", "--set", f"grant_types=authorization_code {DEVICE_CODE}")
    auth = (client["client_id"], client["client_secret"])
    assert requests.post(stack.issuer + "/device_authorization", data={
        "client_id": "box"}).status_code == 401
    asked = requests.post(stack.issuer + "/device_authorization", auth=auth, data={
        "scope": "openid"})
    assert asked.status_code == 200
    poll = {"grant_type": DEVICE_CODE, "device_code": asked.json()["device_code"]}
    assert requests.post(stack.issuer + "/token", auth=auth, data=poll).json()["error"] == (
        "authorization_pending")
    assert requests.post(stack.issuer + "/token", data={
        "client_id": add_device_client(stack), **poll}).json()["error"] == "invalid_grant"
    link = urllib.parse.urlsplit(asked.json()["verification_uri_complete"])
    person = Person(stack)
    page = person.submit(person.open("/device?" + link.query))
    page = person.submit(page, "signin", **stack.demo["user"])
    assert "was not allowed" in person.submit(page, "deny").text
    assert requests.post(stack.issuer + "/token", auth=auth, data=poll).json()["error"] == (
        "access_denied")
