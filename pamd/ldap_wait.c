/* SPDX-License-Identifier: ISC */
/*
 * Waiting for a directory's answer no longer than the service allows.
 */
#include "pamd/ldap_wait.h"

#include <sys/time.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/settings.h"

int
directory_fails(struct directory *directory, const char *what, int code)
{
	char *diagnostic = NULL;
	const char *text;

	if (directory->ld)
		ldap_get_option(directory->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
	text = diagnostic && *diagnostic ? diagnostic : NULL;
	directory->why = arena_printf(directory->arena, "ldap: %s at %s: %s%s%s", what,
				      str_visible(directory->arena, directory->uri, 80),
				      ldap_err2string(code), text ? "; " : "",
				      text ? str_visible(directory->arena, text, 60) : "");
	ldap_memfree(diagnostic);
	return -1;
}

int
directory_wait(struct directory *directory, const char *what, int message, LDAPMessage **result)
{
	struct timeval limit = {(time_t)directory->service->timeout, 0};
	int code = LDAP_LOCAL_ERROR, type;

	type = ldap_result(directory->ld, message, LDAP_MSG_ALL, &limit, result);
	if (type > 0)
		return 0;
	if (type == 0) {
		ldap_abandon_ext(directory->ld, message, NULL, NULL);
		return directory_fails(directory, what, LDAP_TIMEOUT);
	}
	ldap_get_option(directory->ld, LDAP_OPT_RESULT_CODE, &code);
	return directory_fails(directory, what, code);
}
