/* SPDX-License-Identifier: ISC */
/*
 * The verbs for realms. A realm's row is read, changed as a whole and written with its record; keys
 * are made before the transaction, because an RSA key takes longer than a lock should be held.
 */
#include "core/manage/manage_realm.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/manage/manage_key.h"
#include "core/model/profile.h"

struct realm_change {
	struct realm_row row;  /* as it shall be */
	struct realm_row seen; /* as it was read */
	struct manage_keys keys;
	bool overtaken; /* somebody else changed it in between */
};

const char *
manage_settings_text(struct arena *arena, const struct settings *settings)
{
	struct json_object *document = json_new_object(arena);
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		const char *value = setting_format(arena, &table[i], settings);
		struct settings usual;

		settings_default(&usual);
		if (!str_equal(value, setting_format(arena, &table[i], &usual)))
			json_add_text(document, table[i].name, value);
	}
	return json_write(arena, document, NULL);
}

/* ---- fields ---- */

static const struct manage_realm_field fields[] = {
	{"issuer", offsetof(struct realm_row, issuer),
	 "The issuer URL; changing it voids what clients know of the realm."},
	{"vhost", offsetof(struct realm_row, vhost),
	 "Value of the FastCGI parameter OSTIARY_VHOST that alone reaches the realm; empty: none."},
	{"display_name", offsetof(struct realm_row, display_name),
	 "The name that people read on the pages."},
	{"profile", offsetof(struct realm_row, profile),
	 "The policy profile that every client of the realm has to meet."},
};

const struct manage_realm_field *
manage_realm_fields(size_t *count)
{
	*count = sizeof(fields) / sizeof(fields[0]);
	return fields;
}

static const struct manage_realm_field *
field_find(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (str_equal(fields[i].name, name))
			return &fields[i];
	return NULL;
}

static void
check_vhost(const char *vhost, struct buf *why)
{
	if (!vhost || (*vhost && str_printable(vhost) && strlen(vhost) <= REALM_VHOST_MAX &&
		       !strchr(vhost, ' ')))
		return;
	(void)manage_say(why, MANAGE_REFUSED, "vhost: up to %d printable characters without blanks",
			 REALM_VHOST_MAX);
}

/* Everything but the settings. */
static enum manage_verdict
check_row(struct tx *tx, const struct realm_row *row, struct buf *why)
{
	size_t before = why->size;
	const char *mistake;

	if (realm_issuer_check(tx->arena, row->issuer, tx->provider->conf->allow_http_loopback,
			       &mistake) != 0)
		(void)manage_say(why, MANAGE_REFUSED, "issuer %s: %s",
				 row->issuer ? row->issuer : "", mistake);
	check_vhost(row->vhost, why);
	if (!manage_text_fits(row->display_name, REALM_DISPLAY_NAME_MAX) || !*row->display_name)
		(void)manage_say(why, MANAGE_REFUSED,
				 "display_name: 1 to %d bytes of text without control characters",
				 REALM_DISPLAY_NAME_MAX);
	if (!profile_find(row->profile))
		(void)manage_say(why, MANAGE_REFUSED, "profile %s: no such profile", row->profile);
	return why->size == before ? MANAGE_OK : MANAGE_REFUSED;
}

/* Who else has the name or the issuer: a unique key tells that somebody has, not who. */
static enum manage_verdict
check_taken(struct tx *tx, const struct realm_row *row, struct buf *why)
{
	struct realm_list list;
	enum store_verdict stored = realm_load(tx->store, tx->arena, &list);

	if (stored != STORE_OK)
		return manage_down(why);
	for (size_t i = 0; i < list.count; i++) {
		const struct realm *other = &list.realm[i];

		if (other->id == row->id)
			continue;
		if (str_equal(other->name, row->name))
			return manage_say(why, MANAGE_EXISTS, "realm %s exists already", row->name);
		if (str_equal(other->issuer, row->issuer))
			return manage_say(why, MANAGE_EXISTS, "issuer %s belongs to realm %s",
					  row->issuer, other->name);
	}
	if (list.count >= REALMS_MAX)
		return manage_say(why, MANAGE_REFUSED, "there are %d realms, no more are possible",
				  REALMS_MAX);
	return MANAGE_OK;
}

static enum manage_verdict
outcome(enum store_verdict stored, const char *name, struct buf *why)
{
	switch (stored) {
	case STORE_OK:
		return MANAGE_OK;
	case STORE_NONE:
		return manage_say(why, MANAGE_NOT_FOUND, "realm %s is gone", name);
	case STORE_CONFLICT:
		return manage_say(why, MANAGE_EXISTS, "the name or issuer of realm %s is taken",
				  name);
	case STORE_DOWN:
		break;
	}
	return manage_down(why);
}

/* ---- add ---- */

/* Never one that was used before: the record names realms by number. */
static uint32_t
fresh_number(struct tx *tx)
{
	uint32_t number = 0;

	while (number == 0) {
		rand_fill(tx->provider->random, &number, sizeof(number));
		number &= INT32_MAX;
	}
	return number;
}

static enum store_verdict
apply_add(struct tx *tx, void *context)
{
	const struct realm_change *change = context;
	enum store_verdict verdict = realm_insert(tx->store, &change->row, tx->now);

	return verdict == STORE_OK ? manage_key_store(tx, &change->keys) : verdict;
}

enum manage_verdict
manage_realm_add(struct tx *tx, const struct manage_realm_new *new, struct buf *why)
{
	struct realm realm = {.id = fresh_number(tx), .name = new->name};
	struct realm_change change = {
		.row = {.id = realm.id,
			.name = new->name,
			.issuer = new->issuer,
			.vhost = new->vhost,
			.display_name = new->display_name ? new->display_name : new->name,
			.profile = new->profile ? new->profile : PROFILE_REALM_DEFAULT,
			.settings = "{}"},
	};
	enum manage_verdict verdict;

	if (realm_name_check(new->name) != 0)
		return manage_say(why, MANAGE_REFUSED,
				  "realm name %s: a letter, then a-z 0-9 and -, at most %d in all",
				  new->name, REALM_NAME_MAX);
	verdict = check_row(tx, &change.row, why);
	if (verdict == MANAGE_OK)
		verdict = check_taken(tx, &change.row, why);
	if (verdict != MANAGE_OK)
		return verdict;
	settings_default(&realm.settings);
	verdict = manage_key_prepare(tx, &realm, NULL, &realm.settings, &change.keys, why);
	if (verdict != MANAGE_OK)
		return verdict;
	tx->realm = &realm;
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_add,
		.context = &change,
		.event = "realm_added",
		.about = {.detail = new->name},
	});

	tx->realm = NULL;
	return outcome(stored, new->name, why);
}

/* ---- set ---- */

static void
set_field(struct realm_row *row, const struct manage_realm_field *field, const char *value)
{
	const char **member = (const char **)(void *)((char *)row + field->offset);

	*member = *value ? value : NULL;
}

static void
set_setting(struct tx *tx, const struct setting *setting, const char *value,
	    struct settings *settings, struct buf *why)
{
	const char *mistake;

	if (setting_parse(tx->arena, setting, *value ? value : setting->fallback, settings,
			  &mistake) != 0)
		(void)manage_say(why, MANAGE_REFUSED, "%s=%s: %s", setting->name, value, mistake);
}

/* The names changed, for the record; values may be long and are in the realm's row. */
static const char *
names_of(struct tx *tx, const struct manage_pair *pairs, size_t count)
{
	struct buf names;

	buf_init(&names, tx->arena, 200);
	for (size_t i = 0; i < count; i++)
		buf_printf(&names, "%s%s", i ? " " : "", pairs[i].name);
	return names.data;
}

static void
set_pairs(struct tx *tx, const struct manage_pair *pairs, size_t count, struct realm_row *row,
	  struct settings *settings, struct buf *why)
{
	for (size_t i = 0; i < count; i++) {
		const struct manage_realm_field *field = field_find(pairs[i].name);
		const struct setting *setting = setting_find(pairs[i].name);

		if (field)
			set_field(row, field, pairs[i].value);
		else if (setting)
			set_setting(tx, setting, pairs[i].value, settings, why);
		else
			(void)manage_say(why, MANAGE_REFUSED,
					 "%s: no such setting; `ostiary realm show` lists them",
					 pairs[i].name);
	}
}

static bool
same_row(const struct realm_row *a, const struct realm_row *b)
{
	return a->id == b->id && a->epoch == b->epoch && str_equal(a->issuer, b->issuer) &&
	       str_equal(a->vhost, b->vhost) && str_equal(a->display_name, b->display_name) &&
	       str_equal(a->profile, b->profile) && str_equal(a->settings, b->settings);
}

enum store_verdict
manage_realm_lock(struct tx *tx, const char *name, struct realm_row *row)
{
	/* every change of a realm moves the generation, so its row is their common lock */
	enum store_verdict verdict = generation_bump(tx->store);

	return verdict == STORE_OK ? realm_row_find(tx->store, tx->arena, name, row) : verdict;
}

static enum store_verdict
apply_update(struct tx *tx, void *context)
{
	struct realm_change *change = context;
	struct realm_row now;
	enum store_verdict verdict = manage_realm_lock(tx, change->seen.name, &now);

	if (verdict != STORE_OK)
		return verdict;
	change->overtaken = !same_row(&now, &change->seen);
	if (change->overtaken)
		return STORE_NONE;
	verdict = realm_update(tx->store, &change->row);
	return verdict == STORE_OK ? manage_key_store(tx, &change->keys) : verdict;
}

/* The settings of the row itself: the tx's realm may have been read before it. */
static enum manage_verdict
read_settings(struct tx *tx, const struct realm_row *row, struct settings *settings,
	      struct buf *why)
{
	const char *mistake = NULL;
	struct json_object *document =
		json_parse_object(tx->arena, row->settings, strlen(row->settings), &mistake);

	settings_default(settings);
	if (document && settings_apply(tx->arena, document, false, settings, &mistake) == 0)
		return MANAGE_OK;
	return manage_say(why, MANAGE_REFUSED, "realm %s: the stored settings are bad: %s",
			  row->name, mistake);
}

static enum manage_verdict
update_outcome(enum store_verdict stored, const struct realm_change *change, struct buf *why)
{
	if (change->overtaken && stored == STORE_NONE)
		return manage_say(why, MANAGE_REFUSED,
				  "realm %s was changed by somebody else meanwhile; look again",
				  change->seen.name);
	return outcome(stored, change->seen.name, why);
}

enum manage_verdict
manage_realm_set(struct tx *tx, const struct manage_pair *pairs, size_t count, struct buf *why)
{
	struct settings settings;
	struct realm_change change = {0};
	size_t before = why->size;
	enum manage_verdict verdict;
	enum store_verdict stored =
		realm_row_find(tx->store, tx->arena, tx->realm->name, &change.row);

	if (stored != STORE_OK)
		return outcome(stored, tx->realm->name, why);
	change.seen = change.row;
	if (read_settings(tx, &change.row, &settings, why) != MANAGE_OK)
		return MANAGE_REFUSED;
	set_pairs(tx, pairs, count, &change.row, &settings, why);
	if (!change.row.display_name)
		change.row.display_name = tx->realm->name;
	if (!change.row.profile)
		change.row.profile = PROFILE_REALM_DEFAULT;
	if (check_row(tx, &change.row, why) != MANAGE_OK || why->size != before)
		return MANAGE_REFUSED;
	verdict = check_taken(tx, &change.row, why);
	if (verdict == MANAGE_OK)
		verdict = manage_key_prepare_missing(tx, &settings, &change.keys, why);
	if (verdict != MANAGE_OK)
		return verdict;
	change.row.settings = manage_settings_text(tx->arena, &settings);
	stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_update,
		.context = &change,
		.event = "realm_changed",
		.about = {.detail = names_of(tx, pairs, count)},
	});
	return update_outcome(stored, &change, why);
}

/* ---- epoch, remove ---- */

static enum store_verdict
apply_epoch(struct tx *tx, void *context)
{
	struct realm_row row;
	enum store_verdict verdict = manage_realm_lock(tx, tx->realm->name, &row);

	(void)context;
	if (verdict != STORE_OK)
		return verdict;
	/* what was made in this very second ends as well */
	row.epoch = tx->now + 1;
	return realm_update(tx->store, &row);
}

enum manage_verdict
manage_realm_epoch(struct tx *tx, struct buf *why)
{
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_epoch,
		.event = "realm_epoch",
		.about = {0},
	});

	return outcome(stored, tx->realm->name, why);
}

static enum store_verdict
apply_remove(struct tx *tx, void *context)
{
	const uint32_t *id = context;

	return realm_remove(tx->store, *id);
}

enum manage_verdict
manage_realm_remove(struct tx *tx, struct buf *why)
{
	const struct realm *realm = tx->realm;
	uint32_t id = realm->id;

	/* the realm's own record goes with it, so this row belongs to the host */
	tx->realm = NULL;
	enum store_verdict stored = manage_commit(&(struct manage_change){
		.tx = tx,
		.apply = apply_remove,
		.context = &id,
		.event = "realm_removed",
		.about = {.detail = realm->name},
	});

	return outcome(stored, realm->name, why);
}
