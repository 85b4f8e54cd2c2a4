-- SPDX-License-Identifier: ISC
-- The first schema. Times are seconds since 1970, identifiers and digests binary, JSON is text.
-- Statements end with a semicolon at the end of a line and may run again after a failure half-way.

CREATE TABLE IF NOT EXISTS schema_migration (
	number INT UNSIGNED NOT NULL,
	name VARBINARY(64) NOT NULL,
	applied_at BIGINT NOT NULL,
	PRIMARY KEY (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS generation (
	id TINYINT UNSIGNED NOT NULL,
	value BIGINT NOT NULL,
	PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

INSERT IGNORE INTO generation (id, value) VALUES (1, 1);

CREATE TABLE IF NOT EXISTS realm (
	id INT UNSIGNED NOT NULL,
	name VARBINARY(32) NOT NULL,
	issuer VARBINARY(255) NOT NULL,
	vhost VARBINARY(255) NULL,
	display_name VARCHAR(255) NULL,
	profile VARBINARY(32) NOT NULL,
	settings MEDIUMTEXT NOT NULL,
	epoch BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	revision INT UNSIGNED NOT NULL DEFAULT 0,
	PRIMARY KEY (id),
	UNIQUE KEY realm_name (name),
	UNIQUE KEY realm_issuer (issuer)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS realm_scope (
	realm_id INT UNSIGNED NOT NULL,
	name VARBINARY(64) NOT NULL,
	description MEDIUMTEXT NULL,
	claims TEXT NULL,
	PRIMARY KEY (realm_id, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS realm_key (
	id BINARY(16) NOT NULL,
	realm_id INT UNSIGNED NOT NULL,
	kid VARBINARY(64) NOT NULL,
	kind VARBINARY(8) NOT NULL,
	alg VARBINARY(16) NOT NULL,
	state VARBINARY(16) NOT NULL,
	sealed BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY realm_key_kid (realm_id, kind, kid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS client (
	realm_id INT UNSIGNED NOT NULL,
	client_id VARBINARY(64) NOT NULL,
	metadata MEDIUMTEXT NOT NULL,
	enabled BOOLEAN NOT NULL,
	version BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (realm_id, client_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS client_secret (
	realm_id INT UNSIGNED NOT NULL,
	client_id VARBINARY(64) NOT NULL,
	id BINARY(16) NOT NULL,
	hash BINARY(32) NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (realm_id, client_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS account (
	id BINARY(16) NOT NULL,
	realm_id INT UNSIGNED NOT NULL,
	sub VARBINARY(255) NOT NULL,
	username VARBINARY(128) NOT NULL,
	password VARBINARY(255) NULL,
	auth_epoch BIGINT NOT NULL,
	disabled_at BIGINT NOT NULL,
	claims MEDIUMTEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	revision INT UNSIGNED NOT NULL DEFAULT 0,
	PRIMARY KEY (id),
	UNIQUE KEY account_username (realm_id, username),
	UNIQUE KEY account_sub (realm_id, sub)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS session (
	id BINARY(16) NOT NULL,
	realm_id INT UNSIGNED NOT NULL,
	account_id BINARY(16) NOT NULL,
	secret_hash BINARY(32) NOT NULL,
	auth_epoch BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	activated_at BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	address VARBINARY(45) NULL,
	user_agent VARBINARY(255) NULL,
	revision INT UNSIGNED NOT NULL DEFAULT 0,
	PRIMARY KEY (id),
	KEY session_account (realm_id, account_id),
	KEY session_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS session_fact (
	session_id BINARY(16) NOT NULL,
	factor TINYINT UNSIGNED NOT NULL,
	proven_at BIGINT NOT NULL,
	flow_id BINARY(16) NOT NULL,
	PRIMARY KEY (session_id, factor)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS completed_flow (
	flow_id BINARY(16) NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (flow_id),
	KEY completed_flow_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS auth_grant (
	id BINARY(16) NOT NULL,
	realm_id INT UNSIGNED NOT NULL,
	account_id BINARY(16) NOT NULL,
	client_id VARBINARY(64) NOT NULL,
	session_id BINARY(16) NOT NULL,
	offline BOOLEAN NOT NULL,
	auth_epoch BIGINT NOT NULL,
	scope VARBINARY(1024) NOT NULL,
	claims MEDIUMBLOB NULL,
	nonce VARBINARY(512) NULL,
	acr VARBINARY(255) NULL,
	amr VARBINARY(255) NULL,
	auth_time BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL,
	revoked_reason VARBINARY(32) NULL,
	code_hash BINARY(32) NOT NULL,
	code_expires_at BIGINT NOT NULL,
	code_consumed_at BIGINT NOT NULL,
	redirect_uri VARBINARY(2048) NULL,
	redirect_uri_sent BOOLEAN NOT NULL,
	code_challenge VARBINARY(128) NULL,
	refresh_generation BIGINT NOT NULL,
	refresh_rotated_at BIGINT NOT NULL,
	PRIMARY KEY (id),
	KEY grant_account (realm_id, account_id, client_id),
	KEY grant_client (realm_id, client_id),
	KEY grant_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS access_token (
	id BINARY(16) NOT NULL,
	realm_id INT UNSIGNED NOT NULL,
	grant_id BINARY(16) NOT NULL,
	hash BINARY(32) NOT NULL,
	scope VARBINARY(1024) NOT NULL,
	issued_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL,
	PRIMARY KEY (id),
	KEY access_token_grant (grant_id),
	KEY access_token_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS revoked_jti (
	jti BINARY(32) NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (jti),
	KEY revoked_jti_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS consent (
	realm_id INT UNSIGNED NOT NULL,
	account_id BINARY(16) NOT NULL,
	client_id VARBINARY(64) NOT NULL,
	scope VARBINARY(4096) NOT NULL,
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (realm_id, account_id, client_id),
	KEY consent_client (realm_id, client_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS audit (
	id BINARY(16) NOT NULL,
	realm_id INT UNSIGNED NOT NULL,
	at BIGINT NOT NULL,
	event VARBINARY(64) NOT NULL,
	actor VARBINARY(160) NOT NULL,
	account_id BINARY(16) NULL,
	session_id BINARY(16) NULL,
	client_id VARBINARY(64) NULL,
	address VARBINARY(45) NULL,
	detail VARBINARY(4096) NULL,
	PRIMARY KEY (id),
	KEY audit_age (realm_id, at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
