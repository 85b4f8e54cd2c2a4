/* SPDX-License-Identifier: ISC */
/*
 * A grant with what it depends on, as it is read beside itself and beside an access token: one list
 * of columns, one list of joins, all by primary key.
 */
#ifndef OSTIARY_SQL_GRANT_ROWS_H
#define OSTIARY_SQL_GRANT_ROWS_H

#include "core/model/grant.h"
#include "sql/rows.h"

struct grant_record {
	struct grant_state state; /* but for its account */
	struct account_record record;
};

#define GRANT_COLUMNS                                                                              \
	"g.id, g.realm_id, g.client_id, g.account_id, g.session_id, g.offline, g.auth_epoch,"      \
	" g.scope, g.claims, g.nonce, g.acr, g.amr, g.auth_time, g.created_at, g.expires_at,"      \
	" g.revoked_at, g.code_hash, g.code_expires_at, g.code_consumed_at, g.redirect_uri,"       \
	" g.redirect_uri_sent, g.code_challenge, g.refresh_generation, g.refresh_rotated_at,"      \
	" g.resources"

/* client_enabled, session_ended_at and session_expires_at: NULL, so 0, when the row is gone */
#define GRANT_STATE_COLUMNS                                                                        \
	GRANT_COLUMNS ", c.enabled, s.ended_at, s.expires_at, s.last_seen_at, j.jti IS NOT "       \
		      "NULL, " ACCOUNT_COLUMNS

/* Behind "auth_grant AS g"; its parameter is a jti or NULL. */
#define GRANT_STATE_JOINS                                                                          \
	" LEFT JOIN account AS a ON a.id = g.account_id"                                           \
	" LEFT JOIN client AS c ON c.realm_id = g.realm_id AND c.client_id = g.client_id"          \
	" LEFT JOIN session AS s ON s.id = g.session_id"                                           \
	" LEFT JOIN revoked_jti AS j ON j.jti = ?"

#define GRANT_STATE_OUTS(type, member)                                                             \
	{SQL_OUT_ID, offsetof(type, member.state.grant.id), 0},                                    \
		{SQL_OUT_U32, offsetof(type, member.state.grant.realm_id), 0},                     \
		{SQL_OUT_TEXT, offsetof(type, member.state.grant.client_id), 0},                   \
		{SQL_OUT_ID, offsetof(type, member.state.grant.account_id), 0},                    \
		{SQL_OUT_ID, offsetof(type, member.state.grant.session_id), 0},                    \
		{SQL_OUT_BOOL, offsetof(type, member.state.grant.offline), 0},                     \
		{SQL_OUT_INT, offsetof(type, member.state.grant.auth_epoch), 0},                   \
		{SQL_OUT_TEXT, offsetof(type, member.state.grant.scope), 0},                       \
		{SQL_OUT_TEXT, offsetof(type, member.state.grant.claims), 0},                      \
		{SQL_OUT_TEXT, offsetof(type, member.state.grant.nonce), 0},                       \
		{SQL_OUT_TEXT, offsetof(type, member.state.grant.acr), 0},                         \
		{SQL_OUT_TEXT, offsetof(type, member.state.grant.amr), 0},                         \
		{SQL_OUT_INT, offsetof(type, member.state.grant.auth_time), 0},                    \
		{SQL_OUT_INT, offsetof(type, member.state.grant.created_at), 0},                   \
		{SQL_OUT_INT, offsetof(type, member.state.grant.expires_at), 0},                   \
		{SQL_OUT_INT, offsetof(type, member.state.grant.revoked_at), 0},                   \
		{SQL_OUT_HASH, offsetof(type, member.state.grant.code_hash), 0},                   \
		{SQL_OUT_INT, offsetof(type, member.state.grant.code_expires_at), 0},              \
		{SQL_OUT_INT, offsetof(type, member.state.grant.code_consumed_at), 0},             \
		{SQL_OUT_TEXT, offsetof(type, member.state.grant.redirect_uri), 0},                \
		{SQL_OUT_BOOL, offsetof(type, member.state.grant.redirect_uri_sent), 0},           \
		{SQL_OUT_TEXT, offsetof(type, member.state.grant.code_challenge), 0},              \
		{SQL_OUT_INT, offsetof(type, member.state.grant.refresh_generation), 0},           \
		{SQL_OUT_INT, offsetof(type, member.state.grant.refresh_rotated_at), 0},           \
		{SQL_OUT_TEXT, offsetof(type, member.state.grant.resources), 0},                   \
		{SQL_OUT_BOOL, offsetof(type, member.state.client_enabled), 0},                    \
		{SQL_OUT_INT, offsetof(type, member.state.session_ended_at), 0},                   \
		{SQL_OUT_INT, offsetof(type, member.state.session_expires_at), 0},                 \
		{SQL_OUT_INT, offsetof(type, member.state.session_last_seen_at), 0},               \
		{SQL_OUT_BOOL, offsetof(type, member.state.jti_revoked), 0},                       \
		ACCOUNT_OUTS(type, member.record)

/* The state as it is handed over: the account's claims stay text. STORE_NONE when the account is
 * gone. */
enum store_verdict grant_from_record(const struct grant_record *record, struct grant_state *state);

#endif
