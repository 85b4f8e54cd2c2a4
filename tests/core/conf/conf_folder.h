/* SPDX-License-Identifier: ISC */
/*
 * The folder that tests of the configuration file write in, with a good master key. Included by one
 * file of a test program, behind everything else.
 */
#ifndef OSTIARY_TESTS_CONF_FOLDER_H
#define OSTIARY_TESTS_CONF_FOLDER_H

#include <fcntl.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/conf/conf.h"
#include "tests/core/base/check.h"

#define WHY_MAX 16384

/* "@" in documents and messages stands for the test's folder. */
static char folder[] = "/tmp/ostiary-conf-XXXXXX";

static inline const char *
expand(struct arena *arena, const char *text)
{
	struct buf out;

	buf_init(&out, arena, WHY_MAX * 4);
	for (; *text != '\0'; text++) {
		if (*text == '@')
			buf_add_text(&out, folder);
		else
			buf_add_char(&out, *text);
	}
	return out.size == 0 ? "" : out.data;
}

static inline void
write_file(struct arena *arena, const char *name, const void *data, size_t size, mode_t mode)
{
	const char *path = expand(arena, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static inline int
load(struct arena *arena, const char *document, struct conf *conf, const char **why)
{
	const char *text = expand(arena, document);
	struct buf mistakes;
	int result;

	write_file(arena, "@/conf", text, strlen(text), 0644);
	buf_init(&mistakes, arena, WHY_MAX);
	result = conf_load(arena, expand(arena, "@/conf"), conf, &mistakes);
	*why = mistakes.size == 0 ? "" : mistakes.data;
	return result;
}

/* A master key that is right, for cases about something else. */
#define KEY "[keys]\nmaster_key_file = @/key\n"

static inline int
make_folder(void **state)
{
	struct arena *arena = arena_new(TEST_ARENA_CAP);

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	write_file(arena, "@/key", "k\n", 2, 0640);
	write_file(arena, "@/wide", "k\n", 2, 0644);
	write_file(arena, "@/writable", "k\n", 2, 0602);
	arena_free(arena);
	return 0;
}

static inline int
remove_folder(void **state)
{
	static const char *const names[] = {"key", "wide",  "writable", "conf",
					    "nul", "large", "secret"};
	struct arena *arena = arena_new(TEST_ARENA_CAP);

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlink(arena_printf(arena, "%s/%s", folder, names[i]));
	arena_free(arena);
	return rmdir(folder);
}

#endif
