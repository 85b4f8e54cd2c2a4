/* SPDX-License-Identifier: ISC */
/*
 * Asks the web server as anybody would: with the program curl, so that this program needs no
 * library for it and no way out of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/num.h"
#include "core/base/str.h"
#include "ctl/doctor.h"

#define ANSWER_MAX JSON_TEXT_MAX
#define CURL_PATH  "/usr/bin/curl"
#define WORDS_MAX  24

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

struct words {
	const char *item[WORDS_MAX];
	size_t count;
};

static void
add_words(struct words *words, const char *option, const char *value)
{
	if (!value)
		return;
	words->item[words->count++] = option;
	words->item[words->count++] = value;
}

/* Starts curl with its output in a pipe. The pipe's end, or -1. */
static int
start_curl(const struct doctor *doctor, const struct doctor_ask *ask, pid_t *child)
{
	struct arena *arena = doctor->cli->arena;
	const char *address = cli_value(doctor->cli, "--address");
	/* -q: no configuration of whoever is at work; no redirects: the issuer is where it is */
	struct words words = {.item = {"curl", "-q", "-sS", "-i"}, .count = 4};
	static const char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
	char **argv;
	char **envp = vector_of(arena, environment, sizeof(environment) / sizeof(environment[0]));
	posix_spawn_file_actions_t actions;
	int ends[2], error;

	add_words(&words, "--max-time", "10");
	add_words(&words, "--max-filesize", "65536");
	add_words(&words, "--proto", "=http,https");
	add_words(&words, "--header", ask->header);
	add_words(&words, "--data-binary", ask->body);
	add_words(&words, "--cacert", cli_value(doctor->cli, "--ca"));
	if (address)
		add_words(&words, "--connect-to", arena_printf(arena, "::%s:", address));
	add_words(&words, "--", ask->url);
	argv = vector_of(arena, words.item, words.count);
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

/* The answer's parts. -1: it is none. */
static int
split_answer(struct arena *arena, char *text, struct doctor_answer *answer)
{
	char *end = strstr(text, "\r\n\r\n");
	const char *status = strchr(text, ' ');

	if (!str_starts(text, "HTTP/") || !end || !status)
		return -1;
	*end = '\0';
	answer->head = text;
	answer->body = end + 4;
	answer->status = 0;
	status = arena_printf(arena, "%.3s", status + 1);
	return num_parse_int64(status, 100, 599, &answer->status);
}

int
doctor_ask(struct doctor *doctor, const struct doctor_ask *ask, struct doctor_answer *answer)
{
	struct arena *arena = doctor->cli->arena;
	struct buf out;
	pid_t child;
	int status = -1;
	int fd = start_curl(doctor, ask, &child);

	*answer = (struct doctor_answer){.why = "curl cannot be started"};
	if (fd < 0)
		return -1;
	buf_init(&out, arena, ANSWER_MAX);
	read_to_end(fd, &out);
	close(fd);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	answer->why = "the answer is too large";
	if (buf_failed(&out))
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    split_answer(arena, out.data, answer) == 0)
		return 0;
	/* complaints stand behind what came */
	answer->why = strstr(out.data, "curl: ");
	if (!answer->why)
		answer->why = "no answer";
	answer->why = arena_printf(arena, "%.*s", (int)strcspn(answer->why, "\n"), answer->why);
	return -1;
}

char *
doctor_fetch(struct doctor *doctor, const char *url, const char **why)
{
	const struct doctor_ask ask = {.url = url};
	struct doctor_answer answer;

	*why = NULL;
	if (doctor_ask(doctor, &ask, &answer) == 0 && answer.status == 200)
		return answer.body;
	*why = answer.why;
	if (!*why || answer.status)
		*why = arena_printf(doctor->cli->arena, "status %lld", (long long)answer.status);
	return NULL;
}

const char *
doctor_header(struct arena *arena, const struct doctor_answer *answer, const char *name,
	      size_t index)
{
	const char *line = answer->head;

	while ((line = strstr(line, "\r\n"))) {
		size_t size = strlen(name);

		line += 2;
		if (strncasecmp(line, name, size) != 0 || line[size] != ':' || index-- > 0)
			continue;
		line += size + 1;
		line += strspn(line, " ");
		return arena_printf(arena, "%.*s", (int)strcspn(line, "\r"), line);
	}
	return NULL;
}
