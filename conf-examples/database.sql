-- SPDX-License-Identifier: ISC
-- The database and its users, for the administrator to run once as the server's root:
--
--     mariadb < database.sql
--
-- The service changes rows and nothing else; the schema is changed by `ostiary migrate` under
-- another user, named in ostiary.conf as db_admin_user.

CREATE DATABASE IF NOT EXISTS ostiary CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- Workers, jobs and the command line. Over the socket the system user of the same name signs in
-- without a password (unix_socket).
CREATE USER IF NOT EXISTS 'ostiary'@'localhost' IDENTIFIED VIA unix_socket;
GRANT SELECT, INSERT, UPDATE, DELETE ON ostiary.* TO 'ostiary'@'localhost';

-- `sudo ostiary migrate apply` signs in as the server's own root@localhost in the same way
-- (db_admin_user is root by default), and nothing more is needed here. A user with no rights
-- outside this database needs a password, put into the file that db_admin_password_file names:
--
-- CREATE USER 'ostiary_migrate'@'localhost' IDENTIFIED BY '…';
-- GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX
--	ON ostiary.* TO 'ostiary_migrate'@'localhost';
--
-- Over TCP both need passwords, and TLS:
--
-- CREATE USER 'ostiary'@'10.0.0.%' IDENTIFIED BY '…' REQUIRE SSL;
-- GRANT SELECT, INSERT, UPDATE, DELETE ON ostiary.* TO 'ostiary'@'10.0.0.%';
