-- SPDX-License-Identifier: ISC
-- The database and its two users, for the administrator to run once as the server's root:
--
--     mariadb < database.sql
--
-- The service changes rows and nothing else; the schema is changed by `ostiary migrate` under the
-- other user. Both sign in by the system user of the same name (unix_socket), so there is no
-- password to keep. Over TCP give them passwords instead:
--     CREATE USER 'ostiary'@'10.0.0.%' IDENTIFIED BY '…' REQUIRE SSL;

CREATE DATABASE IF NOT EXISTS ostiary CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- workers, jobs and the command line
CREATE USER IF NOT EXISTS 'ostiary'@'localhost' IDENTIFIED VIA unix_socket;
GRANT SELECT, INSERT, UPDATE, DELETE ON ostiary.* TO 'ostiary'@'localhost';

-- `ostiary migrate`, run by root
CREATE USER IF NOT EXISTS 'ostiary_migrate'@'localhost' IDENTIFIED VIA unix_socket AS 'root';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES
	ON ostiary.* TO 'ostiary_migrate'@'localhost';
