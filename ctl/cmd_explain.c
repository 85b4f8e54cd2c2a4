/* SPDX-License-Identifier: ISC */
/*
 * ostiary explain: what happened in a request that failed, by the id that its page or answer
 * showed. Records are lines "ID key=value …" as the log writes them: a value with blanks is quoted
 * and has backslash escapes.
 */
#include <string.h>

#include "core/base/shared.h"
#include "core/base/str.h"
#include "ctl/commands.h"

/* One value at *text; *text moves behind it. */
static const char *
take_value(struct arena *arena, const char **text)
{
	struct buf value;
	const char *c = *text;
	bool quoted = *c == '"';

	buf_init(&value, arena, CLI_OUTPUT_MAX);
	c += quoted;
	while (*c && *c != (quoted ? '"' : ' ')) {
		if (quoted && *c == '\\' && (c[1] == '"' || c[1] == '\\'))
			c++;
		buf_add_char(&value, *c++);
	}
	*text = *c == '"' && quoted ? c + 1 : c;
	return value.data;
}

static void
show_pairs(struct cli *cli, const char *text)
{
	while (*text) {
		size_t size;
		const char *name, *value;

		text += strspn(text, " ");
		size = strcspn(text, "= ");
		if (size == 0)
			break;
		name = cli_clean(cli->arena, arena_copy(cli->arena, text, size));
		text += size;
		if (*text == '=') {
			text++;
			value = take_value(cli->arena, &text);
		} else {
			value = "";
		}
		cli_pair(cli, name, value);
		json_add_text(cli->doc, name, cli_clean(cli->arena, value));
	}
}

static bool
id_fits(const char *id)
{
	return *id && strlen(id) < REQUEST_ID_MAX && str_printable(id) && !strchr(id, ' ');
}

static enum cli_exit
run(struct cli *cli)
{
	const char *id = cli_arg(cli, 0);
	const char *prefix = arena_printf(cli->arena, "%s ", id);
	const char *record;

	if (!id_fits(id))
		return cli_fail(cli, CLI_USAGE, "explain: the id as the page or answer shows it");
	if (!cli->provider.ring)
		return cli_fail(cli, CLI_FAILED, "no failures are kept: %s cannot be opened",
				cli->provider.conf->state_dir);
	record = ring_find(cli->provider.ring, cli->arena, prefix);
	if (!record)
		return cli_fail(cli, CLI_NOT_FOUND,
				"no failure %s on this host; ids begin with the host's name, and "
				"the newest %d failures of a host are kept",
				id, RING_SLOTS);
	cli_pair(cli, "id", id);
	json_add_text(cli->doc, "id", id);
	show_pairs(cli, record + strlen(prefix));
	return CLI_OK;
}

static const struct cli_command commands[] = {
	{.name = "explain",
	 .arguments = "ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Tells what happened in a failed request and which setting decided it. The id is "
		 "on the page or in the answer; it begins with the name of the host to ask on.",
	 .needs = NEED_CONF | NEED_RING,
	 .run = run},
};

const struct cli_group group_explain = {"explain", "what happened in a failed request",
					ROWS(commands)};
