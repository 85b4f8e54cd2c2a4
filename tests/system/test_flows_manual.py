# SPDX-License-Identifier: ISC
"""docs/flows.md, word for word: each of its commands is run in a shell, in its order."""

import base64
import json
import re
import secrets
import stat
import subprocess
import time

import pytest
from authlib.jose import JsonWebKey, jwt

from relying import Page, Person
from stack import Stack, build_folder
from web import TOP

MANUAL = TOP / "docs" / "flows.md"


def blocks():
    """The commands of each section, by the section's anchor."""
    found = {}
    for section in re.split(r'^## <a id="', MANUAL.read_text(encoding="utf-8"), flags=re.M)[1:]:
        found[section.split('"')[0]] = re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)
    return found


class Shell:
    """A reader at a prompt: `ostiary` is on the PATH, variables stay until they are set again."""

    def __init__(self, stack, folder):
        self.stack, self.folder, self.used = stack, folder, set()
        wrapper = folder / "ostiary"
        wrapper.write_text(f'#!/bin/sh\nexec "{build_folder()}/ostiary" --config "{stack.conf}" '
                           '"$@"\n', encoding="ascii")
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        self.env = {"PATH": f"{folder}:/usr/bin:/bin", "ISSUER": stack.issuer, "HOME": str(folder)}

    def run(self, section, number, **variables):
        """What the block prints."""
        text = blocks()[section][number]
        self.used.add((section, number))
        self.env.update(variables)
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", text],
            env=self.env, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        if "ostiary " in text:  # workers look for news once a second; a fresh one knows them
            self.stack.pool.restart()
            self.stack.wait_ready()
        return done.stdout

    def json(self, section, number, **variables):
        answer = json.loads(self.run(section, number, **variables))
        assert "error" not in answer, answer
        return answer

    def register(self, section, number=0):
        """Runs a registration; ID and SECRET are those that it prints."""
        printed = self.run(section, number)
        words = dict(re.findall(r"^(client_id|client_secret):? +(\S+)$", printed, re.M))
        self.env.update(ID=words["client_id"], SECRET=words.get("client_secret", ""))
        return words


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    with Stack() as stack:
        yield Shell(stack, tmp_path_factory.mktemp("reader"))


def sign_in(person, url):
    """Follows the pages from a URL to the parameters that the application gets."""
    return person.go_on(person.open(url))


def authorize_url(shell, number=1):
    """The URL of the manual's second block, whose verifier the shell then has."""
    text = blocks()["web"][number]
    shell.used.add(("web", number))
    printed = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", text + '\necho "$VERIFIER $CHALLENGE"'],
        env=shell.env, capture_output=True, text=True, check=True).stdout.split()
    shell.env.update(VERIFIER=printed[1], CHALLENGE=printed[2])
    return printed[0]


def test_web(shell):
    shell.register("web")
    url = authorize_url(shell)
    reply = sign_in(Person(shell.stack), url)
    assert reply["state"] == "af0ifjsldkj" and reply["iss"] == shell.stack.issuer
    tokens = shell.json("web", 2, CODE=reply["code"])
    assert tokens["id_token"] and tokens["token_type"] == "Bearer"
    shell.web = dict(shell.env)


def test_public_and_refresh(shell):
    shell.register("public")
    url = authorize_url(shell) + "&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback"
    reply = sign_in(Person(shell.stack), url)
    tokens = shell.json("public", 1, CODE=reply["code"])
    assert tokens["refresh_token"]
    # the manual's command authenticates: a client with a secret, then
    made = shell.stack.ctl("client", "add", "--id", "keeps", "--name", "Keeps", "--redirect-uri",
                           "https://keeps.example.org/cb", "--set",
                           "grant_types=authorization_code refresh_token", json=True)
    shell.env.update(ID="keeps", SECRET=made["client_secret"])
    reply = sign_in(Person(shell.stack), authorize_url(shell))
    tokens = shell.json("web", 2, CODE=reply["code"])
    again = shell.json("refresh", 0, REFRESH=tokens["refresh_token"])
    assert again["refresh_token"] != tokens["refresh_token"]


def test_service(shell):
    shell.register("service")
    tokens = shell.json("service", 1)
    assert tokens["scope"] == "read" and "refresh_token" not in tokens
    claims = json.loads(base64.urlsafe_b64decode(tokens["access_token"].split(".")[1] + "=="))
    assert claims["aud"] == "https://stats.example.org" and claims["sub"] == "reports"


def test_device(shell):
    shell.register("device")
    asked = shell.json("device", 1)
    waiting = json.loads(shell.run("device", 2, DEVICE_CODE=asked["device_code"]))
    assert waiting["error"] == "authorization_pending"
    person = Person(shell.stack)
    answer = person.open(asked["verification_uri_complete"])
    user = shell.stack.demo["user"]
    for _ in range(6):
        if answer.status_code == 303:
            answer = person.open(answer.headers["Location"])
            continue
        forms = Page(answer.text).forms
        if not forms:
            break
        buttons = forms[0]["buttons"]
        answer = (person.submit(answer, "signin", username=user["username"],
                                password=user["password"]) if "signin" in buttons
                  else person.submit(answer, "allow" if "allow" in buttons else buttons[0]))
    time.sleep(asked["interval"])  # what the protocol asks of the device
    assert shell.json("device", 2)["id_token"]


def test_par(shell):
    shell.env.update(shell.web)
    authorize_url(shell)
    pushed = shell.json("par", 0)
    url = shell.run("par", 1, REQUEST_URI=pushed["request_uri"]).strip()
    reply = sign_in(Person(shell.stack), url)
    assert shell.json("web", 2, CODE=reply["code"])["id_token"]


def test_exchange(shell):
    web = dict(shell.web)
    shell.register("exchange")
    api = {"ID": shell.env["ID"], "SECRET": shell.env["SECRET"]}
    shell.env.update(web)
    url = authorize_url(shell).replace("scope=openid%20profile", "scope=openid%20stock") + \
        "&resource=https%3A%2F%2Fstock.example.org"
    reply = sign_in(Person(shell.stack), url)
    tokens = shell.json("web", 2, CODE=reply["code"])
    answer = shell.json("exchange", 1, TOKEN=tokens["access_token"], **api)
    claims = json.loads(base64.urlsafe_b64decode(answer["access_token"].split(".")[1] + "=="))
    assert claims["act"] == {"sub": "orders"} or claims["act"]["sub"] == "orders"
    assert claims["aud"] == "https://stock.example.org" and answer["scope"] == "stock"


def test_bearer(shell):
    key = JsonWebKey.generate_key("EC", "P-256", {"kid": "partner-1"}, is_private=True)
    (shell.folder / "partner.json").write_text(json.dumps(
        {"keys": [json.loads(key.as_json(is_private=False))]}), encoding="utf-8")
    shell.register("bearer")
    now = int(time.time())
    assertion = jwt.encode({"alg": "ES256", "kid": "partner-1"},
                           {"iss": "https://partner.example.com", "sub": "4711",
                            "aud": shell.stack.issuer, "iat": now, "exp": now + 300,
                            "jti": secrets.token_hex(8)}, key).decode()
    assert shell.json("bearer", 1, ASSERTION=assertion)["scope"] == "email"
    assert json.loads(shell.run("bearer", 1))["error"] == "invalid_grant", "the same again"


def test_api(shell):
    shell.env.update(shell.web)
    reply = sign_in(Person(shell.stack), authorize_url(shell))
    tokens = shell.json("web", 2, CODE=reply["code"])
    assert shell.json("api", 0, TOKEN=tokens["access_token"])["active"] is True


def test_registration(shell):
    printed = shell.run("registration", 0)
    made = shell.json("registration", 1, INITIAL=re.search(r"ost_[\w-]+", printed).group(0))
    assert made["client_name#de"] == "Notizen"
    assert made["registration_access_token"] and made["registration_client_uri"]


def test_nothing_was_left_out(shell):
    every = {(name, number) for name, found in blocks().items() for number in range(len(found))}
    if not shell.used:
        pytest.skip("left out: this test was run alone")
    assert shell.used == every


def test_every_flow_of_the_table_has_a_section():
    text = MANUAL.read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(#(\w+)\)", text)) == set(blocks())
