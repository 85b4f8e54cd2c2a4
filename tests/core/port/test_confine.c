/* SPDX-License-Identifier: ISC */
/*
 * What must fail after confinement, tried in a child each: the call is not carried out, the child
 * ends with CONFINE_EXIT, and its log names the call. What must work is tried beside it.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/log.h"
#include "core/port/confine.h"

#define WORKER      0
#define DONE        0
#define UNDONE      3 /* the call came back with an error of its own */
#define CANNOT      4 /* the list could not be put in force */
#define OUTPUT_MAX  4096
#define PAGE        4096
#define EVERYTHING  (CONFINE_NETWORK | CONFINE_SPAWNS | CONFINE_LOG_FILE | CONFINE_SERVES)
#define LOG_OPENING (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW)

extern char **environ;

static struct log *child_log;

static void
on_refused(int signal_number, siginfo_t *info, void *context)
{
	(void)signal_number;
	(void)context;
	confine_refused(child_log, info);
}

/* ---- what is tried; 0 or more when it was done ---- */

static int
try_execve(void)
{
	char *const argument[] = {(char *)(uintptr_t) "/bin/true", NULL};

	return execve(argument[0], argument, environ);
}

static int
try_execveat(void)
{
	char *const argument[] = {(char *)(uintptr_t) "/bin/true", NULL};

	return (int)syscall(SYS_execveat, AT_FDCWD, argument[0], argument, environ, 0);
}

static int
try_spawn(void)
{
	char *const argument[] = {(char *)(uintptr_t) "/bin/true", NULL};
	int status;
	pid_t child;

	if (posix_spawn(&child, argument[0], NULL, NULL, argument, environ) != 0 ||
	    waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int
try_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child > 0 && waitpid(child, NULL, 0) == child ? 0 : -1;
}

static int
try_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int
try_other_memory(void)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {environ, 1};

	return (int)process_vm_readv(getppid(), &local, 1, &remote, 1, 0);
}

static int
try_kill(void)
{
	return kill(getppid(), SIGURG); /* which nobody minds */
}

static int
try_is_there(void)
{
	return kill(getppid(), 0);
}

static int
try_tgkill_other(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int
try_tgkill_own(void)
{
	return (int)syscall(SYS_tgkill, getpid(), gettid(), 0);
}

static int
try_inet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
try_inet6(void)
{
	return socket(AF_INET6, SOCK_DGRAM, 0);
}

static int
try_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static int
try_unix(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET, 0);
}

static int
try_write_file(void)
{
	return open("/dev/null", O_WRONLY);
}

static int
try_read_write_file(void)
{
	return open("/dev/null", O_RDWR);
}

static int
try_truncate_file(void)
{
	return open("/dev/null", O_RDONLY | O_TRUNC);
}

static int
try_create_file(void)
{
	return open("/dev/null", O_RDONLY | O_CREAT, 0600);
}

static int
try_nameless_file(void)
{
	return open("/tmp", O_TMPFILE | O_WRONLY, 0600);
}

static int
try_log_file(void)
{
	return open("/dev/null", LOG_OPENING, 0640);
}

static int
try_read_file(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int
try_unlink(void)
{
	return unlink("/nonexistent/file") != 0 ? 0 : -1;
}

static int
try_chmod(void)
{
	return chmod("/dev/null", 0666);
}

static int
try_new_handler(void)
{
	return signal(SIGSYS, SIG_IGN) == SIG_ERR ? -1 : 0;
}

static int
try_handler(void)
{
	return signal(SIGUSR2, SIG_IGN) == SIG_ERR ? -1 : 0;
}

static int
try_writable_code(void)
{
	return mmap(NULL, PAGE, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? -1
		       : 0;
}

static int
try_code_of_data(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? -1 : mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

static int
try_code_of_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	return mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0;
}

static int
try_terminal(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "x");
}

static int
try_prctl(void)
{
	return prctl(PR_SET_DUMPABLE, 1);
}

static int
try_ask_capabilities(void)
{
	return prctl(PR_CAPBSET_READ, 0);
}

static int
try_limit(void)
{
	const struct rlimit limit = {PAGE, PAGE};

	return setrlimit(RLIMIT_CORE, &limit);
}

static int
try_ask_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0 ? -1 : 0;
}

static int
try_setuid(void)
{
	return setuid(getuid());
}

static int
try_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int
try_mount(void)
{
	return (int)syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static int
try_bpf(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int
try_keys(void)
{
	return (int)syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static void *
nothing(void *argument)
{
	return argument;
}

static int
try_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, nothing, NULL) != 0 ? -1 : pthread_join(thread, NULL);
}

static int
try_allocate(void)
{
	void *block = malloc((size_t)64 << 20);

	memset(block, 1, PAGE);
	block = realloc(block, (size_t)128 << 20);
	free(block);
	return block ? 0 : -1;
}

static int
try_listen(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int
try_no_debugger(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[OUTPUT_MAX];
	bool privileges = false;

	while (file && fgets(line, sizeof(line), file))
		privileges |= strcmp(line, "NoNewPrivs:\t1\n") == 0;
	if (file)
		fclose(file);
	return privileges ? 0 : -1;
}

/* ---- */

static const struct {
	const char *name;
	int (*try)(void);
	unsigned needs;
	const char *refused; /* the call that the log names; NULL: it works; "": it ends silently */
} cases[] = {
	{"another program", try_execve, WORKER, "execve"},
	{"another program, by descriptor", try_execveat, WORKER, "execveat"},
	{"another program, by descriptor, where one may be started", try_execveat, EVERYTHING,
	 "execveat"},
	{"another program from the helper that goes out", try_execve,
	 CONFINE_NETWORK | CONFINE_SERVES, "execve"},
	/* posix_spawn() blocks all signals, so the kernel ends the child itself */
	{"a program is started", try_spawn, WORKER, ""},
	{"a program is started where it may be", try_spawn, CONFINE_SPAWNS, NULL},
	{"a copy of the process", try_fork, WORKER, "clone"},
	{"a copy of the process where programs are started", try_fork, EVERYTHING, "clone"},
	{"a debugger", try_ptrace, WORKER, "ptrace"},
	{"a debugger, with all needs", try_ptrace, EVERYTHING, "ptrace"},
	{"memory of others", try_other_memory, EVERYTHING, "process_vm_readv"},
	{"a signal to others", try_kill, WORKER, "kill"},
	{"whether another is there", try_is_there, WORKER, NULL},
	{"a signal to a thread of others", try_tgkill_other, WORKER, "tgkill"},
	{"a signal to itself", try_tgkill_own, WORKER, NULL},
	{"a way out", try_inet, WORKER, "socket"},
	{"a way out, version 6", try_inet6, WORKER, "socket"},
	{"a way out where it is needed", try_inet, CONFINE_NETWORK, NULL},
	{"a way out where it is needed, version 6", try_inet6, CONFINE_NETWORK, NULL},
	{"raw packets", try_packet, EVERYTHING, "socket"},
	{"a socket of this host", try_unix, WORKER, NULL},
	{"a file to write", try_write_file, WORKER, "openat"},
	{"a file to read and write", try_read_write_file, EVERYTHING, "openat"},
	{"a file cut short", try_truncate_file, EVERYTHING, "openat"},
	{"a new file", try_create_file, EVERYTHING, "openat"},
	{"a file without a name", try_nameless_file, EVERYTHING, "openat"},
	{"the log file where there is none", try_log_file, WORKER, "openat"},
	{"the log file", try_log_file, CONFINE_LOG_FILE, NULL},
	{"a file to read", try_read_file, WORKER, NULL},
	{"a file removed", try_unlink, WORKER, "unlink"},
	{"its socket removed", try_unlink, CONFINE_SERVES, NULL},
	{"rights of a file", try_chmod, EVERYTHING, "chmod"},
	{"the handler of refusals", try_new_handler, WORKER, "rt_sigaction"},
	{"another handler", try_handler, WORKER, NULL},
	{"memory that is written and run", try_writable_code, EVERYTHING, "mmap"},
	{"data that becomes code", try_code_of_data, EVERYTHING, "mprotect"},
	{"code of a file", try_code_of_file, WORKER, NULL},
	{"keys into a terminal", try_terminal, EVERYTHING, "ioctl"},
	{"dumps again", try_prctl, WORKER, "prctl"},
	{"dumps again where names are looked up", try_prctl, CONFINE_NETWORK, "prctl"},
	{"what there are of capabilities", try_ask_capabilities, CONFINE_NETWORK, NULL},
	{"a limit raised", try_limit, WORKER, "prlimit64"},
	{"core files are none", try_ask_limit, WORKER, NULL},
	{"another user", try_setuid, EVERYTHING, "setuid"},
	{"a namespace", try_namespace, EVERYTHING, "unshare"},
	{"a mount", try_mount, EVERYTHING, "mount"},
	{"a program in the kernel", try_bpf, EVERYTHING, "bpf"},
	{"keys of the kernel", try_keys, EVERYTHING, "keyctl"},
	{"a thread", try_thread, WORKER, NULL},
	{"memory", try_allocate, WORKER, NULL},
	{"a pair of sockets", try_listen, WORKER, "socketpair"},
	{"a pair of sockets for the loop", try_listen, CONFINE_SERVES, NULL},
	{"no new privileges", try_no_debugger, WORKER, NULL},
};

static void
child(size_t row)
{
	const char *why;
	int done;

	child_log = log_open("stderr", "test", LOG_LEVEL_INFO);
	confine_process();
	if (prctl(PR_GET_DUMPABLE) != 0 || confine_calls(cases[row].needs, on_refused, &why) != 0)
		_exit(CANNOT);
	done = cases[row].try();
	_exit(done >= 0 ? DONE : UNDONE);
}

/* What the child wrote, and how it ended. */
static int
run(size_t row, char *output)
{
	size_t size = 0;
	ssize_t got;
	int channel[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(channel), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(channel[1], STDERR_FILENO);
		(void)close(channel[0]);
		child(row);
	}
	(void)close(channel[1]);
	while (size < OUTPUT_MAX - 1 &&
	       (got = read(channel[0], output + size, OUTPUT_MAX - 1 - size)) > 0)
		size += (size_t)got;
	output[size] = '\0';
	(void)close(channel[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
test_calls(void **state)
{
	(void)state;
	if (!confine_is_built()) {
		print_message("left out: this build keeps its calls\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int expected = cases[i].refused ? CONFINE_EXIT : DONE;
		char output[OUTPUT_MAX];
		char event[OUTPUT_MAX];
		int status = run(i, output);

		(void)snprintf(event, sizeof(event), " error event=call_refused call=%s remedy=",
			       cases[i].refused ? cases[i].refused : "");
		if (status != expected)
			fail_msg("%s: %d, not %d: %s", cases[i].name, status, expected, output);
		if (cases[i].refused && cases[i].refused[0] && !strstr(output, event))
			fail_msg("%s: the log has %s", cases[i].name, output);
		if ((!cases[i].refused || !cases[i].refused[0]) && output[0] != '\0')
			fail_msg("%s: %s", cases[i].name, output);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
