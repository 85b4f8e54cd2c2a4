/* SPDX-License-Identifier: ISC */
/*
 * What the web server answers for a realm's issuer: discovery and keys. How the requests of others
 * come through is looked at in doctor_mount.c.
 */
#include <string.h>

#include "core/base/str.h"
#include "ctl/doctor.h"

static struct json_object *
fetch_object(struct doctor *doctor, const struct realm *realm, const char *url)
{
	struct arena *arena = doctor->cli->arena;
	const char *why = NULL;
	char *text = doctor_fetch(doctor, url, &why);
	struct json_object *object =
		text ? json_parse_object(arena, text, strlen(text), &why) : NULL;

	if (!object)
		doctor_find(
			doctor, FINDING_ERROR, "web server",
			"realm %s: %s: %s; is the web server running, and Ostiary mounted there?",
			realm->name, url, why);
	return object;
}

static bool
published(struct json_object *keys, const char *kid)
{
	for (size_t i = 0; i < json_object_array_length(keys); i++)
		if (str_equal(json_text_or_null(json_object_array_get_idx(keys, i), "kid"), kid))
			return true;
	return false;
}

static void
check_published(struct doctor *doctor, const struct realm *realm, struct json_object *keys)
{
	struct tx *tx = &doctor->cli->tx;
	struct key_list list = {0};
	size_t missing = 0;

	if (key_list(tx->store, tx->arena, realm->id, &list) == STORE_DOWN)
		return;
	for (size_t i = 0; i < list.count; i++) {
		const struct key_row *row = &list.row[i];
		bool wanted = str_equal(row->kind, "sig") &&
			      (str_equal(row->state, "next") || str_equal(row->state, "active") ||
			       str_equal(row->state, "retired"));

		if (wanted == published(keys, row->kid))
			continue;
		missing++;
		doctor_find(doctor, FINDING_ERROR, "web server",
			    "realm %s: key %s is %s and %s published: another database, or a cache "
			    "between?",
			    realm->name, row->kid, row->state, wanted ? "not" : "still");
	}
	if (!missing)
		doctor_find(doctor, FINDING_OK, "web server",
			    "realm %s: the published keys are those of the database", realm->name);
}

static void
check_keys(struct doctor *doctor, const struct realm *realm, const char *url)
{
	struct json_object *object, *keys;

	if (!url) {
		doctor_find(doctor, FINDING_ERROR, "web server", "realm %s: no jwks_uri",
			    realm->name);
		return;
	}
	object = fetch_object(doctor, realm, url);
	if (!object)
		return;
	if (json_get_array(object, "keys", &keys) == JSON_FOUND)
		check_published(doctor, realm, keys);
	else
		doctor_find(doctor, FINDING_ERROR, "web server", "realm %s: %s is no key set",
			    realm->name, url);
}

void
doctor_web(struct doctor *doctor, const struct realm *realm)
{
	const char *url = arena_printf(doctor->cli->arena, "%s/.well-known/openid-configuration",
				       realm->issuer);
	struct json_object *object;
	const char *issuer;

	if (!doctor_can_fetch()) {
		doctor_find(doctor, FINDING_WARNING, "web server",
			    "left out: the program curl is not installed");
		return;
	}
	object = fetch_object(doctor, realm, url);
	if (!object)
		return;
	issuer = json_text_or_null(object, "issuer");
	if (!str_equal(issuer, realm->issuer)) {
		doctor_find(
			doctor, FINDING_ERROR, "web server",
			"realm %s: discovery says issuer %s, not %s: another realm answers there",
			realm->name, issuer ? issuer : "nothing", realm->issuer);
		return;
	}
	doctor_find(doctor, FINDING_OK, "web server", "realm %s: %s answers", realm->name,
		    realm->issuer);
	check_keys(doctor, realm, json_text_or_null(object, "jwks_uri"));
	doctor_mount(doctor, realm);
}
