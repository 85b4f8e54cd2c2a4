/* SPDX-License-Identifier: ISC */
/*
 * Each child leads a process group of its own, so that helpers of modules end with it. A process
 * number is used only until it was waited for; whatever is left of its group is killed just before.
 */
#include "pamd/child.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/bug.h"
#include "core/base/log.h"

#define CHILD_FD    3
#define CHILD_FILES 1024
#define NUMBER_SIZE 24

struct child {
	pid_t pid; /* 0: nobody */
	int64_t kill_at;
};

struct children {
	struct log *log;
	size_t max;
	struct child child[];
};

struct children *
children_new(size_t max, struct log *log)
{
	struct children *children = calloc(1, sizeof(*children) + max * sizeof(struct child));

	if (!children)
		bug("out of memory");
	children->log = log;
	children->max = max;
	return children;
}

static struct child *
find(struct children *children, pid_t pid)
{
	for (size_t i = 0; i < children->max; i++) {
		if (children->child[i].pid == pid)
			return &children->child[i];
	}
	return NULL;
}

/* ---- inside the child ---- */

static void
restore_signals(void)
{
	sigset_t none;

	/* modules wait for their own helpers and expect the defaults */
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
keep_one_descriptor(int fd)
{
	int nowhere;

	if (fd != CHILD_FD && dup3(fd, CHILD_FD, O_CLOEXEC) != CHILD_FD)
		return -1;
	if (close_range(CHILD_FD + 1, ~0U, 0) != 0)
		return -1;
	nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
		return -1;
	return close(nowhere);
}

/* Core files are out of the question already: that is inherited. */
static void
limit(int64_t cpu_seconds)
{
	const struct rlimit cpu = {(rlim_t)cpu_seconds, (rlim_t)cpu_seconds};
	/* some modules close every number that there may be */
	const struct rlimit files = {CHILD_FILES, CHILD_FILES};

	(void)setrlimit(RLIMIT_CPU, &cpu);
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static void __attribute__((noreturn)) become(const struct child_work *work, int fd, pid_t broker)
{
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* it may have ended before that was asked for */
	if (getppid() != broker || keep_one_descriptor(fd) != 0)
		_exit(EXIT_FAILURE);
	restore_signals();
	limit(work->cpu_seconds);
	work->forget(work->context);
	work->run(work->context, CHILD_FD);
	_exit(EXIT_SUCCESS);
}

/* ---- in the broker ---- */

int
children_start(struct children *children, const struct child_work *work, pid_t *pid)
{
	struct child *child = find(children, 0);
	pid_t broker = getpid();
	int pair[2];

	if (!child || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	*pid = fork();
	if (*pid == 0)
		become(work, pair[1], broker);
	close(pair[1]);
	if (*pid < 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) {
		close(pair[0]);
		return -1;
	}
	(void)setpgid(*pid, *pid); /* whoever is first */
	*child = (struct child){.pid = *pid, .kill_at = INT64_MAX};
	return pair[0];
}

void
children_kill(struct children *children, pid_t pid)
{
	/* what it started goes when it is buried */
	if (pid != 0 && find(children, pid))
		(void)kill(pid, SIGKILL);
}

void
children_kill_at(struct children *children, pid_t pid, int64_t time)
{
	struct child *child = pid == 0 ? NULL : find(children, pid);

	if (child)
		child->kill_at = time;
}

int64_t
children_tick(struct children *children, int64_t now)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < children->max; i++) {
		struct child *child = &children->child[i];

		if (child->pid == 0)
			continue;
		if (child->kill_at <= now) {
			children_kill(children, child->pid);
			child->kill_at = INT64_MAX;
		}
		if (child->kill_at < next)
			next = child->kill_at;
	}
	return next;
}

static void
tell_death(struct children *children, const siginfo_t *info)
{
	char pid[NUMBER_SIZE], number[NUMBER_SIZE];

	if (info->si_code == CLD_EXITED || info->si_status == SIGKILL)
		return;
	snprintf(pid, sizeof(pid), "%ld", (long)info->si_pid);
	snprintf(number, sizeof(number), "%d", info->si_status);
	log_event(children->log, LOG_LEVEL_ERROR, "module_crashed", "process", pid, "signal",
		  number, NULL);
}

/* Buries one. 0, or -1 when there is none. */
static int
bury(struct children *children, int options)
{
	siginfo_t info = {0};
	struct child *child;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | options) != 0 || info.si_pid == 0)
		return -1;
	(void)kill(-info.si_pid, SIGKILL); /* what it started */
	(void)waitpid(info.si_pid, NULL, 0);
	child = find(children, info.si_pid);
	if (child)
		child->pid = 0;
	tell_death(children, &info);
	return 0;
}

void
children_reap(struct children *children)
{
	while (bury(children, WNOHANG) == 0)
		;
}

void
children_free(struct children *children)
{
	for (size_t i = 0; i < children->max; i++)
		children_kill(children, children->child[i].pid);
	while (bury(children, 0) == 0)
		;
	free(children);
}
