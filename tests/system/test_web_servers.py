# SPDX-License-Identifier: ISC
"""The same cases under every web server, at the root of a host and below a path, with the files of
conf-examples and what `ostiary vhost` prints. A table of servers and cases ends the run."""

import base64
import re
import urllib.parse

import pytest
import requests

import fastcgi as f
import servers
from outside import run_openssl
from relying import Page, Person, redeem, token

FORM = "Content-Type: application/x-www-form-urlencoded"
BODY_MAX = 65536
WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.fixture(scope="module", name="site",
                params=[(kind, mount) for kind in servers.KINDS for mount in servers.MOUNTS],
                ids="-".join)
def fixture_site(request, house):
    kind, mount = request.param
    if servers.missing(kind):
        pytest.skip(f"left out: {servers.missing(kind)} is not installed")
    with house.server(kind, mount) as site:
        yield site


@pytest.fixture(scope="module", name="visit")
def fixture_visit(site):
    """What one person's visit leaves for the case after it."""
    return {"person": Person(site)}


def own_answer(answer):
    """Whether Ostiary wrote it, not the web server."""
    return "Cache-Control" in answer.headers and "error" in answer.json()


# ---- one visit -------------------------------------------------------------------------------

def test_printed(house, site):
    """The example is what `ostiary vhost` prints for these realms, word for word."""
    printed = house.vhost(site.kind, site.mount)
    assert re.sub(r"^\nListen .*\n", "", printed, flags=re.M) == site.own_text()


def test_discovery(site):
    own = requests.get(site.issuer + WELL_KNOWN)
    assert own.status_code == 200 and own.json()["issuer"] == site.issuer
    host = site.issuer[:len(site.issuer) - len(site.path)]
    for kind in ("oauth-authorization-server", "openid-configuration"):
        inserted = requests.get(f"{host}/.well-known/{kind}{site.path}")
        assert inserted.status_code == 200 and inserted.json() == own.json(), kind
    for url in (own.json()["jwks_uri"], own.json()["authorization_endpoint"]):
        assert url.startswith(site.issuer + "/")


def test_sign_in(site, visit):
    page = visit["person"].authorize(site.client, scope="openid email offline_access")
    assert page.status_code == 200 and Page(page.text).forms
    cookies = page.headers["Set-Cookie"]
    wanted = f"__Secure-ostiary-browser-{site.realm}" if site.path else "__Host-ostiary-browser"
    assert cookies.startswith(wanted) and "; Secure" in cookies
    assert f"Path={site.path or '/'};" in cookies + ";"
    visit["reply"] = visit["person"].sign_in(site.client, scope="openid email offline_access")
    assert visit["reply"]["code"]


def test_token(site, visit):
    answer = redeem(site, site.client, visit["reply"])
    assert answer.status_code == 200, answer.text
    visit["tokens"] = answer.json()
    assert {"access_token", "refresh_token", "id_token"} <= set(visit["tokens"])


def test_refresh(site, visit):
    answer = token(site, site.client, grant_type="refresh_token",
                   refresh_token=visit["tokens"]["refresh_token"])
    assert answer.status_code == 200, answer.text
    visit["tokens"].update(answer.json())


def test_userinfo(site, visit):
    answer = requests.get(site.issuer + "/userinfo", headers={
        "Authorization": "Bearer " + visit["tokens"]["access_token"]})
    assert answer.status_code == 200 and answer.json()["email"] == "alice@example.com"


def test_logout(site, visit):
    person = visit["person"]
    answer = person.open("/logout", id_token_hint=visit["tokens"]["id_token"],
                         client_id="web", post_logout_redirect_uri="https://app.example.net/")
    if answer.status_code == 200:
        answer = person.submit(answer, Page(answer.text).forms[0]["buttons"][0])
    assert answer.status_code == 303
    assert answer.headers["Location"] == "https://app.example.net/"
    again = person.authorize(site.client, prompt="none")
    assert "error=login_required" in again.headers["Location"]


# ---- certificates ----------------------------------------------------------------------------

@pytest.fixture(scope="module", name="certificates")
def fixture_certificates(house):
    folder = house.folder / "client"
    folder.mkdir(exist_ok=True)
    pair = folder / "home.pem", folder / "home.key"
    run_openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-keyout", pair[1], "-out", pair[0], "-subj", "/CN=home",
                "-addext", "subjectAltName=DNS:client.example")
    return {"good": house.authority.issue("DNS:client.example"), "home-made": pair,
            "other": house.authority.issue("DNS:other.example")}


def machine(url, pair, **headers):
    return requests.post(url + "/token", headers=headers, cert=pair and tuple(map(str, pair)),
                         data={"grant_type": "client_credentials", "client_id": "machine"})


def test_mtls(site, certificates, record_property):
    good = machine(site.mutual, certificates["good"])
    assert good.status_code == 200 and good.json()["access_token"], good.text
    for name in ("other", "home-made"):
        assert machine(site.mutual, certificates[name]).status_code == 401, name
    assert machine(site.mutual, None).status_code == 401
    assert machine(site.issuer, certificates["good"]).status_code == 401, "nobody asked for it"
    aliases = requests.get(site.issuer + WELL_KNOWN).json()["mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == site.mutual + "/token"
    if site.kind.startswith("lighttpd"):
        record_property("told", "CA alone")


# ---- sizes -----------------------------------------------------------------------------------

def test_body_of_64_kib(site):
    body = b"grant_type=" + b"x" * (BODY_MAX - 11)
    answer = requests.post(site.issuer + "/token", data=body,
                           headers=dict([FORM.split(": ")]))
    assert answer.status_code in (400, 401) and own_answer(answer), answer.text


def test_413(site, record_property):
    seen = set()
    for size in (BODY_MAX + 1, 100000, 140000, 1500000):
        seen.add(site.status(f"{site.path}/token", "POST", FORM, f"Content-Length: {size}",
                             body=b"a" * size))
    # mod_fcgid may answer 500 to what is above its own limit
    assert seen == {413} or site.kind == "apache-fcgid" and seen <= {413, 500}, seen
    if seen != {413}:
        record_property("told", "/".join(map(str, sorted(seen))))
    assert requests.get(site.issuer + WELL_KNOWN).status_code == 200


def test_413_without_length(site, record_property):
    def chunked(size):
        return (b"3e8\r\n" + b"x" * 1000 + b"\r\n") * (size // 1000) + b"0\r\n\r\n"

    seen = [site.status(f"{site.path}/token", "POST", FORM, "Transfer-Encoding: chunked",
                        body=chunked(size)) for size in (66000, 140000)]
    # mod_fcgid has one answer for what is above its own limit
    assert seen == [413, 500 if site.kind == "apache-fcgid" else 413]
    if seen[1] != 413:
        record_property("told", "413/500")


def test_chunked_body(site):
    def pieces():
        yield b"grant_type=authorization_code&"
        yield b"code=x&client_id=web"

    answer = requests.post(site.issuer + "/token", data=pieces(),
                           headers=dict([FORM.split(": ")]))
    assert answer.status_code == 401 and own_answer(answer), answer.text


def test_large_answer(site):
    """A redirect of 7 KB, and a request line of 12 KB."""
    answer = Person(site).open("/authorize", client_id="web", response_type="code",
                               scope="openid", prompt="none", state="<" * 1800,
                               redirect_uri="https://app.example.net/" + "x" * 1500,
                               code_challenge="x" * 43, code_challenge_method="S256")
    assert answer.status_code == 303, answer.text
    assert len(answer.headers["Location"]) > 7000
    line = site.issuer + WELL_KNOWN + "?" + "x" * 12000
    assert requests.get(line).status_code == 200


# ---- what strangers send ---------------------------------------------------------------------

def test_forged_headers(site, certificates):
    pem = urllib.parse.quote(certificates["good"][0].read_text(encoding="ascii"))
    for headers in ({"SSL-Client-Cert": pem, "SSL-Client-Verify": "SUCCESS"},
                    {"SSL_CLIENT_CERT": pem, "SSL_CLIENT_VERIFY": "SUCCESS"},
                    {"Client-Cert": f":{base64.b64encode(pem.encode()).decode()[:4000]}:"}):
        for url in (site.mutual, site.issuer):
            assert machine(url, None, **headers).status_code == 401, list(headers)
    expected = requests.get(site.issuer + WELL_KNOWN).text
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http",
              "X-Forwarded-For": "203.0.113.9", "Forwarded": "host=evil.example;proto=http",
              "Proxy": "http://evil.example/", "X-Original-URL": "/evil",
              "X-Rewrite-URL": "/evil", "REMOTE_USER": "root", "OSTIARY_VHOST": "evil"}
    answer = requests.get(site.issuer + WELL_KNOWN, headers=forged)
    assert answer.status_code == 200 and answer.text == expected
    page = requests.get(site.issuer + "/authorize", headers=forged)
    assert "evil" not in page.text and "evil" not in str(page.headers)


def test_another_host(site):
    """What stands in Host leads to no other issuer."""
    head = f"GET {site.path}{WELL_KNOWN} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n"
    answer = site.raw(head.encode() + b"\r\n")
    assert b"evil.example" not in answer.partition(b"\r\n\r\n")[2]


def test_absolute_form(site, record_property):
    answer = site.raw(f"GET https://evil.example{site.path}{WELL_KNOWN} HTTP/1.1\r\n"
                      f"Host: {site.host}:{site.port}\r\nConnection: close\r\n\r\n".encode())
    status = int(answer.split(b" ", 2)[1])
    assert status in (200, 400, 404, 421), answer[:200]
    if status == 200:
        assert b"evil" not in answer and site.issuer.encode() in answer
    record_property("told", str(status))


def test_dots(site):
    for target in ("/../health", "/x/../health", "/./health", "/%2e%2e/health",
                   "/x/%2e%2e/health", "/%2fhealth", "//health", "/health%00", "/..;/health",
                   "/x/..%2fhealth", "/static/../../../../etc/passwd", "/static/%2e%2e/health"):
        status = site.status(site.path + target)
        assert status in (301, 400, 403, 404), (target, status)
    assert site.status(f"{site.path}/health") == 200


def test_beside_the_mount(site):
    if not site.path:
        assert site.status("/nothing") == 404
        return
    for target in (site.path + "x/health", "/sub/health", "/health", "/", WELL_KNOWN):
        assert site.status(target) in (403, 404), target
    assert site.status(site.path) in (301, 404)


def test_smuggling(site):
    """A forged FastCGI request at each place where an unread body would be read as one."""
    forged = f.begin(request=7) + f.params(f.variables(
        "GET", "/forged-inside", HTTPS="on", SSL_CLIENT_VERIFY="SUCCESS"), request=7) + \
        f.stdin(request=7)
    for method, target in (("POST", "/token"), ("POST", "/nothing"), ("GET", "/health"),
                           ("POST", "/a/../b"), ("DELETE", "/token")):
        for shift in (0, 8, 512):
            body = bytearray(b"a" * 60000)
            for at in range(8192 - shift, len(body) - len(forged), 8192):
                body[at:at + len(forged)] = forged
            status = site.status(site.path + target, method, FORM,
                                 f"Content-Length: {len(body)}", body=bytes(body))
            assert status >= 200, (method, target)
    for head in ("Content-Length: 5\r\nTransfer-Encoding: chunked",
                 "Content-Length: 5\r\nContent-Length: 50", "Transfer-Encoding: x, chunked"):
        answer = site.raw(f"POST {site.path}/token HTTP/1.1\r\nHost: {site.host}:{site.port}\r\n"
                          f"{FORM}\r\n{head}\r\n\r\n0\r\n\r\nGET /second HTTP/1.1\r\n"
                          f"Host: {site.host}\r\nConnection: close\r\n\r\n".encode())
        # either refused as a whole, or the second one is a request of its own for everybody
        assert answer.startswith(b"HTTP/1."), head
    for _ in range(4):
        assert requests.get(site.issuer + "/health").status_code == 200
    log = site.log_text()
    assert "/forged-inside" not in log and "/nothing" in log, "both would be seen"
