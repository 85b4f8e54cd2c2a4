/* SPDX-License-Identifier: ISC */
/*
 * The table of backends, and what their options must be together.
 */
#include "pamd/backends.h"

#include <string.h>
#include <sys/stat.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/ldap_check.h"
#include "pamd/settings.h"

static const char *
pam_mistake(struct arena *arena, const struct service *service)
{
	const char *folder = str_empty(service->pam_dir) ? "/etc/pam.d" : service->pam_dir;
	const char *path = arena_printf(arena, "%s/%s", folder, service->pam_service);
	struct stat info;

	if (str_equal(service->pam_service, ".") || str_equal(service->pam_service, "..") ||
	    strchr(service->pam_service, '/'))
		return "pam_service is the name of a file, without its folder";
	/* libpam would take the file "other" instead, whatever that allows */
	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return arena_printf(arena, "%s is not there; conf-examples/pam.d/ostiary is one",
				    path);
	return NULL;
}

static const struct {
	const struct backend *backend;
	unsigned place;
	const char *(*mistake)(struct arena *arena, const struct service *service);
} backends[] = {
	{&backend_pam, IN_PAM, pam_mistake},
	{&backend_ldap, IN_LDAP, ldap_check_mistake},
};

#define COUNT (sizeof(backends) / sizeof(backends[0]))

const struct backend *
backends_find(const char *kind, unsigned *place)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (backends[i].backend && str_equal(backends[i].backend->name, kind)) {
			*place = backends[i].place;
			return backends[i].backend;
		}
	}
	return NULL;
}

const char *
backends_names(struct arena *arena)
{
	const char *text = backends[0].backend->name;

	for (size_t i = 1; i < COUNT && backends[i].backend; i++)
		text = arena_printf(arena, "%s or %s", text, backends[i].backend->name);
	return text;
}

const char *
backends_mistake(struct arena *arena, const struct service *service)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (backends[i].backend == service->backend)
			return backends[i].mistake(arena, service);
	}
	return NULL;
}
