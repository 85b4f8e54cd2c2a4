# SPDX-License-Identifier: ISC
"""What breaks in real life, broken on purpose: the database, the workers, the configuration. What
matters each time: nothing wrong is answered, nothing is lost, and it heals by itself."""

import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest
import requests

import fastcgi
from children import wait_until
from conftest import PATIENT, add_client
from relying import Page, Person, parameters, redeem, token
from stack import Stack

FORM = "application/x-www-form-urlencoded"
DISCOVERY = "/.well-known/openid-configuration"
BACK_MAX = 1.0  # seconds until somebody answers after all workers were killed


@pytest.fixture(scope="module", name="s")
def fixture_s():
    with Stack(workers=2, extra_conf=PATIENT) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy_again(request):
    if "s" in request.fixturenames:
        whole_pool(request.getfixturevalue("s"))
    yield
    if "s" in request.fixturenames:
        running = request.getfixturevalue("s")
        assert running.get("/health")[0] == 200, running.log_text()[-2000:]


def health(s):
    return s.get("/health")[0]


def held(s, body=b"grant_type=authorization_code"):
    """A connection whose worker waits for the rest of a body."""
    connection = fastcgi.Connection(s.pool.socket, 10)
    connection.send(fastcgi.begin() + fastcgi.params(fastcgi.variables(
        "POST", "/token", CONTENT_TYPE=FORM, CONTENT_LENGTH=str(len(body) + 4))) +
        fastcgi.stdin(body, end=False))
    time.sleep(0.05)  # until a worker has taken it
    return connection


def both_work(s):
    """Whether each of two workers answers from the database: while one is held, the other has to.
    The kernel wakes whom it likes, so many requests in a row prove nothing."""
    with held(s, b"grant_type=x&client_id=") as connection:
        other = health(s)
        connection.send(fastcgi.stdin(b"none"))
        return other == 200 and connection.reply().status == 401


# ---- the database --------------------------------------------------------------------------------

def test_database_stops_and_returns(s):
    person, web = Person(s), s.demo["web"]
    reply = person.sign_in(web, scope="openid offline_access")
    tokens = redeem(s, web, reply).json()
    waiting = Person(s)
    page = waiting.authorize(web, ui_locales="de")
    consenting = Person(s)
    consent = consenting.submit(consenting.authorize(web, prompt="consent"), "signin",
                                **s.demo["user"])
    assert both_work(s)
    # a code that waits while the database is away
    late = person.sign_in(web, scope="openid offline_access")

    s.mariadb.stop()
    for path in (DISCOVERY, "/.well-known/oauth-authorization-server", "/jwks"):
        for _ in range(6):
            assert s.get(path)[0] == 200, path
    for what, answer in (
            ("sign-in", waiting.submit(page, "signin", **s.demo["user"])),
            ("consent", consenting.submit(consent, "allow"))):
        assert answer.status_code == 503, (what, answer.headers)
        assert int(answer.headers["Retry-After"]) > 0, what
        assert answer.headers["Content-Type"].startswith("text/html"), what
        assert Page(answer.text).forms == [] and "X-Request-Id" in answer.headers, what
    silent = person.authorize(web, prompt="none")  # nobody is there to see a page
    assert parameters(silent.headers["Location"])["error"] == "temporarily_unavailable"
    assert Page(waiting.submit(page, "signin", **s.demo["user"]).text).lang == "de"
    for what, answer in (
            ("code", redeem(s, web, late)),
            ("refresh", token(s, web, grant_type="refresh_token",
                              refresh_token=tokens["refresh_token"])),
            ("userinfo", requests.get(s.issuer + "/userinfo", headers={
                "Authorization": f"Bearer {tokens['access_token']}"})),
            ("introspection", requests.post(s.issuer + "/introspect", data={
                "token": tokens["access_token"]}, auth=(web["client_id"], web["client_secret"]))),
            ("health", requests.get(s.issuer + "/health"))):
        assert answer.status_code == 503, (what, answer.text)
        assert int(answer.headers["Retry-After"]) > 0, what
        assert answer.json()["error"] == "temporarily_unavailable", what
    # a fresh worker knows nothing yet, and says so in the form that was asked for
    s.pool.kill_workers()
    wait_until(lambda: s.get("/health")[0] == 503, 2, "an answer of a fresh worker")
    for path, kind in (("/jwks", "application/json"), ("/authorize", "text/html; charset=utf-8")):
        status, headers, body = s.get(path)
        assert status == 503 and headers["Retry-After"], body
        assert headers["Content-Type"] == kind, path

    s.mariadb.start()
    wait_until(lambda: both_work(s), 5, "recovery of both workers")
    assert "code" in parameters(waiting.submit(page, "signin", **s.demo["user"]).headers[
        "Location"]), "the page is as good as before"
    assert redeem(s, web, late).status_code == 200, "the code was lost"
    again = token(s, web, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert again.status_code == 200, "the refresh token was lost"
    assert parameters(consenting.submit(consent, "allow").headers["Location"])["code"]


def test_database_crashes(s):
    """Killed while connections are open, and back: the connections are made anew."""
    web = s.demo["web"]
    for _ in range(3):
        s.mariadb.restart(fast=True)
        wait_until(lambda: both_work(s), 5, "recovery of both workers")
        assert redeem(s, web, Person(s).sign_in(web)).status_code == 200


def test_connections_are_cut(s):
    """By the server, as after wait_timeout or KILL: no request notices."""
    web = s.demo["web"]
    person = Person(s)
    for _ in range(4):
        reply = person.sign_in(web)
        for row in s.mariadb.query("SELECT id FROM information_schema.processlist "
                                   "WHERE user = 'ostiary'"):
            s.mariadb.query(f"KILL {row[0]}")
        answer = redeem(s, web, reply)
        if answer.status_code == 503:  # cut while it was being used: nothing was done
            answer = redeem(s, web, reply)
        assert answer.status_code == 200, answer.text


# ---- workers -------------------------------------------------------------------------------------

def test_worker_killed_within_a_request(s):
    before = sorted(s.pids())
    with held(s) as connection:
        for pid in before:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: health(s) == 200, BACK_MAX, "an answer of the others")
        reply = connection.reply()
        assert reply.closed and reply.status == 0
    wait_until(lambda: len(s.pids()) == 2 and not set(s.pids()) & set(before), 5,
               "a whole pool of other workers")


def test_worker_killed_within_a_transaction(s):
    """A worker dies between taking a code and storing its token: the code is as it was."""
    client = add_client(s, "opaque", access_token_format="opaque")
    reply = Person(s).sign_in(client, scope="openid offline_access")
    answers = []
    # somebody who holds the rows of all grants lets the worker wait in the middle
    with subprocess.Popen(
            ["/usr/bin/mariadb", "--no-defaults", "-u", "root", "-S", s.mariadb.socket, "-N",
             "--unbuffered", s.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True) as lock:
        lock.stdin.write("BEGIN; SELECT COUNT(*) FROM auth_grant FOR UPDATE;\n")
        lock.stdin.flush()
        assert lock.stdout.readline().strip()
        caller = threading.Thread(target=lambda: answers.append(redeem(s, client, reply)))
        caller.start()
        wait_until(lambda: s.mariadb.query(
            "SELECT 1 FROM information_schema.processlist WHERE user = 'ostiary' "
            "AND command = 'Execute'"), 5, "a worker that waits for the row")
        s.pool.kill_workers()
        caller.join(10)
        assert answers[0].status_code == 502  # nginx: nobody answered
        lock.stdin.write("ROLLBACK;\n")
        lock.stdin.close()
    wait_until(lambda: health(s) == 200, BACK_MAX, "fresh workers")
    wait_until(lambda: not s.mariadb.query("SELECT 1 FROM information_schema.innodb_trx"), 5,
               "that the server undoes what the dead connection began")
    assert redeem(s, client, reply).status_code == 200


def test_all_workers_killed_again_and_again(s):
    slowest = 0
    for _ in range(5):
        before = s.pool.kill_workers()
        begun = time.monotonic()
        wait_until(lambda: health(s) == 200, BACK_MAX, "an answer after all were killed")
        slowest = max(slowest, time.monotonic() - begun)
        wait_until(lambda: len(set(s.pids()) - set(before)) == 2, 2, "a whole pool")
        time.sleep(1)
    print(f"answering again after at most {slowest * 1000:.0f} ms")


def test_term_finishes_the_request(s):
    before = sorted(s.pids())
    with held(s, b"grant_type=authorization_code") as connection:
        s.pool.kill_workers(signal.SIGTERM)
        wait_until(lambda: health(s) == 200, BACK_MAX, "a fresh worker")
        connection.send(fastcgi.stdin(b"&a=b"))
        reply = connection.reply()
        assert reply.status == 401 and reply.ended and b"invalid_client" in reply.body
    wait_until(lambda: not set(s.pids()) & set(before) and len(s.pids()) == 2, 3,
               "that the old workers end")


def ready(pid):
    """The worker has begun to catch signals; before that they mean what they mean anywhere."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return False
    facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    caught = int(facts["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1
    return facts["Name"] == "ostiary.fcgi" and bool(caught)


def whole_pool(s):
    wait_until(lambda: len(s.pids()) == 2 and all(map(ready, s.pids())), 2, "a whole pool")


def test_no_request_is_lost_to_a_signal(s):
    """SIGHUP again and again, and SIGTERM to one worker after the other, under load: as the
    rotation of logs and an upgrade do. None may hit between accepting and reading a connection."""
    statuses, stop = [], threading.Event()

    def load():
        while not stop.is_set():
            statuses.append(s.get(DISCOVERY)[0])

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            for _ in range(300):
                s.pool.kill_workers(signal.SIGHUP)
            pid = s.pids()[0]
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda gone=pid: gone not in s.pids(), 2, "the end of the worker")
            whole_pool(s)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(statuses) > 20 and set(statuses) == {200}, set(statuses)


def test_idle_workers_end_at_once(s):
    """A SIGTERM that comes just before a worker waits is not overlooked."""
    for _ in range(30):
        whole_pool(s)
        before = s.pids()
        health(s)
        s.pool.kill_workers(signal.SIGTERM)
        wait_until(lambda old=before: not set(s.pids()) & set(old), 2, "the end of the workers")


def test_hup_opens_the_log_again(s):
    log = pathlib.Path(s.log)
    log.rename(log.with_suffix(".1"))
    before = sorted(s.pids())
    s.pool.kill_workers(signal.SIGHUP)
    wait_until(log.exists, 3, "a new log file")
    assert both_work(s)
    size = log.with_suffix(".1").stat().st_size
    for _ in range(6):
        redeem(s, s.demo["web"], {"code": "x", "verifier": "y"})
    assert "invalid_grant" in s.wait_log("invalid_grant")
    assert log.with_suffix(".1").stat().st_size == size, "a worker still writes to the old file"
    assert sorted(s.pids()) == before


def resident(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf(
        "SC_PAGE_SIZE")


def test_memory_does_not_grow():
    """5,000 requests of all kinds to one worker, after a warm-up of the same kind."""
    with Stack(workers=1, extra_conf=PATIENT, access_log=False) as s:
        web = s.demo["web"]
        person = Person(s)
        tokens = redeem(s, web, person.sign_in(web, scope="openid profile offline_access")).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        client = {"client_id": web["client_id"], "client_secret": "wrong"}
        current = {"refresh": tokens["refresh_token"]}

        def refresh():
            answer = token(s, web, grant_type="refresh_token", refresh_token=current["refresh"])
            assert answer.status_code == 200, answer.text
            current["refresh"] = answer.json()["refresh_token"]

        def code():
            assert redeem(s, web, person.sign_in(web)).status_code == 200

        cheap = [lambda: s.get(DISCOVERY), lambda: s.get("/jwks"), lambda: s.get("/nothing"),
                 lambda: s.get("/userinfo", bearer), lambda: s.get("/userinfo"),
                 lambda: s.post("/token", client), lambda: s.get("/authorize?client_id=x"),
                 lambda: s.post("/token", {"a": "b" * 60000}), lambda: s.get("/%00"),
                 lambda: s.get("/static/style.css")]

        def round_of(count):
            for number in range(count):
                if number % 100 == 0:
                    code()
                if number % 50 == 0:
                    refresh()
                assert cheap[number % len(cheap)]()[0] >= 200

        round_of(1500)
        pid, = s.pids()
        before = resident(pid)
        round_of(5000)
        assert s.pids() == [pid]
        grown = resident(pid) - before
        print(f"one worker: {before / 2**20:.1f} MiB, {grown / 1024:.0f} KiB more after 5,000")
        assert grown < 256 * 1024


# ---- configuration -------------------------------------------------------------------------------

def run_worker(s, conf):
    return subprocess.run([str(s.build / "ostiary.fcgi"), str(conf)], capture_output=True,
                          text=True, timeout=10, stdin=subprocess.DEVNULL, check=False)


def test_every_mistake_of_the_file_is_told(s, tmp_path):
    conf = tmp_path / "bad.conf"
    text = pathlib.Path(s.conf).read_text(encoding="utf-8")
    text = text.replace("log_level = info", "log_level = loud\ncolour = red")
    text = text.replace("[keys]\n", f"[keys]\nprevious_master_key_file = {tmp_path}/none\n")
    text = text.replace("throttle_account_limit = 1000", "throttle_account_limit = many")
    text += "[kitchen]\nsink = yes\n"
    conf.write_text(text, encoding="utf-8")
    done = run_worker(s, conf)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    for word in ("log_level", "colour", "previous_master_key_file", "throttle_account_limit",
                 "kitchen"):
        told = [line for line in lines if word in line]
        assert told, (word, done.stderr)
        assert told[0].startswith(f"{conf}:") and told[0].split(":")[1].isdigit(), told
    assert s.ctl("config", "check", check=False).returncode == 0
    # under spawn-fcgi it ends at once; the answer is nginx's business
    pool = subprocess.run(["/usr/bin/spawn-fcgi", "-n", "-s", str(tmp_path / "sock"), "--",
                           str(s.build / "ostiary.fcgi"), str(conf)],
                          capture_output=True, timeout=10, check=False)
    assert pool.returncode == 1


def test_mistakes_that_only_construction_finds(s, tmp_path):
    """All of them are told, too, not the first alone."""
    text = pathlib.Path(s.conf).read_text(encoding="utf-8")
    conf = tmp_path / "bad.conf"
    text = text.replace(f"log_target = {s.log}", f"log_target = {tmp_path}/none/log")
    text = text.replace("pages_dir = ", "pages_dir = /nowhere")
    text = text.replace("state_dir = ", "state_dir = /nowhere")
    conf.write_text(text, encoding="utf-8")
    done = run_worker(s, conf)
    assert done.returncode == 1
    for word in (f"{tmp_path}/none/log", "/nowhere"):
        assert word in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) >= 3


def test_worker_without_a_socket(s):
    done = run_worker(s, s.conf)
    assert done.returncode == 1 and "spawn-fcgi" in done.stderr


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o666])
def test_master_key_that_others_can_open(s, mode):
    s.master_key.chmod(mode)
    try:
        done = run_worker(s, s.conf)
        assert done.returncode == 1
        assert str(s.master_key) in done.stderr and "spawn-fcgi" not in done.stderr, done.stderr
        told = s.ctl("doctor", "--no-web", check=False)
        assert told.returncode != 0 and str(s.master_key) in told.stdout
    finally:
        s.master_key.chmod(0o600)


def test_another_master_key(s):
    """Keys that cannot be opened sign nothing; the log says why."""
    right = s.master_key.read_text(encoding="ascii")
    s.master_key.write_text("ab" * 32 + "\n", encoding="ascii")
    try:
        s.pool.restart()
        wait_until(lambda: s.get("/jwks")[0] == 200, 3, "an answer")
        assert b'"kid"' not in s.get("/jwks")[2]
        assert "key_unusable" in s.log_text()
        assert "master_key_file" in s.ctl("doctor", check=False).stdout
    finally:
        s.master_key.write_text(right, encoding="ascii")
        s.pool.restart()
        s.wait_ready()
    assert b'"kid"' in s.get("/jwks")[2]


@pytest.mark.parametrize("version", ["newer", "older"])
def test_schema_of_another_version(s, version):
    rows = s.mariadb.query("SELECT * FROM schema_migration ORDER BY 1", s.database)
    if version == "newer":
        s.mariadb.query("INSERT INTO schema_migration (number, name, applied_at) "
                        "VALUES (99, 'of tomorrow', 0)", s.database)
    else:
        s.mariadb.query("RENAME TABLE schema_migration TO schema_hidden; "
                        "CREATE TABLE schema_migration LIKE schema_hidden", s.database)
    try:
        s.pool.restart()
        wait_until(lambda: s.get("/health")[0] == 503, 3, "a refusal")
        status, headers, body = s.get("/authorize?client_id=x")
        assert status == 503 and headers["Retry-After"], headers
        assert b"<h1>" in body
        assert s.get("/token")[0] in (405, 503)
        assert "migrate" in s.wait_log("schema"), s.log_text()[-500:]
        assert s.ctl("doctor", check=False).returncode != 0
    finally:
        if version == "newer":
            s.mariadb.query("DELETE FROM schema_migration WHERE number = 99", s.database)
        else:
            s.mariadb.query("DROP TABLE schema_migration; "
                            "RENAME TABLE schema_hidden TO schema_migration", s.database)
    assert s.mariadb.query("SELECT * FROM schema_migration ORDER BY 1", s.database) == rows
    # nobody restarts the workers after `ostiary migrate apply`: they look again by themselves
    wait_until(lambda: both_work(s), 5, "recovery of both workers")
