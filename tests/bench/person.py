# SPDX-License-Identifier: ISC
"""Who stands before the provider while it is measured: a browser that signs in once, and a client
that signs assertions."""

import base64
import hashlib
import html.parser
import http.client
import json
import re
import secrets
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from children import StackError

SCOPE = "openid profile email offline_access"


class Form(html.parser.HTMLParser):
    """The fields of the first form of a page."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = attrs.get("action")
        if tag == "input" and attrs.get("name"):
            self.fields[attrs["name"]] = attrs.get("value") or ""


class Browser:
    """Signs in once and then runs code flows on the session."""

    def __init__(self, stack):
        self.stack, self.cookies = stack, {}
        self.connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
        self.verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, method, url, form=None, headers=None):
        headers = {"Host": f"localhost:{self.stack.port}", "Cookie": self.cookie(),
                   **(headers or {})}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers.setdefault("Origin", f"http://localhost:{self.stack.port}")
        parts = urllib.parse.urlsplit(url)
        path = parts.path + ("?" + parts.query if parts.query else "")
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers, answer.read().decode()

    def authorize_path(self, client):
        return f"{self.stack.mount}/authorize?" + urllib.parse.urlencode({
            "response_type": "code", "client_id": client["client_id"],
            "redirect_uri": client["redirect_uri"], "scope": SCOPE, "state": "bench",
            "nonce": "n" * 43, "code_challenge": self.challenge, "code_challenge_method": "S256"})

    def code(self, client):
        status, headers, page = self.ask("GET", self.authorize_path(client))
        for _ in range(4):
            if status in (302, 303):
                place = headers["Location"]
                if place.startswith(client["redirect_uri"]):
                    query = urllib.parse.parse_qs(urllib.parse.urlsplit(place).query)
                    if "code" not in query:
                        raise StackError(f"authorization failed: {place}")
                    return query["code"][0]
                status, headers, page = self.ask("GET", place)
                continue
            form = Form(page)
            if form.action is None:
                raise StackError(f"authorize answered {status} without a form:\n{page[:2000]}")
            if "password" in form.fields:
                user = self.stack.demo["user"]
                form.fields.update(user, action="signin")
            else:
                form.fields["action"] = "allow"
            action = urllib.parse.urljoin(f"http://localhost{self.stack.mount}/authorize",
                                          form.action)
            status, headers, page = self.ask("POST", action, form.fields)
        raise StackError(f"no code after four pages; the last was {status}:\n{page[:2000]}")

    def tokens(self, client):
        status, _, body = self.ask("POST", f"{self.stack.mount}/token", {
            "grant_type": "authorization_code", "code": self.code(client),
            "redirect_uri": client["redirect_uri"], "code_verifier": self.verifier},
            {"Authorization": basic(client)})
        if status != 200:
            raise StackError(f"token endpoint: {status} {body}")
        return json.loads(body)


def basic(client):
    pair = f"{client['client_id']}:{client['client_secret']}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """The key of a client with private_key_jwt."""

    LIFE = 600  # seconds

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        numbers = self.key.public_key().public_numbers()
        self.jwks = json.dumps({"keys": [{
            "kty": "EC", "crv": "P-256", "kid": "bench", "use": "sig", "alg": "ES256",
            "x": base64url(numbers.x.to_bytes(32, "big")),
            "y": base64url(numbers.y.to_bytes(32, "big"))}]}, separators=(",", ":"))
        self.header = base64url(b'{"alg":"ES256","kid":"bench"}')

    def assertion(self, client_id, audience):
        now = int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now,
                  "exp": now + self.LIFE, "jti": secrets.token_urlsafe(16)}
        text = f"{self.header}.{base64url(json.dumps(claims).encode())}"
        r, s = utils.decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
