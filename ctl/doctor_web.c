/* SPDX-License-Identifier: ISC */
/*
 * What the web server answers for a realm's issuer, asked as anybody would: with the program curl,
 * so that this program needs no library for it and no way out of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/str.h"
#include "ctl/doctor.h"

#define ANSWER_MAX JSON_TEXT_MAX
#define CURL_PATH  "/usr/bin/curl"

bool
doctor_can_fetch(void)
{
	return access(CURL_PATH, X_OK) == 0;
}

/* The vector of copies that posix_spawn() wants, ended by NULL. */
static char **
vector_of(struct arena *arena, const char *const *words, size_t count)
{
	char **vector = arena_array(arena, count + 1, sizeof(*vector));

	for (size_t i = 0; i < count; i++)
		vector[i] = arena_strdup(arena, words[i]);
	return vector;
}

/* Starts curl with its output in a pipe. The pipe's end, or -1. */
static int
start_curl(struct arena *arena, const char *url, pid_t *child)
{
	/* -q: no configuration of whoever is at work; no redirects: the issuer is where it is */
	const char *const words[] = {
		"curl",           "-q",    "-sS",     "-f",          "--max-time", "10",
		"--max-filesize", "65536", "--proto", "=http,https", "--",         url,
	};
	static const char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
	char **argv = vector_of(arena, words, sizeof(words) / sizeof(words[0]));
	char **envp = vector_of(arena, environment, sizeof(environment) / sizeof(environment[0]));
	posix_spawn_file_actions_t actions;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	if (posix_spawn_file_actions_init(&actions) != 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	/* what curl complains about is the answer where there is no other */
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	error = posix_spawn(child, CURL_PATH, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (error == 0)
		return ends[0];
	close(ends[0]);
	return -1;
}

static void
read_to_end(int fd, struct buf *out)
{
	char piece[4096];
	ssize_t got;

	do {
		got = read(fd, piece, sizeof(piece));
		if (got > 0)
			buf_add(out, piece, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
}

char *
doctor_fetch(struct arena *arena, const char *url, const char **why)
{
	struct buf out;
	pid_t child;
	int status = -1;
	int fd = start_curl(arena, url, &child);

	*why = "curl cannot be started";
	if (fd < 0)
		return NULL;
	buf_init(&out, arena, ANSWER_MAX);
	read_to_end(fd, &out);
	close(fd);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (buf_failed(&out)) {
		*why = "the answer is too large";
		return NULL;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return out.data;
	out.data[strcspn(out.data, "\n")] = '\0';
	*why = out.data;
	return NULL;
}

/* ---- what came ---- */

static struct json_object *
fetch_object(struct doctor *doctor, const struct realm *realm, const char *url)
{
	struct arena *arena = doctor->cli->arena;
	const char *why = NULL;
	char *text = doctor_fetch(arena, url, &why);
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
}
