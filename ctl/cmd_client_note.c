/* SPDX-License-Identifier: ISC */
/*
 * Notes of ostiary client: what is allowed and may be a slip all the same.
 */
#include <stdarg.h>

#include "core/base/str.h"
#include "core/manage/manage_client.h"
#include "core/model/issuer.h"
#include "core/model/resource.h"
#include "ctl/commands.h"

void
client_note(struct cli *cli, const char *format, ...)
{
	struct json_object *notes;
	const char *text;
	va_list args;

	va_start(args, format);
	text = arena_vprintf(cli->arena, format, args);
	va_end(args);

	if (json_get_array(cli->doc, "notes", &notes) != JSON_FOUND) {
		notes = json_new_array(cli->arena);
		json_add(cli->doc, "notes", notes);
	}
	cli_complain(cli, "%s", text);
	json_push_text(notes, text);
}

void
client_lack_note(struct cli *cli, const char *client_id)
{
	const struct client *client;
	const char *lack = NULL;

	if (manage_client_find(&cli->tx, client_id, &client, &cli->why) == MANAGE_OK)
		lack = manage_client_lack(&cli->tx, client);
	if (lack)
		client_note(cli, "note: %s", lack);
}

static bool
scope_is_known(const struct realm *realm, const char *scope)
{
	bool known = realm_scope(realm, scope) != NULL;

	for (size_t i = 0; i < realm->resources_count; i++)
		known |= resource_scope(&realm->resources[i], scope) != NULL;
	return known;
}

/* Who is named for token exchange. */
static void
note_parties(struct cli *cli, const struct client *client)
{
	const struct realm *realm = cli->tx.realm;

	for (size_t i = 0; i < client->exchange_clients.count; i++) {
		const char *id = client->exchange_clients.item[i];
		const struct client *other;

		if (client_find(cli->tx.store, cli->arena, realm->id, &realm->settings, id, -1,
				&other) == STORE_NONE)
			client_note(cli, "note: realm %s has no client %s", realm->name, id);
	}
	for (size_t i = 0; i < client->exchange_issuers.count; i++) {
		const char *name = client->exchange_issuers.item[i];
		struct issuer row;

		if (issuer_find(cli->tx.store, cli->arena, realm->id, name, &row) == STORE_NONE)
			client_note(cli, "note: realm %s has no trusted issuer %s", realm->name,
				    name);
	}
}

/* What nobody knows yet is allowed, as it may come later; but it may be a slip too. */
void
client_unknown_note(struct cli *cli, const char *client_id)
{
	const struct realm *realm = cli->tx.realm;
	const struct client *client;
	struct strlist resources;

	if (manage_client_find(&cli->tx, client_id, &client, &cli->why) != MANAGE_OK)
		return;
	for (size_t i = 0; i < client->scopes.count; i++)
		if (!scope_is_known(realm, client->scopes.item[i]))
			client_note(cli,
				    "note: neither realm %s nor a resource server of it has "
				    "the scope %s",
				    realm->name, client->scopes.item[i]);
	resources = client->resources;
	if (client->default_resource)
		resources = strlist_with(cli->arena, &resources, client->default_resource);
	for (size_t i = 0; i < resources.count; i++)
		if (!realm_resource(realm, resources.item[i]) &&
		    !str_equal(realm->issuer, resources.item[i]))
			client_note(cli, "note: realm %s has no resource server %s", realm->name,
				    resources.item[i]);
	note_parties(cli, client);
}
