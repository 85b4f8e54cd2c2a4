# SPDX-License-Identifier: ISC
"""A person with a browser that runs no scripts, and the relying party's side of a code flow, in
plain requests: for tests of what the browser itself does not matter to.

    person = Person(stack)
    answer = person.sign_in(client, scope="openid")     parameters that reached the client
    tokens = redeem(stack, client, answer)
"""

import base64
import hashlib
import html.parser
import re
import secrets
import urllib.parse

import requests


class Page(html.parser.HTMLParser):
    """What a person sees and can press on a page."""

    VOID = {"meta", "link", "input", "img", "br", "path", "circle"}

    def __init__(self, text):
        super().__init__()
        self.forms, self.texts, self.alerts, self.links = [], [], [], []
        self.lang = self.title = None
        self._open = []
        self.feed(text)
        self.text = re.sub(r"\s+", " ", " ".join(self.texts)).strip()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            self.lang = attrs.get("lang")
        if tag == "form":
            self.forms.append({"action": attrs.get("action"), "method": attrs.get("method"),
                               "fields": {}, "buttons": []})
        if tag == "a":
            self.links.append(attrs.get("href"))
        if tag == "input" and self.forms:
            self.forms[-1]["fields"][attrs.get("name")] = attrs.get("value", "")
        if tag == "button" and self.forms:
            self.forms[-1]["buttons"].append(attrs.get("value"))
        if tag not in self.VOID:
            self._open.append((tag, attrs))

    def handle_endtag(self, tag):
        while self._open:
            if self._open.pop()[0] == tag:
                return

    def handle_data(self, data):
        if any(tag in ("head", "script", "style") for tag, _ in self._open):
            if self._open[-1][0] == "title":
                self.title = data.strip()
            return
        self.texts.append(data)
        if any(attrs.get("role") == "alert" for _, attrs in self._open) and data.strip():
            self.alerts.append(data.strip())


def pkce():
    """(verifier, challenge) of S256."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def parameters(url):
    """The query of a URL; a parameter given twice is an error of whoever made it."""
    pairs = urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True)
    assert len(pairs) == len(dict(pairs)), f"a parameter stands twice in {url}"
    return dict(pairs)


class Person:
    """One browser profile: its cookies, and the pages one after the other."""

    def __init__(self, stack, language=None):
        self.stack = stack
        self.session = requests.Session()
        if language:
            self.session.headers["Accept-Language"] = language

    def open(self, path, **query):
        url = path if "://" in path else self.stack.issuer + path
        return self.session.get(url, params=query or None, allow_redirects=False)

    def submit(self, answer, action=None, **fields):
        """Posts the form of a page with this button."""
        form = Page(answer.text).forms[0]
        data = {name: value for name, value in form["fields"].items() if name}
        data.update(fields)
        if action:
            assert action in form["buttons"], f"no button {action}: {form['buttons']}"
            data["action"] = action
        return self.session.post(urllib.parse.urljoin(answer.url, form["action"]), data=data,
                                 allow_redirects=False)

    def authorize(self, client, **query):
        """The first answer of /authorize. PKCE is added; answer.verifier holds its secret."""
        verifier, challenge = pkce()
        asked = {"client_id": client["client_id"], "redirect_uri": client["redirect_uri"],
                 "response_type": "code", "scope": "openid", "state": secrets.token_urlsafe(9),
                 "code_challenge": challenge, "code_challenge_method": "S256", **query}
        asked = {name: value for name, value in asked.items() if value is not None}
        answer = self.open("/authorize", **asked)
        answer.verifier, answer.asked = verifier, asked
        return answer

    def go_on(self, answer, user=None):
        """Does what the pages ask for until the client has its answer: parameters there."""
        user = user or self.stack.demo["user"]
        for _ in range(6):
            if answer.status_code == 303:
                return parameters(answer.headers["Location"])
            buttons = Page(answer.text).forms[0]["buttons"]
            if "signin" in buttons:
                answer = self.submit(answer, "signin", username=user["username"],
                                     password=user["password"])
            else:
                answer = self.submit(answer, "allow" if "allow" in buttons else "continue")
        raise AssertionError(f"no way through the pages: {answer.text}")

    def sign_in(self, client, user=None, **query):
        answer = self.authorize(client, **query)
        reply = self.go_on(answer, user)
        reply["verifier"] = answer.verifier
        assert reply.get("state") == answer.asked.get("state")
        assert reply["iss"] == self.stack.issuer
        return reply


def redeem(stack, client, reply, **changes):
    """The token endpoint's answer for a code."""
    data = {"grant_type": "authorization_code", "code": reply["code"],
            "redirect_uri": client["redirect_uri"], "code_verifier": reply["verifier"], **changes}
    return token(stack, client, **data)


def token(stack, client, **data):
    """A request to the token endpoint, authenticated as the client is registered."""
    return post(stack, "/token", client, **data)


def post(stack, path, client, **data):
    auth = None
    if client.get("client_secret"):
        auth = (client["client_id"], client["client_secret"])
    else:
        data["client_id"] = client["client_id"]
    return requests.post(stack.issuer + path, auth=auth, data=data)
