/* SPDX-License-Identifier: ISC */
/*
 * What goes to the terminal: text or one JSON document on standard output, complaints on standard
 * error. Whatever came from outside has its control characters escaped, so that no display name can
 * move somebody's cursor.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "core/base/str.h"
#include "ctl/cli.h"

static const struct cli_exit_row exit_rows[] = {
	[CLI_OK] = {"ok", "All was done."},
	[CLI_FAILED] = {"failed", "What was asked for failed or was refused."},
	[CLI_USAGE] = {"usage", "The command line is wrong."},
	[CLI_NOT_FOUND] = {"not_found", "What the command is about does not exist."},
	[CLI_EXISTS] = {"exists", "It exists already."},
	[CLI_DOWN] = {"database_down", "The database does not answer."},
};

const struct cli_exit_row *
cli_exit_row(enum cli_exit code)
{
	return &exit_rows[code];
}

/* ---- cleaning ---- */

/* Bytes of the character at text when it may be shown as it is, else 0. */
static size_t
shown_size(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t size = c[0] < 0x80 ? 1 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

	if (c[0] < 0x20 || c[0] == 0x7f || strnlen(text, size) < size || !utf8_valid(text, size))
		return 0;
	return size == 2 && c[0] == 0xc2 && c[1] < 0xa0 ? 0 : size;
}

static void
add_clean(struct buf *buf, const char *text, bool lines)
{
	while (*text) {
		size_t size = lines && (*text == '\n' || *text == '\t') ? 1 : shown_size(text);

		if (size) {
			buf_add(buf, text, size);
			text += size;
		} else {
			buf_printf(buf, "\\x%02x", (unsigned)(unsigned char)*text++);
		}
	}
}

const char *
cli_clean(struct arena *arena, const char *text)
{
	struct buf buf;

	buf_init(&buf, arena, CLI_OUTPUT_MAX);
	add_clean(&buf, text, false);
	return buf.data;
}

/* ---- text ---- */

void
cli_say(struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli->json)
		return;
	va_start(args, format);
	add_clean(&cli->out, arena_vprintf(cli->arena, format, args), true);
	va_end(args);
}

void
cli_complain(struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_add_text(&cli->why, arena_vprintf(cli->arena, format, args));
	va_end(args);
	buf_add_char(&cli->why, '\n');
}

enum cli_exit
cli_verdict(enum manage_verdict verdict)
{
	static const enum cli_exit codes[] = {
		[MANAGE_OK] = CLI_OK,
		[MANAGE_REFUSED] = CLI_FAILED,
		[MANAGE_NOT_FOUND] = CLI_NOT_FOUND,
		[MANAGE_EXISTS] = CLI_EXISTS,
		[MANAGE_DOWN] = CLI_DOWN,
	};

	return codes[verdict];
}

void
cli_flush(struct cli *cli)
{
	(void)fwrite(cli->out.data, 1, cli->out.size, stdout);
	(void)fflush(stdout);
	buf_init(&cli->out, cli->arena, CLI_OUTPUT_MAX);
}

struct json_object *
cli_lines(struct cli *cli, const char *text)
{
	struct json_object *array = json_new_array(cli->arena);
	struct buf clean;
	struct strlist lines;

	buf_init(&clean, cli->arena, CLI_OUTPUT_MAX);
	add_clean(&clean, text, true);
	if (strlist_split(cli->arena, clean.data, '\n', SIZE_MAX, &lines) != 0)
		return array;
	for (size_t i = 0; i < lines.count; i++)
		json_push_text(array, lines.item[i]);
	return array;
}

static void
print_json(struct cli *cli, FILE *file, struct json_object *value)
{
	(void)fprintf(file, "%s\n", json_write(cli->arena, value, NULL));
}

static void
print_complaints(struct cli *cli)
{
	struct buf clean;
	const char *line;

	buf_init(&clean, cli->arena, CLI_OUTPUT_MAX);
	add_clean(&clean, cli->why.data, true);
	line = clean.data;
	while (*line) {
		size_t size = strcspn(line, "\n");

		(void)fprintf(stderr, "ostiary: %.*s\n", (int)size, line);
		line += size + (line[size] == '\n');
	}
}

static void
print_complaints_json(struct cli *cli, enum cli_exit code)
{
	struct json_object *error = json_new_object(cli->arena);
	struct json_object *document = json_new_object(cli->arena);

	json_add_text(error, "code", cli_exit_row(code)->name);
	json_add_int(error, "exit", code);
	json_add(error, "messages", cli_lines(cli, cli->why.data));
	json_add(document, "error", error);
	print_json(cli, stderr, document);
}

void
cli_finish(struct cli *cli, enum cli_exit code)
{
	bool said = json_object_object_length(cli->doc) > 0;

	if (!cli->json) {
		cli_flush(cli);
		print_complaints(cli);
		return;
	}
	if (code == CLI_OK && !said)
		json_add_bool(cli->doc, "ok", true);
	/* a failure has no result; doctor and import have both */
	if (code == CLI_OK || said)
		print_json(cli, stdout, cli->doc);
	if (code != CLI_OK)
		print_complaints_json(cli, code);
}

const char *
cli_time(struct arena *arena, int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm parts;

	if (seconds == 0 || !gmtime_r(&time, &parts))
		return "-";
	return arena_printf(arena, "%04d-%02d-%02d %02d:%02d:%02dZ", parts.tm_year + 1900,
			    parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
			    parts.tm_sec);
}

/* ---- alignment ---- */

/* Columns of a terminal that clean text takes. */
static size_t
width_of(const char *text)
{
	size_t width = 0;
	mbstate_t state = {0};

	while (*text) {
		wchar_t wide;
		size_t size = mbrtowc(&wide, text, MB_LEN_MAX, &state);
		int columns;

		if (size == 0 || size > MB_LEN_MAX)
			return width + strlen(text);
		columns = wcwidth(wide);
		width += columns > 0 ? (size_t)columns : 0;
		text += size;
	}
	return width;
}

static void
add_padded(struct buf *out, const char *text, size_t width)
{
	size_t used = width_of(text);

	buf_add_text(out, text);
	while (used++ < width)
		buf_add_char(out, ' ');
}

void
cli_pair(struct cli *cli, const char *name, const char *value)
{
	if (cli->json)
		return;
	add_padded(&cli->out, name, 30);
	buf_add_char(&cli->out, ' ');
	buf_add_text(&cli->out, cli_clean(cli->arena, value ? value : "-"));
	buf_add_char(&cli->out, '\n');
}

void
cli_table_start(struct cli_table *table, struct cli *cli, const char *const *heads, size_t columns,
		size_t capacity)
{
	*table = (struct cli_table){
		.cli = cli,
		.heads = heads,
		.columns = columns,
		.cells = arena_array(cli->arena, columns * capacity, sizeof(char *)),
		.capacity = capacity,
	};
}

void
cli_table_row(struct cli_table *table, const char *const *cells)
{
	if (table->rows == table->capacity)
		return;
	for (size_t i = 0; i < table->columns; i++)
		table->cells[table->rows * table->columns + i] =
			cli_clean(table->cli->arena, cells[i] ? cells[i] : "-");
	table->rows++;
}

static size_t
column_width(const struct cli_table *table, size_t column)
{
	size_t width = width_of(table->heads[column]);

	for (size_t row = 0; row < table->rows; row++) {
		size_t cell = width_of(table->cells[row * table->columns + column]);

		if (cell > width)
			width = cell;
	}
	return width;
}

static void
add_row(const struct cli_table *table, const char *const *cells, const size_t *widths)
{
	struct buf *out = &table->cli->out;

	for (size_t i = 0; i < table->columns; i++) {
		bool last = i + 1 == table->columns;

		add_padded(out, cells[i], last ? 0 : widths[i]);
		buf_add_text(out, last ? "\n" : "  ");
	}
}

void
cli_table_end(struct cli_table *table)
{
	size_t *widths;

	if (table->cli->json)
		return;
	widths = arena_array(table->cli->arena, table->columns, sizeof(*widths));
	for (size_t i = 0; i < table->columns; i++)
		widths[i] = column_width(table, i);
	add_row(table, table->heads, widths);
	for (size_t row = 0; row < table->rows; row++)
		add_row(table, &table->cells[row * table->columns], widths);
}
