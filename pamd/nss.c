/* SPDX-License-Identifier: ISC */
/*
 * "Nobody" is a call without an error that finds nothing; an error number means that it cannot be
 * said, also ENOENT, which is what a name service says whose socket is missing.
 */
#include "pamd/nss.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <string.h>
#include <time.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "pamd/clean.h"
#include "pamd/settings.h"

#define ENTRY_SIZE       4096
#define ENTRY_MAX        (1U << 20)
#define GROUPS_FIRST     64
#define GROUPS_LIMIT     65536 /* what the kernel allows */
#define SECONDS_OF_A_DAY 86400

/* The next size of a buffer that was too small, or 0. */
static size_t
larger(int error, size_t size)
{
	return error == ERANGE && size < ENTRY_MAX ? size * 2 : 0;
}

static enum nss_found
find_entry(struct arena *arena, const char *username, struct passwd *entry, const char **why)
{
	struct passwd *found = NULL;
	int error = 0;

	for (size_t size = ENTRY_SIZE; size > 0; size = larger(error, size)) {
		error = getpwnam_r(username, entry, arena_alloc(arena, size), size, &found);
		if (error == 0)
			break;
	}
	if (found)
		return NSS_FOUND;
	*why = error == 0 ? "NSS knows nobody of that name"
			  : arena_printf(arena, "NSS cannot say who that is: %s",
					 strerrordesc_np(error));
	return error == 0 ? NSS_NONE : NSS_DOWN;
}

/* ---- locked accounts ---- */

/* An account is locked by a '!' before its password (passwd -l, usermod -L) or is over (chage -E).
 * Who may not read that knows neither. */
static bool
is_locked(struct arena *arena, const char *username)
{
	struct spwd entry, *found = NULL;
	int error = 0;

	for (size_t size = ENTRY_SIZE; size > 0; size = larger(error, size)) {
		error = getspnam_r(username, &entry, arena_alloc(arena, size), size, &found);
		if (error == 0)
			break;
	}
	if (!found)
		return false;
	return entry.sp_pwdp[0] == '!' ||
	       (entry.sp_expire >= 0 && time(NULL) / SECONDS_OF_A_DAY >= entry.sp_expire);
}

/* ---- groups ---- */

/* The name of a group, NULL when it has none; -1 when that cannot be said. */
static int
group_name(struct arena *arena, gid_t gid, const char **name)
{
	struct group entry, *found = NULL;
	int error = 0;

	for (size_t size = ENTRY_SIZE; size > 0; size = larger(error, size)) {
		error = getgrgid_r(gid, &entry, arena_alloc(arena, size), size, &found);
		if (error == 0)
			break;
	}
	*name = found ? entry.gr_name : NULL;
	return error == 0 ? 0 : -1;
}

static gid_t *
group_list(struct arena *arena, const struct passwd *entry, int *count)
{
	gid_t *list;
	int room = GROUPS_FIRST;

	for (;;) {
		*count = room;
		list = arena_array(arena, (size_t)room, sizeof(*list));
		if (getgrouplist(entry->pw_name, entry->pw_gid, list, count) >= 0)
			return list;
		room *= 2;
		if (room > GROUPS_LIMIT)
			return NULL;
	}
}

/* Their names. One more than may be told is enough to refuse the person. -1: it cannot be said. */
static int
find_groups(struct arena *arena, const struct passwd *entry, struct broker_texts *groups)
{
	const char **names = arena_array(arena, BROKER_GROUPS_MAX + 1, sizeof(*names));
	int count;
	const gid_t *list = group_list(arena, entry, &count);

	*groups = (struct broker_texts){names, 0};
	if (!list)
		return -1;
	for (int i = 0; i < count && groups->count <= BROKER_GROUPS_MAX; i++) {
		if (group_name(arena, list[i], &names[groups->count]) != 0)
			return -1;
		groups->count += names[groups->count] != NULL;
	}
	return 0;
}

/* ---- claims ---- */

static struct broker_texts
find_claims(struct arena *arena, const struct passwd *entry)
{
	const char **claims = arena_array(arena, 2, sizeof(*claims));
	size_t count = 0;
	const char *gecos = str_empty(entry->pw_gecos) ? "" : entry->pw_gecos;
	const char *full = arena_copy(arena, gecos, strcspn(gecos, ","));

	claims[count++] = arena_printf(arena, "preferred_username=%s", entry->pw_name);
	/* what is written there by hand may be anything */
	if (clean_is_plain(full, BROKER_CLAIM_MAX - sizeof("name=")))
		claims[count++] = arena_printf(arena, "name=%s", full);
	return (struct broker_texts){claims, count};
}

enum nss_found
nss_find(struct arena *arena, const struct service *service, const char *username,
	 struct nss_user *user, const char **why)
{
	struct passwd entry;
	enum nss_found found = find_entry(arena, username, &entry, why);

	*user = (struct nss_user){0};
	if (found != NSS_FOUND)
		return found;
	user->uid = entry.pw_uid;
	user->too_low = entry.pw_uid == 0 || (int64_t)entry.pw_uid < service->min_uid;
	user->locked = is_locked(arena, entry.pw_name);
	user->person.username = entry.pw_name;
	user->person.key =
		arena_printf(arena, "%s:%lu", entry.pw_name, (unsigned long)entry.pw_uid);
	user->person.claims = find_claims(arena, &entry);
	if (find_groups(arena, &entry, &user->person.groups) == 0)
		return NSS_FOUND;
	*why = "NSS cannot say which groups the person is in";
	return NSS_DOWN;
}
