/* SPDX-License-Identifier: ISC */
/*
 * The tables of settings and of client metadata as Markdown, made from those by which the program
 * reads them.
 */
#include "ctl/reference_tables.h"

#include "core/base/buf.h"
#include "core/manage/manage_realm.h"
#include "core/model/client.h"
#include "core/model/setting.h"

void
reference_settings(struct buf *out)
{
	size_t count;
	const struct manage_realm_field *fields = manage_realm_fields(&count);
	const struct setting *settings;

	buf_add_text(out, "# Settings of a realm\n\n"
			  "Made by `make docs` from the table that the program itself works by.\n\n"
			  "`ostiary realm set NAME=VALUE` changes them, `ostiary realm show` shows "
			  "them. Durations are\n"
			  "numbers with s, m, h or d. Where the third column says yes, a client "
			  "may have a value of its\n"
			  "own: `ostiary client edit ID --set NAME=VALUE`.\n\n"
			  "| setting | default | of a client too | meaning |\n"
			  "|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "| `%s` | | no | %s |\n", fields[i].name, fields[i].help);
	settings = settings_table(&count);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "| `%s` | %s | %s | %s |\n", settings[i].name, settings[i].fallback,
			   settings[i].client_may ? "yes" : "no", settings[i].help);
}

static void
add_choices(struct buf *out, const char *const *choices)
{
	for (size_t i = 0; choices && choices[i]; i++)
		buf_printf(out, "%s`%s`", i ? " " : "", choices[i]);
}

void
reference_metadata(struct buf *out)
{
	size_t count;
	const struct metadata_field *fields = client_metadata_table(&count);

	buf_add_text(
		out,
		"# Client metadata\n\n"
		"Made by `make docs` from the table that the program itself works by. The names "
		"are those of RFC\n"
		"7591 and of OpenID Connect Dynamic Client Registration where they have one.\n\n"
		"An administrator sets every member, with `ostiary client add` or `ostiary client "
		"edit ID` and\n"
		"`--set NAME=VALUE`. *Anybody* means that clients may also say it themselves, when "
		"they register\n"
		"([`/register`](endpoints.md#register)) or in their metadata document; what is "
		"the\n"
		"administrator's alone is passed over there. A client may also say\n"
		"`id_token_signed_response_alg`, a setting ([settings](settings.md)). Members with "
		"languages may\n"
		"stand there once more for each, with a tag behind: `client_name#de`.\n\n"
		"| member | who may set it | languages | values | meaning |\n"
		"|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "| `%s` | %s | %s | ", fields[i].name,
			   fields[i].flags & META_BY_ADMIN ? "administrator" : "anybody",
			   fields[i].flags & META_LOCALISED ? "yes" : "no");
		add_choices(out, fields[i].choices);
		buf_printf(out, " | %s |\n", fields[i].help);
	}
}
