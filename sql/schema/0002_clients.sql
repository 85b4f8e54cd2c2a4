-- SPDX-License-Identifier: ISC
-- Clients that authenticate in every way, register themselves and use every flow: pushed and device
-- requests, resource servers, trusted issuers, fetched documents. The version before works on this
-- schema too: every new column has a default.

-- A client identifier may be the URL of a metadata document.
ALTER TABLE client
	MODIFY COLUMN client_id VARBINARY(255) NOT NULL,
	ADD COLUMN IF NOT EXISTS source VARBINARY(16) NOT NULL DEFAULT 'admin',
	ADD COLUMN IF NOT EXISTS registration_hash BINARY(32) NULL;

ALTER TABLE client_secret
	MODIFY COLUMN client_id VARBINARY(255) NOT NULL,
	ADD COLUMN IF NOT EXISTS sealed BLOB NULL,
	ADD COLUMN IF NOT EXISTS last_used_at BIGINT NOT NULL DEFAULT 0;

-- account_id of zeros: the client itself is the subject.
ALTER TABLE auth_grant
	MODIFY COLUMN client_id VARBINARY(255) NOT NULL,
	ADD COLUMN IF NOT EXISTS resources VARBINARY(4096) NULL;

-- Scopes of resource servers are remembered with their identifiers.
ALTER TABLE consent
	MODIFY COLUMN client_id VARBINARY(255) NOT NULL,
	MODIFY COLUMN scope MEDIUMBLOB NOT NULL;

ALTER TABLE audit
	MODIFY COLUMN client_id VARBINARY(255) NULL;

-- client_id NULL: the grant's. audience NULL: the issuer. extra: further claims as JSON.
ALTER TABLE access_token
	ADD COLUMN IF NOT EXISTS client_id VARBINARY(255) NULL,
	ADD COLUMN IF NOT EXISTS audience VARBINARY(4096) NULL,
	ADD COLUMN IF NOT EXISTS extra MEDIUMTEXT NULL;

-- What must be seen once: the digest of purpose, realm, issuer and jti.
CREATE TABLE IF NOT EXISTS replay (
	hash BINARY(32) NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (hash),
	KEY replay_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS fetched (
	url_hash BINARY(32) NOT NULL,
	url VARBINARY(2048) NOT NULL,
	body MEDIUMBLOB NULL,
	type VARBINARY(128) NULL,
	fetched_at BIGINT NOT NULL,
	fresh_until BIGINT NOT NULL,
	tried_at BIGINT NOT NULL,
	claimed_until BIGINT NOT NULL,
	failure VARBINARY(255) NULL,
	PRIMARY KEY (url_hash),
	KEY fetched_age (tried_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS resource_server (
	realm_id INT UNSIGNED NOT NULL,
	identifier VARBINARY(255) NOT NULL,
	display_name VARCHAR(255) NULL,
	scopes MEDIUMTEXT NOT NULL,
	settings MEDIUMTEXT NOT NULL,
	introspection_clients TEXT NULL,
	PRIMARY KEY (realm_id, identifier)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS trusted_issuer (
	realm_id INT UNSIGNED NOT NULL,
	issuer VARBINARY(255) NOT NULL,
	purposes VARBINARY(128) NOT NULL,
	jwks MEDIUMTEXT NULL,
	jwks_uri VARBINARY(2048) NULL,
	algs VARBINARY(128) NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (realm_id, issuer)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS account_link (
	realm_id INT UNSIGNED NOT NULL,
	issuer VARBINARY(255) NOT NULL,
	sub VARBINARY(255) NOT NULL,
	account_id BINARY(16) NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (realm_id, issuer, sub),
	KEY account_link_account (account_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- usable_until: of the request_uri; the row outlives it by as long as a sign-in may take.
CREATE TABLE IF NOT EXISTS pushed_request (
	id BINARY(16) NOT NULL,
	realm_id INT UNSIGNED NOT NULL,
	client_id VARBINARY(255) NOT NULL,
	hash BINARY(32) NOT NULL,
	request MEDIUMBLOB NOT NULL,
	created_at BIGINT NOT NULL,
	usable_until BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	consumed_at BIGINT NOT NULL,
	PRIMARY KEY (id),
	KEY pushed_request_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- decided_at without grant_id: denied. The grant's code is the device code.
CREATE TABLE IF NOT EXISTS device_request (
	id BINARY(16) NOT NULL,
	realm_id INT UNSIGNED NOT NULL,
	client_id VARBINARY(255) NOT NULL,
	hash BINARY(32) NOT NULL,
	user_code VARBINARY(16) NOT NULL,
	scope VARBINARY(1024) NOT NULL,
	resources VARBINARY(4096) NULL,
	address VARBINARY(45) NULL,
	user_agent VARBINARY(255) NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	poll_interval INT UNSIGNED NOT NULL,
	polled_at BIGINT NOT NULL,
	decided_at BIGINT NOT NULL,
	grant_id BINARY(16) NULL,
	PRIMARY KEY (id),
	UNIQUE KEY device_request_user_code (realm_id, user_code),
	KEY device_request_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- A token that lets somebody register clients.
CREATE TABLE IF NOT EXISTS initial_token (
	id BINARY(16) NOT NULL,
	realm_id INT UNSIGNED NOT NULL,
	hash BINARY(32) NOT NULL,
	note VARCHAR(255) NULL,
	uses_left BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (id),
	KEY initial_token_realm (realm_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
