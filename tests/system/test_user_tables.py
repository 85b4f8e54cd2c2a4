# SPDX-License-Identifier: ISC
"""The examples of docs/user-tables.md, as they stand there, on tables shaped like those of the
applications: people sign in, the claims are theirs, look-ups use an index, nothing is written."""

import pathlib
import re

import pytest
import requests
from conftest import PATIENT, add_client
from relying import Page, Person, parameters, redeem
from stack import TOP, Stack

DOCUMENT = TOP / "docs" / "user-tables.md"
PASSWORD = "correct horse"
MARKED = "a&b<c>\"d'"  # and as phpBB makes the hash of it: a&amp;b&lt;c&gt;&quot;d'
ESCAPED = "$2y$05$abcdefghijklmnopqrstuuAkWyNZ.AwyS2Oq708QbK411IkRZXGH2"
BCRYPT = "$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"
WORDPRESS = "$wp$2y$05$abcdefghijklmnopqrstuu9iY1gyjA3k6CGptWJJ9nIT22tG/wV8K"
PHPASS = "$P$BsaltsaltWtkMwa/ZHFz6vQ3k/22vI1"
PHPBB = "$H$9saltsaltoOYGA0TbwROeAx3OxiKY5/"
ARGON2 = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$lnizTRNgy0D3lJD4Xlm+A2aXibz3GSvOOHAXUwm1P0Y"

# The tables of each application as far as the views read them, their people, and who else is there:
# enough rows that the server prefers an index.
APPLICATIONS = {
    "wordpress": f"""
        CREATE TABLE wp_users (
            ID BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
            user_login VARCHAR(60) NOT NULL DEFAULT '', user_pass VARCHAR(255) NOT NULL DEFAULT '',
            user_nicename VARCHAR(50) NOT NULL DEFAULT '',
            user_email VARCHAR(100) NOT NULL DEFAULT '', user_status INT NOT NULL DEFAULT 0,
            display_name VARCHAR(250) NOT NULL DEFAULT '',
            KEY user_login_key (user_login), KEY user_email (user_email)
        ) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
        CREATE TABLE wp_usermeta (
            umeta_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
            user_id BIGINT UNSIGNED NOT NULL DEFAULT 0, meta_key VARCHAR(255), meta_value LONGTEXT,
            KEY user_id (user_id), KEY meta_key (meta_key(191))
        ) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
        INSERT INTO wp_users (user_login) SELECT CONCAT('other', seq) FROM seq_1_to_2000;
        INSERT INTO wp_users (ID, user_login, user_pass, user_email, display_name) VALUES
            (5001, 'Ada', '{WORDPRESS}', 'ada@example.org', 'Ada Lovelace'),
            (5002, 'ben', '{PHPASS}', '', 'ben');
        INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES
            (5001, 'first_name', 'Ada'), (5001, 'last_name', 'Lovelace'),
            (5001, 'wp_capabilities', 'a:2:{{s:6:"editor";b:1;s:13:"administrator";b:1;}}'),
            (5002, 'first_name', ''),
            (5002, 'wp_capabilities', 'a:2:{{s:10:"subscriber";b:1;s:6:"editor";b:0;}}');
        """,
    "nextcloud": f"""
        CREATE TABLE oc_users (
            uid VARCHAR(64) NOT NULL DEFAULT '' PRIMARY KEY, displayname VARCHAR(64),
            password VARCHAR(255) NOT NULL DEFAULT '', uid_lower VARCHAR(64) DEFAULT '',
            KEY user_uid_lower (uid_lower)
        ) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
        CREATE TABLE oc_preferences (
            userid VARCHAR(64) NOT NULL DEFAULT '', appid VARCHAR(32) NOT NULL DEFAULT '',
            configkey VARCHAR(64) NOT NULL DEFAULT '', configvalue LONGTEXT,
            PRIMARY KEY (userid, appid, configkey)
        ) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
        CREATE TABLE oc_group_user (
            gid VARCHAR(64) NOT NULL DEFAULT '', uid VARCHAR(64) NOT NULL DEFAULT '',
            PRIMARY KEY (gid, uid), KEY gu_uid_index (uid)
        ) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
        INSERT INTO oc_users (uid, uid_lower)
            SELECT CONCAT('other', seq), CONCAT('other', seq) FROM seq_1_to_2000;
        INSERT INTO oc_users VALUES
            ('Ada', 'Ada Lovelace', '3|{ARGON2}', 'ada'), ('ben', NULL, '1|{BCRYPT}', 'ben'),
            ('eve', 'Eve', '1|{BCRYPT}', 'eve');
        INSERT INTO oc_preferences VALUES
            ('Ada', 'settings', 'email', 'ada@example.org'), ('Ada', 'core', 'enabled', 'true'),
            ('Ada', 'core', 'lang', 'en'), ('eve', 'core', 'enabled', 'false');
        INSERT INTO oc_group_user VALUES ('admin', 'Ada'), ('Tea party, north', 'Ada');
        """,
    "phpbb": f"""
        CREATE TABLE phpbb_users (
            user_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
            user_type TINYINT NOT NULL DEFAULT 0, username VARCHAR(255) NOT NULL DEFAULT '',
            username_clean VARCHAR(255) NOT NULL DEFAULT '',
            user_password VARCHAR(255) NOT NULL DEFAULT '',
            user_email VARCHAR(100) NOT NULL DEFAULT '',
            UNIQUE KEY username_clean (username_clean)
        ) DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_bin;
        CREATE TABLE phpbb_groups (
            group_id MEDIUMINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
            group_type TINYINT NOT NULL DEFAULT 1, group_name VARCHAR(255) NOT NULL DEFAULT ''
        ) DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_bin;
        CREATE TABLE phpbb_user_group (
            group_id MEDIUMINT UNSIGNED NOT NULL DEFAULT 0, user_id INT UNSIGNED NOT NULL DEFAULT 0,
            group_leader TINYINT NOT NULL DEFAULT 0, user_pending TINYINT NOT NULL DEFAULT 1,
            KEY group_id (group_id), KEY user_id (user_id)
        ) DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_bin;
        CREATE TABLE phpbb_banlist (
            ban_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
            ban_userid INT UNSIGNED NOT NULL DEFAULT 0, ban_ip VARCHAR(40) NOT NULL DEFAULT '',
            ban_email VARCHAR(100) NOT NULL DEFAULT '', ban_start INT UNSIGNED NOT NULL DEFAULT 0,
            ban_end INT UNSIGNED NOT NULL DEFAULT 0, ban_exclude TINYINT NOT NULL DEFAULT 0,
            KEY ban_user (ban_userid, ban_exclude)
        ) DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_bin;
        INSERT INTO phpbb_users (user_id, user_type, username, username_clean)
            SELECT seq, IF(seq = 1, 2, 0), CONCAT('other', seq), CONCAT('other', seq)
            FROM seq_1_to_2000;
        INSERT INTO phpbb_users VALUES
            (5001, 3, 'Ada', 'ada', '{ARGON2}', 'ada@example.org'),
            (5002, 0, 'ben', 'ben', '{PHPBB}', ''), (5003, 1, 'new', 'new', '{BCRYPT}', ''),
            (5004, 0, 'eve', 'eve', '{BCRYPT}', ''), (5005, 0, 'old', 'old', '{BCRYPT}', ''),
            (5006, 2, 'robot', 'robot', '{BCRYPT}', ''),
            (5007, 0, 'jo', 'jo', '{ESCAPED}', '');
        INSERT INTO phpbb_groups VALUES (1, 3, 'ADMINISTRATORS'), (2, 0, 'Tea party'),
            (3, 0, 'Waiting');
        INSERT INTO phpbb_user_group VALUES (1, 5001, 0, 0), (2, 5001, 0, 0), (3, 5001, 0, 1);
        INSERT INTO phpbb_banlist (ban_userid, ban_end) VALUES (5004, 0), (5005, 1);
        """,
    "shop": f"""
        CREATE TABLE users (
            id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, login VARCHAR(40) NOT NULL UNIQUE,
            password_hash VARCHAR(255), full_name VARCHAR(100), email VARCHAR(200),
            email_confirmed_at DATETIME, is_staff BOOLEAN NOT NULL DEFAULT FALSE,
            is_active BOOLEAN NOT NULL DEFAULT TRUE
        ) DEFAULT CHARSET=utf8mb4;
        INSERT INTO users (login) SELECT CONCAT('other', seq) FROM seq_1_to_2000;
        INSERT INTO users VALUES
            (5001, 'Ada', '{BCRYPT}', 'Ada Lovelace', 'ada@example.org', '2026-01-01', 1, 1),
            (5002, 'ben', '{ARGON2}', NULL, 'ben@example.org', NULL, 0, 1),
            (5003, 'eve', '{BCRYPT}', NULL, NULL, NULL, 0, 0);
        """,
}

# (who signs in, claims), and who cannot.
PEOPLE = {
    "wordpress": ([
        ("ADA", {"name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace",
                 "email": "ada@example.org", "email_verified": False,
                 "groups": ["administrator", "editor"]}),
        ("ben", {"name": "ben", "groups": ["subscriber"]})], ["other7"]),
    "nextcloud": ([
        ("Ada", {"name": "Ada Lovelace", "email": "ada@example.org", "email_verified": False,
                 "groups": ["Tea_party__north", "admin"]}),
        ("ben", {"name": "ben"})], ["eve"]),
    "phpbb": ([
        ("Ada", {"name": "Ada", "email": "ada@example.org", "email_verified": False,
                 "groups": ["ADMINISTRATORS", "Tea_party"]}),
        ("ben", {"name": "ben"}), ("old", {"name": "old"})], ["new", "eve", "robot", "other7"]),
    "shop": ([
        ("ada", {"name": "Ada Lovelace", "email": "ada@example.org", "email_verified": True,
                 "groups": ["staff"]}),
        ("ben", {"email": "ben@example.org", "email_verified": False, "groups": []})],
        ["eve", "other7"]),
}


def examples():
    """{database: (SQL, words of the command)} as the document has them."""
    text = pathlib.Path(DOCUMENT).read_text(encoding="utf-8")
    views = re.findall(r"```sql\n(CREATE VIEW (\w+)\..*?)```", text, re.S)
    commands = re.findall(r"^ostiary (source add \w+ --kind table --set view=(\w+)\.\w+)$", text,
                          re.M)
    words = {database: line.split() for line, database in commands}
    return {database: (sql, words[database]) for sql, database in views}


@pytest.fixture(scope="module", name="host")
def fixture_host():
    with Stack(extra_conf=PATIENT) as stack:
        stack.ctl("scope", "add", "groups", "--description", "Your groups", "--claim", "groups")
        stack.site = "http://127.0.0.1:9"
        yield stack


@pytest.fixture(scope="module", name="client")
def fixture_client(host):
    return add_client(host, "app", first_party="true", scope="openid profile email groups")


def sign_in(host, client, username, password=PASSWORD):
    """The claims, or None for somebody who is told that the password is wrong."""
    person = Person(host)
    asked = person.authorize(client, scope="openid profile email groups")
    answer = person.submit(asked, "signin", username=username, password=password)
    if answer.status_code == 403:
        assert "password is wrong" in " ".join(Page(answer.text).alerts), answer.text
        return None
    assert answer.status_code == 303, answer.text
    reply = {**parameters(answer.headers["Location"]), "verifier": asked.verifier}
    tokens = redeem(host, client, reply).json()
    claims = requests.get(host.issuer + "/userinfo", timeout=10, headers={
        "Authorization": f"Bearer {tokens['access_token']}"}).json()
    assert claims.pop("preferred_username") == username.lower()
    claims.pop("updated_at")
    return claims


def checksums(host, database):
    tables = [row[0] for row in host.mariadb.query("SHOW FULL TABLES WHERE Table_type = "
                                                   "'BASE TABLE'", database)]
    assert tables
    return [host.mariadb.query(f"CHECKSUM TABLE `{table}`", database) for table in tables]


def test_every_application_has_its_example():
    assert set(examples()) == set(APPLICATIONS)


@pytest.mark.parametrize("database", sorted(APPLICATIONS))
def test_example(host, client, database):
    view, command = examples()[database]
    who, nobody = PEOPLE[database]
    host.mariadb.query(f"CREATE DATABASE {database}; USE {database}; {APPLICATIONS[database]}")
    host.mariadb.query(view)
    host.ctl(*command)
    host.pool.restart()  # workers look for news once a second
    host.wait_ready()
    before = checksums(host, database)
    subs = set()
    for username, claims in who:
        told = sign_in(host, client, username)
        assert told, username
        subs.add(told["sub"])
        assert told == {"sub": told["sub"], **claims}, username
        assert sign_in(host, client, username)["sub"] == told["sub"], username
        assert sign_in(host, client, username, PASSWORD + "!") is None, username
    assert len(subs) == len(who)
    if database == "phpbb":
        assert sign_in(host, client, "jo", MARKED)
        host.ctl("user", "remove", "jo", "--yes")
    for username in nobody:
        assert sign_in(host, client, username) is None, username
    assert checksums(host, database) == before
    assert "people_view_unreadable" not in host.log_text()
    for username, _ in who:
        host.ctl("user", "remove", username, "--yes")
    host.ctl("source", "remove", command[2], "--yes")


@pytest.mark.parametrize("database", sorted(APPLICATIONS))
def test_lookups_use_an_index(host, database):
    for column in ("username", "id"):
        plan = host.mariadb.query(f"EXPLAIN SELECT id FROM {database}.ostiary_people"
                                  f" WHERE `{column}` = 'ben' LIMIT 16")
        assert all(row[3] not in ("ALL", "index") for row in plan if row[1] == "PRIMARY"), plan
        assert all("DERIVED" not in row[1] for row in plan), plan


def test_the_service_may_read_the_view_alone(host):
    for database in APPLICATIONS:
        granted = host.mariadb.query(
            "SELECT TABLE_NAME, PRIVILEGE_TYPE FROM information_schema.TABLE_PRIVILEGES"
            f" WHERE TABLE_SCHEMA = '{database}' AND GRANTEE LIKE '%ostiary%'")
        assert granted == [["ostiary_people", "SELECT"]], database
