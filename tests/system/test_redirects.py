# SPDX-License-Identifier: ISC
"""Clients whose redirect URI redirects further: browsers hold each step against the policy of the
page whose form began it, and the answer must arrive all the same."""

import http.server
import threading
import urllib.parse

import pytest

from chromium import Browser
from conftest import add_client
from relying import parameters, pkce, redeem
from web import free_ports


class Site(http.server.BaseHTTPRequestHandler):
    """/callback keeps what it was sent and leads on to the other origin; the rest is a page."""

    def _answer(self, query):
        if self.path.startswith("/callback"):
            self.server.seen.append(parameters("?" + query))
            self.send_response(303)
            self.send_header("Location", self.server.further)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        page = b"<!doctype html><title>App</title><h1>Arrived</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_GET(self):
        self._answer(urllib.parse.urlsplit(self.path).query)

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@pytest.fixture(name="sites", scope="module")
def fixture_sites():
    """Two origins of one application: (the one of the redirect URI, the other)."""
    port = free_ports(2)
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", port + i), Site) for i in (0, 1)]
    for server in servers:
        server.seen, server.further = [], None
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


WAYS = [
    # name, first party, response_mode, the host of the second origin
    ("from the consent page", False, None, "127.0.0.1"),
    ("from the sign-in page", True, None, "127.0.0.1"),
    ("to another name", True, None, "localhost"),
    ("posted after consent", False, "form_post", "127.0.0.1"),
    ("posted after the sign-in", True, "form_post", "127.0.0.1"),
]


@pytest.mark.parametrize("name,first_party,mode,host", WAYS, ids=[way[0] for way in WAYS])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_redirects_further(stack, sites, scripts, name, first_party, mode, host):
    near, far = sites
    near.seen.clear()
    near.further = f"http://{host}:{far.server_port}/inside"
    client = add_client(stack, f"far-{scripts}-" + name.replace(" ", "-"),
                        "--redirect-uri", f"http://127.0.0.1:{near.server_port}/callback",
                        *(["--first-party"] if first_party else []))
    client["redirect_uri"] = f"http://127.0.0.1:{near.server_port}/callback"
    stack.pool.restart()  # workers look for news once a second
    stack.wait_ready()
    verifier, challenge = pkce()
    query = {"client_id": client["client_id"], "redirect_uri": client["redirect_uri"],
             "response_type": "code", "scope": "openid", "state": "s-1",
             "code_challenge": challenge, "code_challenge_method": "S256",
             **({"response_mode": mode} if mode else {})}
    with Browser(javascript=scripts) as browser:
        browser.get(f"{stack.issuer}/authorize?{urllib.parse.urlencode(query)}")
        browser.sign_in(stack.demo["user"])
        if not first_party:
            browser.one('button[value="allow"]').click()
        if mode and not scripts:
            browser.wait_for("form button").click()
        browser.wait(lambda b: b.url == near.further and b.text("h1") == "Arrived", name)
        assert not browser.violations()
    assert len(near.seen) == 1 and near.seen[0]["state"] == "s-1"
    assert redeem(stack, client, {**near.seen[0], "verifier": verifier}).status_code == 200
