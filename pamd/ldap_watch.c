/* SPDX-License-Identifier: ISC */
/*
 * A timer whose signal carries the connection's descriptor: shutdown(2) is all that its handler
 * calls, and it may.
 */
#include "pamd/ldap_watch.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

static void
shut_down(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)number;
	(void)context;
	if (info->si_code == SI_TIMER)
		(void)shutdown(info->si_value.sival_int, SHUT_RDWR);
	errno = saved;
}

static int
start_timer(struct watch *watch, int fd)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGALRM,
		.sigev_value.sival_int = fd,
	};
	const struct itimerspec limit = {.it_value.tv_sec = (time_t)watch->seconds};

	if (watch->is_armed)
		(void)timer_delete(watch->timer);
	watch->is_armed = timer_create(CLOCK_MONOTONIC, &event, &watch->timer) == 0;
	return watch->is_armed ? timer_settime(watch->timer, 0, &limit, NULL) : -1;
}

/* libldap has connected; what follows is watched. */
static int
connected(LDAP *ld, Sockbuf *sockbuf, LDAPURLDesc *server, struct sockaddr *address,
	  struct ldap_conncb *callback)
{
	ber_socket_t fd = -1;

	(void)ld;
	(void)server;
	(void)address;
	if (ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_GET_FD, &fd) != 1)
		return -1;
	return start_timer(callback->lc_arg, fd);
}

static void
disconnected(LDAP *ld, Sockbuf *sockbuf, struct ldap_conncb *callback)
{
	(void)ld;
	(void)sockbuf;
	(void)callback;
}

int
watch_begin(struct watch *watch, LDAP *ld, int64_t seconds)
{
	struct sigaction action = {.sa_sigaction = shut_down, .sa_flags = SA_SIGINFO};
	sigset_t signals;

	*watch = (struct watch){
		.callback = {.lc_add = connected, .lc_del = disconnected, .lc_arg = watch},
		.seconds = seconds,
	};
	if (sigemptyset(&signals) != 0 || sigaddset(&signals, SIGALRM) != 0 ||
	    sigaction(SIGALRM, &action, NULL) != 0 ||
	    sigprocmask(SIG_UNBLOCK, &signals, NULL) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_CONNECT_CB, &watch->callback) != LDAP_OPT_SUCCESS)
		return -1;
	return 0;
}

void
watch_end(struct watch *watch, LDAP *ld)
{
	if (watch->is_armed)
		(void)timer_delete(watch->timer);
	watch->is_armed = false;
	/* this is how one is taken away */
	(void)ldap_get_option(ld, LDAP_OPT_CONNECT_CB, &watch->callback);
}
