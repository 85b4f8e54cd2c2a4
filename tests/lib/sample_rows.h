/* SPDX-License-Identifier: ISC */
/*
 * Rows for tests of storage: complete, valid and recognisable. A row's id is made of a number, so
 * that a test can name it again.
 */
#ifndef OSTIARY_TESTS_SAMPLE_ROWS_H
#define OSTIARY_TESTS_SAMPLE_ROWS_H

#include "core/model/audit.h"
#include "core/model/client.h"
#include "core/model/device.h"
#include "core/model/grant.h"
#include "core/model/key.h"
#include "core/model/pushed.h"
#include "core/model/realm.h"

#define SAMPLE_NOW   1800000000
#define SAMPLE_REALM 7

/* The id of a number; ids sort as their numbers do. */
void sample_id(uint32_t number, uint8_t id[ID_SIZE]);
/* A digest of a number. */
void sample_hash(uint32_t number, uint8_t hash[SHA256_SIZE]);

struct realm_row sample_realm(struct arena *arena, uint32_t id);
struct account sample_account(struct arena *arena, uint32_t number);
/* With one fact, active, of the account of the same number. */
struct session sample_session(uint32_t number);
/* Of the account and session of the same number, for the client "app", with an unused code. */
struct grant sample_grant(uint32_t number);
struct client_row sample_client(const char *client_id);
struct client_secret sample_secret(uint32_t number);
struct key_row sample_key(struct arena *arena, uint32_t number);
struct access_row sample_token(uint32_t number, uint32_t grant_number);
struct audit_row sample_audit(uint32_t number);
/* Its handle is good for a minute, its row for an hour more. */
struct pushed_request sample_pushed(uint32_t number);
/* Not yet polled or decided, good for a hundred seconds. */
struct device_request sample_device(struct arena *arena, uint32_t number);

#endif
