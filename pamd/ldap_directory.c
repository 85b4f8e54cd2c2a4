/* SPDX-License-Identifier: ISC */
/*
 * Connecting and searching with libldap (RFC 4511, 4513). Every handle has all its options set
 * here: neither the host's ldap.conf nor the environment has a say. Certificates are always
 * checked; StartTLS that does not succeed ends the attempt.
 */
#include "pamd/ldap_directory.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/ldap_wait.h"
#include "pamd/ldap_watch.h"
#include "pamd/settings.h"

/* Where systems keep the authorities that they trust. */
static const char *const system_authorities[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/cert.pem",
};

static const char *
authorities(const struct service *service)
{
	if (*service->ca_file)
		return service->ca_file;
	for (size_t i = 0; i < sizeof(system_authorities) / sizeof(*system_authorities); i++) {
		if (access(system_authorities[i], R_OK) == 0)
			return system_authorities[i];
	}
	return "";
}

static int
set(LDAP *ld, int option, int value)
{
	return ldap_set_option(ld, option, &value) == LDAP_OPT_SUCCESS ? 0 : -1;
}

/* What the library does by itself, before anything is sent. */
static int
set_behaviour(struct directory *directory)
{
	LDAP *ld = directory->ld;
	struct timeval limit = {(time_t)directory->service->timeout, 0};

	if (set(ld, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3) != 0 ||
	    set(ld, LDAP_OPT_DEREF, LDAP_DEREF_NEVER) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(ld, LDAP_OPT_RESTART, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &limit) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(ld, LDAP_OPT_TIMEOUT, &limit) != LDAP_OPT_SUCCESS)
		return directory_fails(directory, "cannot set up", LDAP_PARAM_ERROR);
	return 0;
}

static int
set_tls(struct directory *directory)
{
	LDAP *ld = directory->ld;
	const char *file = authorities(directory->service);

	/* the context takes over what was set before it */
	if (set(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND) != 0 ||
	    set(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_PROTOCOL_TLS1_2) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, file) != LDAP_OPT_SUCCESS ||
	    set(ld, LDAP_OPT_X_TLS_NEWCTX, 0) != 0) {
		directory->why = arena_printf(directory->arena, "ldap: cannot use ca_file %s",
					      str_visible(directory->arena, file, 128));
		return -1;
	}
	return 0;
}

/* A server that stops in the middle of a message, or begins one without end. */
static int
set_limits(struct directory *directory)
{
	struct timeval limit = {(time_t)directory->service->timeout, 0};
	ber_len_t most = DIRECTORY_PDU_MAX;
	Sockbuf *sockbuf = NULL;
	int fd = -1;

	if (ldap_get_option(directory->ld, LDAP_OPT_DESC, &fd) != LDAP_OPT_SUCCESS ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
	    ldap_get_option(directory->ld, LDAP_OPT_SOCKBUF, &sockbuf) != LDAP_OPT_SUCCESS ||
	    ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_MAX_INCOMING, &most) != 1)
		return directory_fails(directory, "cannot set limits", LDAP_LOCAL_ERROR);
	return 0;
}

static int
start_tls(struct directory *directory)
{
	int rc = ldap_start_tls_s(directory->ld, NULL, NULL);

	if (rc != LDAP_SUCCESS)
		return directory_fails(directory, "StartTLS", rc);
	if (!ldap_tls_inplace(directory->ld))
		return directory_fails(directory, "StartTLS", LDAP_LOCAL_ERROR);
	return 0;
}

/* Everything until the connection may be used. */
static int
connect_watched(struct directory *directory)
{
	bool is_plain = str_starts(directory->uri, "ldap://");
	int rc = ldap_connect(directory->ld);

	if (rc != LDAP_SUCCESS)
		return directory_fails(directory, "connecting", rc);
	if (set_limits(directory) != 0)
		return -1;
	return is_plain && directory->service->start_tls ? start_tls(directory) : 0;
}

static int
connect_with_tls(struct directory *directory)
{
	struct watch watch;
	int result;

	if (set_behaviour(directory) != 0 || set_tls(directory) != 0)
		return -1;
	if (watch_begin(&watch, directory->ld, directory->service->timeout) != 0)
		return directory_fails(directory, "cannot set a time limit", LDAP_LOCAL_ERROR);
	result = connect_watched(directory);
	watch_end(&watch, directory->ld);
	return result;
}

int
directory_open(struct directory *directory, struct arena *arena, const struct service *service,
	       const char *uri)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int rc;

	*directory = (struct directory){.arena = arena, .service = service, .uri = uri};
	/* the library writes to sockets that may be closed, and reads files and variables that
	 * could turn off what is set here */
	if (sigaction(SIGPIPE, &ignore, NULL) != 0 || setenv("LDAPNOINIT", "1", 1) != 0)
		return directory_fails(directory, "cannot set up", LDAP_LOCAL_ERROR);
	rc = ldap_initialize(&directory->ld, uri);
	if (rc != LDAP_SUCCESS)
		return directory_fails(directory, "cannot set up", rc);
	if (connect_with_tls(directory) == 0)
		return 0;
	directory_close(directory);
	return -1;
}

void
directory_close(struct directory *directory)
{
	if (directory->ld)
		ldap_unbind_ext_s(directory->ld, NULL, NULL);
	directory->ld = NULL;
}

/* The list that libldap wants: it does not change it, but does not say so. */
static char **
names(struct arena *arena, const char *const *attributes)
{
	size_t count = 0;
	char **list;

	while (attributes[count])
		count++;
	list = arena_array(arena, count + 1, sizeof(*list));
	for (size_t i = 0; i < count; i++)
		list[i] = arena_strdup(arena, attributes[i]);
	return list;
}

int
directory_search(struct directory *directory, const struct directory_query *query,
		 LDAPMessage **result)
{
	struct timeval limit = {(time_t)directory->service->timeout, 0};
	LDAP *ld = directory->ld;
	int message = -1, code, rc;

	*result = NULL;
	rc = ldap_search_ext(ld, query->base, query->scope, query->filter,
			     names(directory->arena, query->attributes), 0, NULL, NULL, &limit,
			     query->limit, &message);
	if (rc != LDAP_SUCCESS)
		return directory_fails(directory, "searching", rc);
	if (directory_wait(directory, "searching", message, result) != 0)
		return -1;
	rc = ldap_parse_result(ld, *result, &code, NULL, NULL, NULL, NULL, 0);
	if (rc == LDAP_SUCCESS)
		rc = code;
	/* entries up to the limit are there, and the caller asked for one too many */
	if (rc == LDAP_SUCCESS || rc == LDAP_SIZELIMIT_EXCEEDED) {
		int count = ldap_count_entries(ld, *result);

		if (rc == LDAP_SUCCESS || count >= query->limit)
			return count;
	}
	ldap_msgfree(*result);
	*result = NULL;
	return directory_fails(directory, "searching", rc);
}
