/* SPDX-License-Identifier: ISC */
/*
 * The list of system calls, one row each with its reason. The answer to all others is SIGSYS and
 * not an error number: a library that is told EPERM where nobody tests for it goes on in a state
 * that its authors never saw, and code that an attacker brought would try the next call. The
 * handler cannot be exchanged any more, so the first refused call is the last.
 *
 * Calls that differ between machines stand here under all their names; libseccomp leaves out what a
 * machine does not have.
 */
#include "core/port/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/bug.h"
#include "core/base/log.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_OFF
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(CONFINE_OFF)
#define CONFINE_OFF
#endif

#define LAST_WORD_S 2 /* seconds to write the line about a refused call */
#define NUMBER_TEXT 16

/* What one argument of a call must be. */
struct condition {
	enum { NO_CONDITION, EQUAL, OTHER, MASKED, OWN_PID } kind;
	unsigned argument; /* counted from 0 */
	uint64_t value;
	uint64_t mask; /* MASKED: the bits that are compared */
};

struct call {
	const char *name;
	unsigned needs; /* 0: everybody; else any of these */
	struct condition when;
	const char *why;
};

#define ALL     0
#define NET     CONFINE_NETWORK
#define SPAWN   CONFINE_SPAWNS
#define SERVE   CONFINE_SERVES
#define LOGFILE CONFINE_LOG_FILE

#define ANY                                                                                        \
	{                                                                                          \
		NO_CONDITION, 0, 0, 0                                                              \
	}
#define IS(argument, number)                                                                       \
	{                                                                                          \
		EQUAL, (argument)-1, (uint64_t)(number), 0                                         \
	}
#define NOT(argument, number)                                                                      \
	{                                                                                          \
		OTHER, (argument)-1, (uint64_t)(number), 0                                         \
	}
#define BITS(argument, mask, number)                                                               \
	{                                                                                          \
		MASKED, (argument)-1, (uint64_t)(number), (uint64_t)(mask)                         \
	}
#define US(argument)                                                                               \
	{                                                                                          \
		OWN_PID, (argument)-1, 0, 0                                                        \
	}

/* What makes openat() more than reading what is there. */
#define O_CHANGES (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

/* clang-format off */
static const struct call calls[] = {
	/* memory: nothing is ever writable and executable */
	{"brk", ALL, ANY, "the heap"},
	{"mmap", ALL, BITS(3, PROT_EXEC, 0), "large blocks, stacks, files"},
	{"mmap2", ALL, BITS(3, PROT_EXEC, 0), "mmap where addresses have 32 bits"},
	{"mmap", ALL, BITS(3, PROT_EXEC | PROT_WRITE, PROT_EXEC), "plugins of libmariadb, modules of NSS"},
	{"mmap2", ALL, BITS(3, PROT_EXEC | PROT_WRITE, PROT_EXEC), "mmap where addresses have 32 bits"},
	{"mprotect", ALL, BITS(3, PROT_EXEC, 0), "heaps of threads, relocations of a plugin"},
	{"munmap", ALL, ANY, "giving blocks back"},
	{"mremap", ALL, ANY, "realloc of large blocks"},
	{"madvise", ALL, ANY, "giving pages back"},

	/* files: reading, and writing what is open already */
	{"openat", ALL, BITS(3, O_CHANGES, O_RDONLY), "certificates, hosts, plugins"},
	{"open", ALL, BITS(2, O_CHANGES, O_RDONLY), "openat of older libraries"},
	{"openat", LOGFILE, IS(3, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW),
	 "the log file after a rotation, see core/base/log.c"},
	{"read", ALL, ANY, "requests, answers of the database"},
	{"readv", ALL, ANY, "the same in pieces"},
	{"pread64", ALL, ANY, "the ring of failures"},
	{"write", ALL, ANY, "answers, log lines"},
	{"writev", ALL, ANY, "the same in pieces"},
	{"pwrite64", ALL, ANY, "the ring of failures"},
	{"close", ALL, ANY, "connections"},
	{"fstat", ALL, ANY, "sizes"},
	{"fstat64", ALL, ANY, "fstat on 32 bits"},
	{"newfstatat", ALL, ANY, "stat: whether resolv.conf has changed"},
	{"fstatat64", ALL, ANY, "stat on 32 bits"},
	{"stat", ALL, ANY, "stat of older libraries"},
	{"statx", ALL, ANY, "stat of newer libraries"},
	{"lseek", ALL, ANY, "stdio"},
	{"_llseek", ALL, ANY, "lseek on 32 bits"},
	{"access", ALL, ANY, "whether there is an nscd"},
	{"faccessat", ALL, ANY, "access of other machines"},
	{"faccessat2", ALL, ANY, "access of newer libraries"},
	{"readlink", ALL, ANY, "where a plugin lies"},
	{"readlinkat", ALL, ANY, "readlink of other machines"},
	{"fcntl", ALL, ANY, "blocking or not"},
	{"fcntl64", ALL, ANY, "fcntl on 32 bits"},
	{"flock", ALL, ANY, "the ring of failures"},
	{"dup", ALL, ANY, "standard input of --once"},
	{"ioctl", ALL, IS(2, TCGETS), "stdio asks whether it writes to a terminal"},
	{"ioctl", ALL, IS(2, FIONBIO), "blocking or not"},
	{"ioctl", ALL, IS(2, FIONREAD), "the resolver looks how much there is"},

	/* sockets: of this host alone unless it needs the network */
	{"socket", ALL, IS(1, AF_UNIX), "database, ostiary-fetch, ostiary-pamd, syslog"},
	{"socket", NET, IS(1, AF_INET), "database or servers over TCP, names over UDP"},
	{"socket", NET, IS(1, AF_INET6), "the same"},
	{"socket", NET, IS(1, AF_NETLINK), "getaddrinfo asks for the addresses of this host"},
	{"bind", NET, ANY, "netlink; ports of the resolver"},
	{"sendmmsg", NET, ANY, "the resolver asks for A and AAAA at once"},
	{"prctl", NET, IS(1, PR_CAPBSET_READ), "modules of NSS that systemd brings"},
	{"connect", ALL, ANY, "what socket() allowed"},
	{"accept", ALL, ANY, "requests"},
	{"accept4", ALL, ANY, "requests"},
	{"shutdown", ALL, ANY, "the end of an answer"},
	{"getsockopt", ALL, ANY, "who asks, whether it is connected"},
	{"setsockopt", ALL, ANY, "time limits"},
	{"getsockname", ALL, ANY, "kind of a socket"},
	{"getpeername", ALL, ANY, "kind of a socket"},
	{"sendto", ALL, ANY, "database, syslog"},
	{"recvfrom", ALL, ANY, "database"},
	{"sendmsg", ALL, ANY, "packets"},
	{"recvmsg", ALL, ANY, "packets"},
	{"poll", ALL, ANY, "waiting with a limit"},
	{"ppoll", ALL, ANY, "waiting with a limit"},
	{"select", ALL, ANY, "waiting with a limit"},
	{"pselect6", ALL, ANY, "waiting with a limit"},
	{"socketpair", SERVE | SPAWN, ANY, "libcurl wakes its loop; the program that is started"},
	{"eventfd2", SERVE | SPAWN, ANY, "libcurl wakes its loop"},
	{"pipe2", SERVE | SPAWN, ANY, "libcurl wakes its loop"},
	{"epoll_create1", ALL, ANY, "who of the workers is woken"},
	{"epoll_ctl", ALL, ANY, "who of the workers is woken"},
	{"epoll_wait", ALL, ANY, "who of the workers is woken"},
	{"epoll_pwait", ALL, ANY, "who of the workers is woken"},
	{"unlink", SERVE, ANY, "its own socket at the end"},
	{"unlinkat", SERVE, ANY, "unlink of other machines"},

	/* time */
	{"clock_gettime", ALL, ANY, "where the vDSO cannot tell it"},
	{"clock_gettime64", ALL, ANY, "the same on 32 bits"},
	{"clock_getres", ALL, ANY, "how fine the clock is"},
	{"gettimeofday", ALL, ANY, "where the vDSO cannot tell it"},
	{"time", ALL, ANY, "where the vDSO cannot tell it"},
	{"nanosleep", ALL, ANY, "pauses before a transaction is tried again"},
	{"clock_nanosleep", ALL, ANY, "pauses before a transaction is tried again"},
	{"alarm", ALL, ANY, "a last word that takes too long"},
	{"setitimer", ALL, ANY, "alarm of other machines; time limits of libcurl"},

	/* who and where */
	{"getpid", ALL, ANY, "log lines"},
	{"getppid", ALL, ANY, "whether the starter is still there"},
	{"gettid", ALL, ANY, "locks"},
	{"getuid", ALL, ANY, "OpenSSL: whether the environment is to be believed"},
	{"geteuid", ALL, ANY, "the same"},
	{"getgid", ALL, ANY, "the same"},
	{"getegid", ALL, ANY, "the same"},
	{"getgroups", ALL, ANY, "the same"},
	{"uname", ALL, ANY, "the host's name"},
	{"sysinfo", ALL, ANY, "qsort: how much memory there is"},
	{"prlimit64", ALL, IS(3, 0), "asking for a limit, the size of stacks"},
	{"getrlimit", ALL, ANY, "the same of older libraries"},
	{"ugetrlimit", ALL, ANY, "the same on 32 bits"},
	{"getrandom", ALL, ANY, "randomness"},

	/* signals and the end; nobody takes the handler of SIGSYS away */
	{"rt_sigaction", ALL, NOT(1, SIGSYS), "handlers"},
	{"rt_sigaction", SPAWN, ANY, "posix_spawn takes all of them away"},
	{"rt_sigprocmask", ALL, ANY, "signals are held while a request is in work"},
	{"rt_sigpending", ALL, ANY, "whether one came while requests were in work"},
	{"rt_sigreturn", ALL, ANY, "the end of a handler"},
	{"sigreturn", ALL, ANY, "the same on 32 bits"},
	{"sigaltstack", ALL, ANY, "stacks of handlers"},
	{"restart_syscall", ALL, ANY, "the kernel goes on after a stop"},
	{"kill", ALL, IS(2, 0), "whether another worker is still there (core/port/gate.c)"},
	{"tgkill", ALL, US(1), "abort()"},
	{"tgkill", SPAWN, ANY, "the same in the program that is started"},
	{"exit", ALL, ANY, "the end of a thread"},
	{"exit_group", ALL, ANY, "the end"},

	/* threads: libargon2 makes one a lane, libcurl one for each name */
	{"clone", ALL, BITS(1, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND),
	 "a thread, never a process"},
	{"futex", ALL, ANY, "locks"},
	{"futex_time64", ALL, ANY, "the same on 32 bits"},
	{"set_robust_list", ALL, ANY, "the start of a thread"},
	{"rseq", ALL, ANY, "the start of a thread"},
	{"sched_getaffinity", ALL, ANY, "malloc: how many processors there are"},
	{"sched_yield", ALL, ANY, "locks"},
	{"membarrier", ALL, ANY, "locks"},

	/* starting ostiary-fetch, which inherits this list and makes its own shorter */
	{"clone", SPAWN, BITS(1, CLONE_VM | CLONE_VFORK, CLONE_VM | CLONE_VFORK), "posix_spawn"},
	{"vfork", SPAWN, ANY, "posix_spawn of other libraries"},
	{"execve", SPAWN, ANY, "the program"},
	{"wait4", SPAWN, ANY, "its end"},
	{"waitid", SPAWN, ANY, "its end"},
	{"kill", SPAWN, ANY, "the end of its time"},
	{"dup2", SPAWN, ANY, "its standard input"},
	{"dup3", SPAWN, ANY, "its standard input"},
	{"close_range", SPAWN, ANY, "what it shall not see"},
	{"arch_prctl", SPAWN, ANY, "its loader"},
	{"set_tid_address", SPAWN, ANY, "its loader"},
	{"prctl", SPAWN, ANY, "it confines itself"},
	{"seccomp", SPAWN, ANY, "it confines itself"},
	{"prlimit64", SPAWN, ANY, "it confines itself"},
	{"setrlimit", SPAWN, ANY, "it confines itself"},
	{"signalfd4", SPAWN, ANY, "its event loop"},
};
/* clang-format on */

/* Calls that libraries try and do without: answered with ENOSYS, as an older kernel would. The
 * flags of clone3 lie in memory, where no filter sees them; without it they come to clone. */
static const char *const unknown_calls[] = {"clone3", "io_uring_setup"};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

void
confine_process(void)
{
	const struct rlimit none = {0, 0};

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
}

static struct scmp_arg_cmp
comparison(const struct condition *when)
{
	switch (when->kind) {
	case EQUAL:
		return SCMP_CMP64(when->argument, SCMP_CMP_EQ, when->value, 0);
	case OTHER:
		return SCMP_CMP64(when->argument, SCMP_CMP_NE, when->value, 0);
	case MASKED:
		return SCMP_CMP64(when->argument, SCMP_CMP_MASKED_EQ, when->mask, when->value);
	case OWN_PID:
		return SCMP_CMP64(when->argument, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	case NO_CONDITION:
		break;
	}
	bug("a condition of no kind");
}

static int
add_call(scmp_filter_ctx filter, const struct call *call, unsigned needs)
{
	int number = seccomp_syscall_resolve_name(call->name);
	struct scmp_arg_cmp compare;

	/* a call newer than the library */
	if (number == __NR_SCMP_ERROR || (call->needs && !(call->needs & needs)))
		return 0;
	if (call->when.kind == NO_CONDITION)
		return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 0, NULL);
	compare = comparison(&call->when);
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &compare);
}

static int
fill(scmp_filter_ctx filter, unsigned needs)
{
	int result = 0;

	for (size_t i = 0; i < ROWS(calls) && result == 0; i++)
		result = add_call(filter, &calls[i], needs);
	for (size_t i = 0; i < ROWS(unknown_calls) && result == 0; i++) {
		int number = seccomp_syscall_resolve_name(unknown_calls[i]);

		if (number != __NR_SCMP_ERROR)
			result = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0,
							NULL);
	}
	return result;
}

static int
load(unsigned needs)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int result = -ENOMEM;

	if (!filter)
		return result;
	/* a call by the numbers of another architecture is nobody's mistake */
	result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* a tree: what is asked for at each request costs as little as the rest */
	if (result == 0)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (result == 0)
		result = fill(filter, needs);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result;
}

bool
confine_is_built(void)
{
#ifdef CONFINE_OFF
	return false;
#else
	return true;
#endif
}

int
confine_calls(unsigned needs, void (*on_refused)(int, siginfo_t *, void *), const char **why)
{
	struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO};
	int result;

	if (!confine_is_built())
		return 0;
	result = sigaction(SIGSYS, &action, NULL) == 0 ? load(needs) : -errno;
	if (result == 0)
		return 0;
	*why = strerrordesc_np(-result);
	return -1;
}

void
confine_refused(struct log *log, const siginfo_t *info)
{
	char number[NUMBER_TEXT];
	const char *name;

	/* whoever made the call may hold a lock that the log wants */
	(void)alarm(LAST_WORD_S);
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, info->si_syscall);
	(void)snprintf(number, sizeof(number), "%d", info->si_syscall);
	log_event(log, LOG_LEVEL_ERROR, "call_refused", "call", name ? name : number, "remedy",
		  "a system call that this program never makes by itself: look for an attack; if a "
		  "library of this site needs it, set confine = no",
		  NULL);
	_exit(CONFINE_EXIT);
}
