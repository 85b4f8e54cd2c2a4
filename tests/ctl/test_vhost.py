# SPDX-License-Identifier: ISC
"""ostiary vhost: what is printed for which realms. That servers load it and serve is seen in
tests/system."""

import subprocess

import pytest

from conftest import PROGRAM, TOP

SERVERS = ["nginx", "apache", "apache-fcgid", "lighttpd", "lighttpd-spawn"]


@pytest.mark.parametrize("name", [s + place for s in SERVERS for place in ("", "-path")])
def test_examples_are_what_the_program_prints(name):
    printed = subprocess.run([PROGRAM, "reference", name], capture_output=True, text=True,
                             check=True).stdout
    stored = (TOP / f"conf-examples/{name}.conf").read_text(encoding="utf-8")
    assert stored == printed, "run `make docs`"


def test_htaccess_is_what_the_program_prints():
    printed = subprocess.run([PROGRAM, "reference", "htaccess"], capture_output=True, text=True,
                             check=True).stdout
    assert printed == (TOP / "conf-examples/shared-hosting.htaccess").read_text(encoding="utf-8")


@pytest.fixture(name="many")
def fixture_many(bare):
    bare.ok("migrate")
    for name, issuer, *more in (
            ("main", "https://login.example.org"),
            ("staff", "https://login.example.org/staff/a.b"),
            ("shop", "https://shop.example.org:8443", "--vhost", "shop-one"),
            ("here", "http://localhost:9000/x")):
        bare.ok("realm", "add", name, "--issuer", issuer, *more)
    return bare


@pytest.mark.parametrize("server", SERVERS)
def test_all_realms(many, server):
    text = many.ok("vhost", server)
    assert text.count("@") == 0, "every word is filled in"
    hosts = {"nginx": "server_name {};", "apache": "ServerName {}\n",
             "apache-fcgid": "ServerName {}\n"}.get(server, '$HTTP["host"] == "{}"')
    for host in ("login.example.org", "shop.example.org", "localhost"):
        assert text.count(hosts.format(host)) == 1, host
    for kind in ("oauth-authorization-server", "openid-configuration"):
        assert text.count(f"/.well-known/{kind}/staff/a.b") >= 1, kind
    assert "OSTIARY_VHOST" in text and '"shop-one"' in text
    assert "8443" in text and "9000" in text
    assert many.json("vhost", server)["configuration"] == text


def test_one_realm(many):
    text = many.ok("vhost", "nginx", "--realm", "shop")
    assert "login.example.org" not in text and "listen 8443 ssl;" in text
    assert 'fastcgi_param OSTIARY_VHOST "shop-one";' in text


def test_plain_http(many):
    text = many.ok("vhost", "nginx", "--realm", "here")
    assert "listen 9000;" in text and "ssl" not in text
    assert "SSL" not in many.ok("vhost", "apache", "--realm", "here")


@pytest.mark.parametrize("server", SERVERS)
def test_inside(many, server):
    many.ok("realm", "set", "mtls_endpoint_base=https://m.example.org", "--realm", "main")
    assert "m.example.org" in many.ok("vhost", server, "--realm", "main")
    text = many.ok("vhost", server, "--realm", "main", "--inside")
    for word in ("m.example.org", "server_name", "<VirtualHost", '$HTTP["host"]', ".pem"):
        assert word not in text, word
    assert "/run/ostiary/fcgi.sock" in text or "ostiary.fcgi" in text


def test_one_name_for_both(many):
    """A host that asks for certificates under the issuer's own name."""
    many.ok("realm", "set", "mtls_endpoint_base=https://login.example.org", "--realm", "main")
    text = many.ok("vhost", "nginx", "--realm", "main")
    assert text.count("server {") == 1 and "ssl_verify_client" in text
    assert text.count("SSL_CLIENT_CERT") == 1


def test_places(many):
    text = many.ok("vhost", "apache-fcgid", "--program", "/opt/o/ostiary.fcgi", "--tls", "/opt/tls")
    assert '"/opt/o/ostiary.fcgi"' in text and '"/opt/tls/login.example.org.pem"' in text
    assert str(many.conf) in text
    assert "/srv/s.sock" in many.ok("vhost", "lighttpd", "--socket", "/srv/s.sock")


@pytest.mark.parametrize("words,code,wanted", [
    (["iis"], 2, "nginx, apache, apache-fcgid, lighttpd, lighttpd-spawn or htaccess"),
    (["iis", "--config", "nothing"], 2, "nginx, apache"), ([], 2, ""),
    (["nginx", "--socket", "relative"], 2, "absolute path"),
    (["nginx", "--socket", '/a"b'], 2, "absolute path"),
    (["nginx", "--tls", "/a;b"], 2, "--tls /a;b: an absolute path"),
    (["apache", "--program", "/a\nb"], 2, "absolute path"),
    (["lighttpd-spawn", "--program", "ostiary.fcgi"], 2, "--program"),
    (["nginx", "--realm", "nobody"], 3, "no realm nobody")])
def test_refused(host, words, code, wanted):
    assert wanted in host.fails(code, "vhost", *words)


@pytest.mark.parametrize("server", [*SERVERS, "htaccess"])
def test_a_configuration_file_without_its_folder(many, server):
    words = [PROGRAM, "--config", many.conf.name, "vhost", server]
    done = subprocess.run(words, cwd=many.folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == many.ok("vhost", server)


def test_places_that_are_not_printed_may_be_anything(many):
    for server, *words in (("htaccess", "--program", "relative"), ("htaccess", "--tls", "a b"),
                           ("htaccess", "--socket", "s"), ("apache-fcgid", "--socket", "s")):
        assert many.ok("vhost", server, *words) == many.ok("vhost", server)
    many.conf.rename(many.folder / "of;us.conf")
    many.conf = many.folder / "of;us.conf"
    many.ok("vhost", "nginx")
    assert "--config" in many.fails(2, "vhost", "apache-fcgid")


def test_htaccess_has_every_rule_once(many):
    """One file serves all hosts."""
    many.ok("realm", "add", "other", "--issuer", "https://other.example.org/x")
    rules = [line for line in many.ok("vhost", "htaccess").splitlines() if "RewriteRule" in line]
    assert len(rules) == len(set(rules)) == 5, rules


def test_another_path(many):
    many.ok("realm", "set", "mtls_endpoint_base=https://m.example.org/other", "--realm", "staff")
    assert "needs the path of the issuer" in many.fails(1, "vhost", "nginx")


def test_without_realms(bare):
    bare.ok("migrate")
    assert "there is no realm" in bare.fails(1, "vhost", "nginx")


def test_a_vhost_that_would_end_the_quotes(many):
    many.query("UPDATE realm SET vhost = 'a\"; b' WHERE name = 'shop'")
    assert "quote" in many.fails(1, "vhost", "nginx")
