# SPDX-License-Identifier: ISC
"""The bundle for hosts where nothing can be installed: in a root that holds libc and nothing else,
and as shared hosting has it, under .htaccess, mod_fcgid and suexec as an ordinary user."""

import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

import pytest
import requests

import fastcgi as f
import servers
from children import wait_until
from relying import Person, redeem
from stack import TOP, build_folder

OF_LIBC = ("ld-linux", "libc.so", "libm.so", "libdl.so", "libpthread.so", "librt.so",
           "libresolv.so", "libutil.so", "libanl.so")
NOBODY = 65534
PRIVATE = ["unshare", "--mount", "--propagation", "private"]
NEEDS_MOUNTS = pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run([*PRIVATE, "true"], check=False,
                                        capture_output=True).returncode != 0,
    reason="left out: needs root and mount namespaces")


@contextlib.contextmanager
def folder_of_the_host(path):
    """Makes it where it is not there, for as long."""
    made = not os.path.isdir(path)
    os.makedirs(path, mode=0o755, exist_ok=True)
    yield path
    if made:
        shutil.rmtree(path)


@pytest.fixture(scope="module", name="house_place")
def fixture_house_place():
    """Where suexec runs programs: the database's socket is linked into the homes of customers."""
    if os.geteuid() != 0:
        yield None
        return
    with folder_of_the_host("/var/www") as place:
        yield place


@pytest.fixture(scope="module", name="bundle")
def fixture_bundle():
    """The unpacked bundle."""
    if not shutil.which("patchelf"):
        pytest.skip("left out: patchelf is not installed")
    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        os.chmod(folder, 0o755)
        made = subprocess.run([TOP / "make/bundle.sh", build_folder()], cwd=TOP, check=True,
                              capture_output=True, text=True).stdout.split()[-1]
        subprocess.run(["tar", "-C", folder, "-xzf", made], check=True)
        yield next(pathlib.Path(folder).iterdir())


def programs(bundle):
    return [bundle / "bin/ostiary", *(bundle / "lib/ostiary").iterdir()]


def loaded(program):
    """{name of a library: where it is found}"""
    lines = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    words = [line.split() for line in lines.splitlines()]
    return {row[0]: row[2] for row in words if len(row) > 2 and row[1] == "=>"}


def test_only_libc_is_the_hosts(bundle):
    assert len(programs(bundle)) == 3
    for program in programs(bundle):
        found = loaded(program)
        assert len(found) > 5, found
        for name, path in found.items():
            inside = str(pathlib.Path(path).resolve()).startswith(str(bundle))
            assert inside != name.startswith(OF_LIBC), (program, name, path)
    assert not list(bundle.glob("lib/libc.so*"))
    assert len(list((bundle / "share/doc/libraries").iterdir())) > 5


# ---- a root with libc and nothing else -------------------------------------------------------

def conf_text(folder, **paths):
    """The file for shared hosting with the paths of this host."""
    text = (TOP / "conf-examples/shared-hosting.conf").read_text(encoding="utf-8")
    for old, new in {"/run/mysqld/mysqld.sock": paths["db"], "me_ostiary": "ostiary",
                     "db_password_file = /home/me/ostiary/db.password\n": "",
                     "db_user = ostiary": f"db_user = {paths.get('user', 'ostiary')}",
                     "/home/me/ostiary": folder}.items():
        assert old in text, old
        text = text.replace(old, str(new))
    return text


@pytest.fixture(scope="module", name="bare_root")
def fixture_bare_root(bundle, house):
    """A root folder: the bundle as /ostiary, libc, and the database's socket."""
    root = house.folder / "root"
    shutil.copytree(bundle, root / "ostiary")
    for path in {path for program in programs(bundle) for name, path in loaded(program).items()
                 if name.startswith(OF_LIBC)} | {"/lib64/ld-linux-x86-64.so.2"}:
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(path), target)
    os.link(house.stack.mariadb.socket, root / "db.sock")
    (root / "ostiary/state").mkdir(mode=0o700)
    (root / "ostiary/ostiary.conf").write_text(conf_text("/ostiary", db="/db.sock"))
    shutil.copy(house.stack.master_key, root / "ostiary/master.key")
    (root / "ostiary/master.key").chmod(0o600)
    for path in ("ostiary", "ostiary/state", "ostiary/master.key"):
        os.chown(root / path, NOBODY, NOBODY)
    return root


# Nobody in this root. /proc as everywhere: the loader asks it where a program lies.
ENTER = ('mount --bind /proc "$0/proc" && '
         'exec chroot --userspec=65534:65534 --groups=65534 "$0" "$@"')


def inside(root, *words):
    (root / "proc").mkdir(exist_ok=True)
    return [*PRIVATE, "/bin/sh", "-c", ENTER, str(root), *words]


ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "OSTIARY_CONFIG": "/ostiary/ostiary.conf"}


@NEEDS_MOUNTS
def test_command_line_where_nothing_is_installed(bare_root):
    for words, wanted in ((["--version"], "0."), (["migrate", "status"], ""),
                          (["realm", "list"], "https://login.example.org"),
                          (["jobs", "--once"], "")):
        done = subprocess.run(inside(bare_root, "/ostiary/bin/ostiary", *words), text=True,
                              capture_output=True, check=False, env=ENVIRONMENT)
        assert done.returncode == 0 and wanted in done.stdout, (words, done.stdout, done.stderr)
    done = subprocess.run(inside(bare_root, "/ostiary/lib/ostiary/ostiary-fetch", "--help"),
                          capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert "shared libraries" not in done.stderr and done.returncode in (0, 1, 2), done.stderr


@NEEDS_MOUNTS
def test_worker_where_nothing_is_installed(bare_root):
    path = str(bare_root / "fcgi.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(16)
        with subprocess.Popen(inside(bare_root, "/ostiary/lib/ostiary/ostiary.fcgi"),
                              stdin=listener, env=ENVIRONMENT) as worker:
            try:
                for target, wanted in (("/.well-known/openid-configuration", 200),
                                       ("/authorize", 400), ("/health", 200)):
                    reply = f.ask(path, f.begin() + f.params(f.variables("GET", target)) +
                                  f.stdin(), 20)
                    assert reply.status == wanted, (target, reply.headers)
                assert worker.poll() is None
            finally:
                worker.terminate()


# ---- shared hosting --------------------------------------------------------------------------

class SharedHosting(servers.FcgidSite):
    """Apache as a provider runs it: our files are .htaccess and ostiary.fcgi of one customer."""

    modules = (*servers.FcgidSite.modules, "suexec")

    def __init__(self, house, bundle, mount, home, user):
        super().__init__(house, "apache-fcgid", mount)
        self.home, self.user = home, user
        self.documents = home / "htdocs"
        ours = home / "ostiary"
        shutil.copytree(bundle, ours)
        self.documents.mkdir(parents=True)
        (ours / "state").mkdir()
        os.link(house.stack.mariadb.socket, ours / "db.sock")
        shutil.copy(house.stack.master_key, ours / "master.key")
        (ours / "ostiary.conf").write_text(conf_text(ours, db=ours / "db.sock"))
        script = (TOP / "conf-examples/shared-hosting.fcgi").read_text(encoding="utf-8")
        (self.documents / "ostiary.fcgi").write_text(
            script.replace("/home/me/ostiary", str(ours)), encoding="utf-8")
        (self.documents / ".htaccess").write_text(house.vhost("htaccess", mount))
        (self.documents / "ostiary.fcgi").chmod(0o755)
        (ours / "master.key").chmod(0o600)
        for top, folders, files in os.walk(home):
            for name in (".", *folders, *files):
                os.chown(os.path.join(top, name), user.pw_uid, user.pw_gid)

    def own_text(self):
        tls = self.house.folder / "tls"
        return f"""
<VirtualHost *:{self.port}>
	ServerName {self.host}
	SSLEngine on
	SSLCertificateFile "{tls}/{self.host}.pem"
	SSLCertificateKeyFile "{tls}/{self.host}.key"
	DocumentRoot "{self.documents}"
	SuexecUserGroup {self.user.pw_name} {self.user.pw_name}
	<Directory "{self.documents}">
		AllowOverride AuthConfig FileInfo Options
		Require all granted
	</Directory>
</VirtualHost>
"""


@pytest.fixture(scope="module", name="customer")
def fixture_customer(house_place):
    """An ordinary user with a home where suexec runs programs."""
    if os.geteuid() != 0 or not os.access("/usr/lib/apache2/suexec", os.X_OK):
        pytest.skip("left out: root and suexec are needed")
    name = "ostiary-test"
    subprocess.run(["userdel", name], capture_output=True, check=False)
    subprocess.run(["useradd", "--system", "--user-group", "--no-create-home", name], check=True)
    home = pathlib.Path(tempfile.mkdtemp(prefix="ostiary-", dir=house_place))
    home.chmod(0o755)
    with folder_of_the_host("/var/log/apache2"):  # suexec runs nothing that it cannot log
        yield pwd.getpwnam(name), home
    shutil.rmtree(home)
    subprocess.run(["userdel", name], check=True)


@pytest.mark.parametrize("mount", servers.MOUNTS)
def test_shared_hosting(house, bundle, customer, mount):
    if servers.missing("apache-fcgid"):
        pytest.skip("left out: mod_fcgid is not installed")
    user, top = customer
    with SharedHosting(house, bundle, mount, top / mount, user) as site:
        answer = requests.get(site.issuer + "/.well-known/openid-configuration")
        assert answer.status_code == 200, (answer.text, site.log.read_text(encoding="utf-8"))
        assert answer.json()["issuer"] == site.issuer
        for kind in ("oauth-authorization-server", "openid-configuration"):
            url = f"https://{site.host}:{site.port}/.well-known/{kind}{site.path}"
            assert requests.get(url).json()["issuer"] == site.issuer
        reply = Person(site).sign_in(site.client, scope="openid email")
        tokens = redeem(site, site.client, reply).json()
        answer = requests.get(site.issuer + "/userinfo", headers={
            "Authorization": "Bearer " + tokens["access_token"]})
        assert answer.json()["email"] == "alice@example.com"
        assert site.status(f"{site.path}/token", "POST", "Content-Length: 70000",
                           body=b"x" * 70000) == 413
        assert (top / mount / "ostiary/state/failures").stat().st_uid == user.pw_uid
        crontab = (TOP / "conf-examples/shared-hosting.cron").read_text(encoding="utf-8")
        line = crontab.splitlines()[-1].replace("/home/me", str(top / mount))
        done = subprocess.run(["/bin/sh", "-c", line.split(" ", 5)[5]], user=user.pw_uid,
                              group=user.pw_gid, extra_groups=[], check=False,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        wait_until(site.child.running, 5, "still there")
