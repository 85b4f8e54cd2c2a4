/* SPDX-License-Identifier: ISC */
/*
 * ostiary explain: what happened in a request that failed, by the id that its page or answer
 * showed. A record is the id on a line, then lines "name=value", the last of them perhaps
 * cut.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/num.h"
#include "core/base/shared.h"
#include "core/base/str.h"
#include "ctl/commands.h"
#include "fcgi/boot.h"

/* A time among the members is for people, too. */
static const char *
shown(struct cli *cli, const char *name, const char *value)
{
	int64_t seconds;

	if (str_equal(name, "time") && num_parse_int64(value, 0, INT32_MAX * 64LL, &seconds) == 0)
		return cli_time(cli->arena, seconds);
	return value;
}

static void
show_line(struct cli *cli, const char *line, size_t size)
{
	const char *equals = memchr(line, '=', size);
	const char *name, *value;

	if (!equals)
		return;
	name = cli_clean(cli->arena, arena_copy(cli->arena, line, (size_t)(equals - line)));
	value = cli_clean(cli->arena,
			  arena_copy(cli->arena, equals + 1, size - (size_t)(equals - line) - 1));
	cli_pair(cli, name, shown(cli, name, value));
	json_add_text(cli->doc, name, value);
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
	const char *prefix = arena_printf(cli->arena, "%s\n", id);
	const char *record, *path;
	struct ring *ring;

	if (!id_fits(id))
		return cli_fail(cli, CLI_USAGE, "explain: the id as the page or answer shows it");
	path = arena_printf(cli->arena, "%s/" BOOT_RING_FILE, cli->provider.conf->state_dir);
	/* never made here: it has to belong to the user that the workers run as */
	ring = access(path, F_OK) == 0 ? ring_open(path) : NULL;
	if (!ring && errno != ENOENT)
		return cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	record = ring ? ring_find(ring, cli->arena, prefix) : NULL;
	if (ring)
		ring_close(ring);
	if (!record)
		return cli_fail(cli, CLI_NOT_FOUND,
				"no failure %s on this host; ids begin with the host's name, and "
				"the newest %d failures of a host are kept",
				id, RING_SLOTS);
	cli_pair(cli, "id", id);
	json_add_text(cli->doc, "id", id);
	for (const char *line = record + strlen(prefix); *line;) {
		size_t size = strcspn(line, "\n");

		show_line(cli, line, size);
		line += size + (line[size] == '\n');
	}
	return CLI_OK;
}

static const struct cli_command commands[] = {
	{.name = "explain",
	 .arguments = "ID",
	 .arguments_min = 1,
	 .arguments_max = 1,
	 .help = "Tells what happened in a failed request and which setting decided it. The id is "
		 "on the page or in the answer; it begins with the name of the host to ask on.",
	 .needs = NEED_CONF | NEED_LATER,
	 .run = run},
};

const struct cli_group group_explain = {"explain", "what happened in a failed request",
					ROWS(commands)};
