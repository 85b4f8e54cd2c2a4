-- SPDX-License-Identifier: ISC
-- People from elsewhere: the sources of a realm, and which of them an account came from. The
-- version before works on this schema too: every new column has a default.

-- Where a realm's people come from, in an order. kind: local, table, service.
CREATE TABLE IF NOT EXISTS signin_source (
	realm_id INT UNSIGNED NOT NULL,
	name VARBINARY(32) NOT NULL,
	kind VARBINARY(16) NOT NULL,
	position INT NOT NULL,
	options MEDIUMTEXT NOT NULL,
	PRIMARY KEY (realm_id, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- source_key: what never changes about the person there ("name:uid", an entryUUID); NULL for the
-- realm's own. checked_at: when the source last said that the person is there. away: why it says
-- that the person is not ('gone', 'locked'); sessions and grants have ended then. own_claims: what
-- an administrator said of a person from elsewhere, part of claims too; NULL: nothing.
ALTER TABLE account
	ADD COLUMN IF NOT EXISTS source VARBINARY(32) NOT NULL DEFAULT 'local',
	ADD COLUMN IF NOT EXISTS source_key VARBINARY(255) NULL,
	ADD COLUMN IF NOT EXISTS checked_at BIGINT NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS away VARBINARY(16) NULL,
	ADD COLUMN IF NOT EXISTS own_claims MEDIUMTEXT NULL,
	ADD UNIQUE KEY IF NOT EXISTS account_source (realm_id, source, source_key),
	ADD KEY IF NOT EXISTS account_checked (source, checked_at);

-- What a proof is worth, as the source said when it was made.
ALTER TABLE session_fact
	ADD COLUMN IF NOT EXISTS amr VARBINARY(64) NULL,
	ADD COLUMN IF NOT EXISTS acr VARBINARY(128) NULL;

-- A scope that only people of these groups get; blanks between.
ALTER TABLE realm_scope
	ADD COLUMN IF NOT EXISTS required_groups VARBINARY(1024) NULL;

-- When a document that was fetched goes; 0: a month after the last try, as those of the version
-- before do.
ALTER TABLE fetched
	ADD COLUMN IF NOT EXISTS forget_at BIGINT NOT NULL DEFAULT 0,
	ADD KEY IF NOT EXISTS fetched_forget (forget_at);
