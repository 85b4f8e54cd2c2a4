# SPDX-License-Identifier: ISC
"""ostiary doctor finds the usual mistakes of a web server's configuration: each is made really, in
the file that people copy."""

import json
import re

import pytest

import servers

WEB = "web server"


def doctor(site, conf=None):
    """(exit code, findings) as the administrator of this house would see them."""
    house = site.house
    done = house.stack.ctl("doctor", "--realm", site.realm, "--address", "127.0.0.1", "--ca",
                           house.authority.file, "--json", *(["--config", conf] if conf else []),
                           check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["findings"]


def wrong(found, about=WEB):
    return [f["text"] for f in found if f["about"] == about and f["finding"] != "ok"]


@pytest.mark.parametrize("mount", servers.MOUNTS)
@pytest.mark.parametrize("kind", servers.KINDS)
def test_nothing_is_found_where_nothing_is_wrong(house, kind, mount):
    if servers.missing(kind):
        pytest.skip(f"left out: {servers.missing(kind)} is not installed")
    with house.server(kind, mount) as site:
        code, found = doctor(site)
        assert code == 0 and not wrong(found), found
        assert any("addresses, headers, cookies and sizes" in f["text"] for f in found)


def without(pattern):
    return lambda text: re.sub(pattern, "", text, flags=re.M)


def instead(old, new):
    def change(text):
        assert old in text
        return text.replace(old, new)
    return change


PLAIN = """ssl;
	error_page 497 =200 @plain;
	location @plain {
		include fastcgi_params;
		fastcgi_pass unix:"""

MISTAKES = {
    "no CGIPassAuth": ("apache", "root", without(r"^\t\tCGIPassAuth On\n"),
                       "the header Authorization is lost"),
    "no CGIPassAuth for mod_fcgid": ("apache-fcgid", "path", without(r"^\t\tCGIPassAuth On\n"),
                                     "the header Authorization is lost"),
    "only the mount": ("nginx", "path", without(r"^\tlocation = [^}]*\}\n"),
                       "lies outside the mount"),
    "only the mount, Apache": ("apache", "path", lambda text: re.sub(
        r"^\t<Location \"/\.well-known/.*?</Location>\n", "", text, flags=re.M | re.S),
        "lies outside the mount"),
    "small buffers": ("nginx", "root", without(r"^\t\tfastcgi_buffer.*\n"),
                      "a redirect of 5 KB does not come through"),
    "small bodies": ("nginx", "root", instead("body_size 64k", "body_size 32k"),
                     "a body of 64 KiB does not come through"),
    "small bodies, mod_fcgid": ("apache-fcgid", "root", instead("FcgidMaxRequestLen 131072",
                                                                "FcgidMaxRequestLen 32768"),
                                "a body of 64 KiB does not come through"),
    "short lines": ("nginx", "path", without(r"^\tlarge_client_header_buffers.*\n"),
                    "a request line of 12 KB"),
    "hidden cookies": ("nginx", "root", instead("include fastcgi_params;",
                                                "include fastcgi_params; "
                                                "fastcgi_hide_header Set-Cookie;"),
                       "__Host-ostiary-browser-main does not arrive"),
    "cookies of another path": ("apache", "path", instead(
        "CGIPassAuth On",
        'CGIPassAuth On\n\t\tHeader always edit Set-Cookie "Path=/sub/path" "Path=/"'),
        "__Secure-ostiary-browser-site does not arrive"),
    "plain http": ("nginx", "root", lambda text: text.replace(
        "ssl;\n", PLAIN + re.search(r"fastcgi_pass unix:(.*;\n)", text)[1] + "\t}\n", 1),
        "is answered without TLS"),
    "another place": ("nginx", "root", instead("include fast", 'return 200 "{}"; include fast'),
                      "discovery says issuer nothing"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(house, name):
    kind, mount, change, wanted = MISTAKES[name]
    if servers.missing(kind):
        pytest.skip(f"left out: {servers.missing(kind)} is not installed")
    site = house.server(kind, mount)
    text = change(site.own_text())
    assert text != site.own_text(), "the mistake was made"
    try:
        site.start(text)
        _, found = doctor(site)
    finally:
        site.stop()
    assert len(wrong(found)) >= 1 and all(wanted in line for line in wrong(found)), found


def test_workers_of_the_web_servers_user(house):
    """mod_fcgid starts them as Apache's user, and so does not a pool."""
    if servers.missing("apache-fcgid"):
        pytest.skip("left out: mod_fcgid is not installed")
    with house.server("apache-fcgid", "root") as site:
        assert site.status("/health") == 200
        _, found = doctor(site, site.house.conf)
        assert any("so does a web server here" in text for text in wrong(found, "workers")), found
        if servers.as_root():
            _, found = doctor(site)
            assert any("they run as root" in text for text in wrong(found, "workers")), found
