# SPDX-License-Identifier: ISC
"""The quick starts of docs/quickstart, as a reader would run them."""

import os
import pathlib
import re
import secrets
import tempfile

import pytest
import requests

from children import Child, wait_until
from relying import Page, Person
from web import TOP, free_ports

QUICKSTART = TOP / "docs" / "quickstart"


def register(stack, client_id, *redirects, **settings):
    options = [word for uri in redirects for word in ("--redirect-uri", uri)]
    options += [word for name, value in settings.items()
                for word in ("--set", f"{name}={value}")]
    return stack.ctl("client", "add", "--id", client_id, "--name", "Quick start", *options,
                     json=True)


@pytest.fixture
def flask_app(stack, tmp_path):
    """docs/quickstart/python/app.py under Flask's own server; its address."""
    pytest.importorskip("flask", reason="left out: no python3-flask")
    port = free_ports(1)
    site = f"http://localhost:{port}"
    client_id = f"flask-{secrets.token_hex(4)}"
    made = register(stack, client_id, f"{site}/callback")
    child = Child("flask", ["/usr/bin/python3", "-m", "flask", "--app",
                            str(QUICKSTART / "python" / "app.py"), "run", "--port", str(port),
                            "--no-reload"],
                  str(tmp_path / "flask.log"),
                  env={"PATH": "/usr/bin:/bin", "APP_SECRET": secrets.token_hex(16),
                       "OIDC_ISSUER": stack.issuer, "OIDC_CLIENT_ID": client_id,
                       "OIDC_CLIENT_SECRET": made["client_secret"], "AUTHLIB_INSECURE_TRANSPORT":
                       "1", "PYTHONDONTWRITEBYTECODE": "1"})
    try:
        wait_until(lambda: answers(site), 10, "the application's first answer")
        yield site
    finally:
        child.stop()


def answers(site):
    try:
        return requests.get(site, timeout=2, allow_redirects=False).status_code < 500
    except requests.ConnectionError:
        return False


def follow(person, answer):
    """Redirects, as a browser follows them, to the first page."""
    while answer.status_code in (301, 302, 303):
        answer = person.open(requests.compat.urljoin(answer.url, answer.headers["Location"]))
    return answer


def sign_in(person, answer):
    """Through the pages of the issuer and back."""
    user = person.stack.demo["user"]
    answer = follow(person, answer)
    while answer.url.startswith(person.stack.issuer):
        buttons = Page(answer.text).forms[0]["buttons"]
        assert "signin" in buttons or "allow" in buttons, answer.text
        answer = (person.submit(answer, "signin", username=user["username"],
                                password=user["password"])
                  if "signin" in buttons else person.submit(answer, "allow"))
        answer = follow(person, answer)
    return answer


def test_python(stack, flask_app):
    person = Person(stack)
    assert "Nobody is signed in" in person.open(flask_app + "/").text
    answer = sign_in(person, person.open(flask_app + "/signin"))
    assert answer.url == flask_app + "/" and "Hello, Alice Adams." in answer.text
    answer = person.session.post(flask_app + "/signout")
    assert "Nobody is signed in" in answer.text


def test_python_tells_what_went_wrong(stack, flask_app):
    person = Person(stack)
    page = follow(person, person.open(flask_app + "/signin"))
    answer = follow(person, person.submit(page, "cancel"))
    assert answer.status_code == 400
    assert re.search(r'role="alert">the person cancelled<', answer.text)


MODULES = ("mpm_prefork", "authn_core", "authz_core", "authz_user", "auth_openidc", "dir", "mime")
APACHE_MODULES = pathlib.Path("/usr/lib/apache2/modules")


def apache_conf(folder, port, example):
    """What a Debian host has around the example."""
    php = sorted(APACHE_MODULES.glob("libphp*.so"))
    loaded = "".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so\n"
                     for name in MODULES)
    return f"""{loaded}LoadModule php_module {php[-1]}
User www-data
Group www-data
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{folder}/pid"
ErrorLog "{folder}/error.log"
DocumentRoot "{folder}/www"
TypesConfig /etc/mime.types
DirectoryIndex index.php
<FilesMatch "\\.php$">
    SetHandler application/x-httpd-php
</FilesMatch>
{example}
<Location "/bye">
    AuthType None
    Require all granted
</Location>
"""


@pytest.fixture
def php_app(stack):
    """docs/quickstart/php under Apache; its address."""
    if not (APACHE_MODULES / "mod_auth_openidc.so").exists() or \
            not list(APACHE_MODULES.glob("libphp*.so")):
        pytest.skip("left out: no libapache2-mod-auth-openidc or no libapache2-mod-php")
    port = free_ports(1)
    site = f"http://localhost:{port}"
    client_id = f"php-{secrets.token_hex(4)}"
    made = register(stack, client_id, f"{site}/oidc-callback",
                    post_logout_redirect_uris=f"{site}/bye")
    changes = {"https://login.example.org": stack.issuer, "https://wiki.example.org": site,
               "OIDCClientID wiki": f"OIDCClientID {client_id}",
               "CLIENT-SECRET": made["client_secret"],
               "RANDOM-TEXT-OF-YOUR-OWN": secrets.token_hex(20)}
    with tempfile.TemporaryDirectory(prefix="ostiary-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # Apache's children are somebody else
        (folder / "www").mkdir()
        (folder / "www" / "bye").write_text("signed out")
        for source, target in (("index.php", "www/index.php"), ("apache.conf", "example.conf")):
            text = (QUICKSTART / "php" / source).read_text(encoding="utf-8")
            for old, new in changes.items():
                text = text.replace(old, new)
            (folder / target).write_text(text, encoding="utf-8")
        conf = folder / "apache.conf"
        conf.write_text(apache_conf(folder, port, (folder / "example.conf").read_text()))
        child = Child("apache", ["/usr/sbin/apache2", "-X", "-f", str(conf)],
                      str(folder / "start.log"), env={"PATH": "/usr/sbin:/usr/bin:/bin"})
        try:
            wait_until(lambda: answers(site), 10, "Apache's first answer")
            yield site
        finally:
            child.stop()


def test_php(stack, php_app):
    person = Person(stack)
    answer = sign_in(person, person.open(php_app + "/"))
    assert answer.url == php_app + "/" and "Hello, Alice Adams." in answer.text
    leave = re.search(r'href="([^"]+)"', answer.text).group(1)
    answer = follow(person, person.open(php_app + leave))
    assert answer.url == php_app + "/bye", answer.text
    again = follow(person, person.open(php_app + "/"))
    assert again.url.startswith(stack.issuer), "somebody is still signed in"


def test_environment_is_all_that_differs():
    """What the examples ask for is what their text names."""
    text = (QUICKSTART / "python" / "app.py").read_text(encoding="utf-8")
    named = set(re.findall(r'os\.environ\["(\w+)"\]', text))
    assert named == set(re.findall(r"^    (\w+)  ", text, re.MULTILINE)), named
    assert not named & set(os.environ), "the test would read somebody else's"
