/* SPDX-License-Identifier: ISC */
/*
 * ostiary doctor: looks at everything that has to fit together and tells each finding with its
 * remedy.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "ctl/commands.h"
#include "ctl/doctor.h"

static const struct cli_option options[] = {
	{"--no-web", NULL, "Do not ask the web server."},
	{"--address", "ADDRESS",
	 "Ask the web server at this address, whatever the names lead to: before DNS is changed."},
	{"--etc", "PATH", "Where pam.d and security/faillock.conf are: /etc."},
	{"--ca", "FILE", "Believe this certificate authority (PEM) when asking the web server."},
};

static const char *const finding_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARNING] = "warning",
	[FINDING_ERROR] = "error",
};

void
doctor_find(struct doctor *doctor, enum finding finding, const char *about, const char *format, ...)
{
	struct cli *cli = doctor->cli;
	struct json_object *row = json_new_object(cli->arena);
	const char *text;
	va_list args;

	va_start(args, format);
	text = cli_clean(cli->arena, arena_vprintf(cli->arena, format, args));
	va_end(args);
	doctor->counts[finding]++;
	cli_say(cli, "%-8s %s: %s\n", finding_names[finding], about, text);
	json_add_text(row, "finding", finding_names[finding]);
	json_add_text(row, "about", about);
	json_add_text(row, "text", text);
	json_push(doctor->findings, row);
}

/* Every mistake of the file is a finding of its own. */
static bool
examine_conf(struct doctor *doctor)
{
	struct cli *cli = doctor->cli;
	struct strlist lines;
	struct buf why;

	buf_init(&why, cli->arena, CLI_OUTPUT_MAX);
	if (conf_load(cli->arena, cli_conf_path(cli), &doctor->conf, &why) == 0) {
		doctor_find(doctor, FINDING_OK, "configuration", "%s", cli_conf_path(cli));
		return true;
	}
	if (strlist_split(cli->arena, why.data, '\n', 1000, &lines) != 0)
		lines = (struct strlist){0};
	for (size_t i = 0; i < lines.count; i++)
		doctor_find(doctor, FINDING_ERROR, "configuration", "%s", lines.item[i]);
	return false;
}

static void
examine_realms(struct doctor *doctor)
{
	struct cli *cli = doctor->cli;

	if (cli_load_realms(cli) != CLI_OK) {
		doctor_find(doctor, FINDING_ERROR, "realms", "they cannot be read");
		return;
	}
	if (cli->realms.count == 0)
		doctor_find(doctor, FINDING_WARNING, "realms",
			    "there is none yet: `ostiary realm add main --issuer URL`");
	for (size_t i = 0; i < cli->realms.count; i++) {
		const struct realm *realm = &cli->realms.realm[i];

		if (cli->realm && !str_equal(cli->realm, realm->name))
			continue;
		doctor_keys(doctor, realm);
		doctor_sources(doctor, realm);
		doctor_faillock(doctor, realm);
		if (!cli_flag(cli, "--no-web"))
			doctor_web(doctor, realm);
	}
}

static void
examine(struct doctor *doctor)
{
	struct cli *cli = doctor->cli;

	if (!examine_conf(doctor))
		return;
	doctor_files(doctor);
	doctor_worker(doctor);
	doctor_outside(doctor);
	/* neither the realm nor the master key: both are looked at here */
	if (cli_open(cli, NEED_CONF | NEED_LATER) != CLI_OK) {
		doctor_find(doctor, FINDING_ERROR, "construction", "%s", cli->why.data);
		return;
	}
	if (doctor_database(doctor))
		examine_realms(doctor);
}

/* A slip here would go unnoticed where no name of a realm has TLS, or nothing answers. */
static enum cli_exit
check_ca(struct cli *cli)
{
	const char *path = cli_value(cli, "--ca");
	FILE *file;
	bool readable;
	int error;

	if (!path)
		return CLI_OK;
	errno = 0;
	file = fopen(path, "re");
	readable = file && fgetc(file) != EOF;
	error = errno;
	if (file)
		(void)fclose(file);
	return readable ? CLI_OK
			: cli_fail(cli, CLI_FAILED, "--ca %s: %s", path,
				   error ? strerror(error) : "it is empty");
}

static enum cli_exit
run(struct cli *cli)
{
	struct doctor doctor = {.cli = cli, .findings = json_new_array(cli->arena)};
	enum cli_exit code = check_ca(cli);

	if (code != CLI_OK)
		return code;
	examine(&doctor);
	cli_say(cli, "in order: %zu, warnings: %zu, errors: %zu\n", doctor.counts[FINDING_OK],
		doctor.counts[FINDING_WARNING], doctor.counts[FINDING_ERROR]);
	json_add(cli->doc, "findings", doctor.findings);
	json_add_int(cli->doc, "warnings", (int64_t)doctor.counts[FINDING_WARNING]);
	json_add_int(cli->doc, "errors", (int64_t)doctor.counts[FINDING_ERROR]);
	if (!doctor.counts[FINDING_ERROR])
		return CLI_OK;
	return cli_fail(cli, CLI_FAILED, "something has to be put right");
}

static const struct cli_command commands[] = {
	{.name = "doctor",
	 .arguments = "",
	 .help = "Examines configuration, files, database, keys and what the web server answers; "
		 "every finding comes with its remedy. Fails when there is an error.",
	 OPTIONS(options),
	 .run = run},
};

const struct cli_group group_doctor = {"doctor", "examine everything that has to fit together",
				       ROWS(commands)};
