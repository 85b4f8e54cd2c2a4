/* SPDX-License-Identifier: ISC */
/*
 * Realms: making one with its first keys, changing what it is and its settings, moving its epoch,
 * removing it.
 */
#ifndef OSTIARY_MANAGE_REALM_H
#define OSTIARY_MANAGE_REALM_H

#include "core/manage/manage.h"

#define REALM_DISPLAY_NAME_MAX 200
#define REALM_VHOST_MAX        64

/* Absent members are NULL and take their defaults. */
struct manage_realm_new {
	const char *name, *issuer, *vhost, *display_name, *profile;
};

/* Makes the realm with active RS256 and ES256 keys and a MAC key. */
enum manage_verdict manage_realm_add(struct tx *tx, const struct manage_realm_new *realm,
				     struct buf *why);

/* What a realm is, beside its settings: "issuer", "vhost", "display_name", "profile". */
struct manage_realm_field {
	const char *name;
	size_t offset; /* in struct realm_row */
	const char *help;
};
const struct manage_realm_field *manage_realm_fields(size_t *count);

struct manage_pair {
	const char *name, *value;
};

/*
 * Sets fields and settings of tx->realm; all or none. An empty value takes the default again. Makes
 * sure that the algorithms named have an active key.
 */
enum manage_verdict manage_realm_set(struct tx *tx, const struct manage_pair *pairs, size_t count,
				     struct buf *why);

/* Sessions and grants of tx->realm made until now are void. */
enum manage_verdict manage_realm_epoch(struct tx *tx, struct buf *why);

/* Removes tx->realm and everything in it; tx->realm is NULL afterwards. */
enum manage_verdict manage_realm_remove(struct tx *tx, struct buf *why);

/*
 * The row of a realm, and no other change of any realm until the open transaction ends: for changes
 * that write the row back as a whole.
 */
enum store_verdict manage_realm_lock(struct tx *tx, const char *name, struct realm_row *row);

/* Only what differs from the defaults, as JSON text in the arena: how settings are stored. */
const char *manage_settings_text(struct arena *arena, const struct settings *settings);

#endif
