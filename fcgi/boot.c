/* SPDX-License-Identifier: ISC */
/*
 * Construction, in order; whatever fails says so in one line and the rest is tried too, so that all
 * mistakes are seen at once.
 */
#include "fcgi/boot.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "core/authn/throttle.h"
#include "core/base/buf.h"
#include "core/base/shared.h"
#include "core/http/pages.h"
#include "core/port/broker.h"
#include "core/port/fetch_program.h"
#include "core/port/gate.h"
#include "core/port/key_sets.h"
#include "core/port/rate.h"
#include "core/seal/seal.h"
#include "sql/db.h"

#define BOOT_MEMORY (32 * 1024 * 1024)
#define HOST_MAX    64

struct boot {
	struct arena *arena;
	struct conf conf;
	struct provider provider;
	struct broker broker;
	void *shared;
	void *gate;
	void *rate;
};

static const char *
host_name(struct arena *arena)
{
	char name[HOST_MAX + 1] = "";

	if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
		return "host";
	name[strcspn(name, ".")] = '\0';
	return arena_strdup(arena, name);
}

static void
drop_line(void *context, const char *text)
{
	(void)context;
	(void)text;
}

/*
 * The server knows the service's user over the socket by its name, and what is made from here on
 * belongs to it. Where the database knows db_user by a password, or the host has no such user,
 * nothing changes.
 */
static int
become_service(const struct conf *conf, struct buf *why)
{
	const struct passwd *entry = geteuid() == 0 ? getpwnam(conf->db_user) : NULL;

	if (!entry || entry->pw_uid == 0 || str_empty(conf->db_socket) ||
	    !str_empty(conf->db_password_file))
		return 0;
	if (initgroups(entry->pw_name, entry->pw_gid) == 0 && setgid(entry->pw_gid) == 0 &&
	    setuid(entry->pw_uid) == 0)
		return 0;
	buf_printf(why, "cannot become the user %s: %s\n", entry->pw_name, strerror(errno));
	return -1;
}

static void
open_log(struct boot *boot, unsigned parts, const char *program, struct buf *why)
{
	const char *target = parts & BOOT_STDERR ? "stderr" : boot->conf.log_target;

	/* root makes no file where the workers write theirs */
	if ((parts & BOOT_ADMIN) && geteuid() == 0 && target[0] == '/')
		target = "syslog";
	if ((parts & BOOT_TERMINAL) && str_equal(target, "stderr")) {
		boot->provider.log = log_to_function(drop_line, NULL);
		return;
	}
	boot->provider.log = log_open(target, program, (enum log_level)boot->conf.log_level);
	if (!boot->provider.log)
		buf_printf(why, "%s: the log file cannot be opened: %s\n", target, strerror(errno));
}

static void
open_pages(struct boot *boot, struct buf *why)
{
	boot->provider.pages = pages_load(boot->arena, boot->conf.pages_dir, why);
	if (!boot->provider.pages && why->size == 0)
		buf_printf(why, "%s: the pages cannot be loaded\n", boot->conf.pages_dir);
}

static void
open_master(struct boot *boot, struct buf *why)
{
	const struct conf *conf = &boot->conf;
	const char *text = NULL;
	struct master *master = seal_master_load(boot->arena, conf->master_key_file, &text);

	if (!master) {
		buf_printf(why, "%s\n", text);
		return;
	}
	if (!str_empty(conf->previous_master_key_file) &&
	    seal_master_load_previous(master, boot->arena, conf->previous_master_key_file, &text) !=
		    0)
		buf_printf(why, "%s\n", text);
	boot->provider.master = master;
}

static void *
map_shared(struct boot *boot, const char *name, size_t size, struct buf *why)
{
	const char *path = arena_printf(boot->arena, "%s/%s", boot->conf.state_dir, name);
	void *mapping = shared_map(path, size);

	if (!mapping)
		buf_printf(why,
			   "%s: cannot be mapped: %s; the folder must belong to the user "
			   "that the workers run as\n",
			   path, strerror(errno));
	return mapping;
}

static void
open_shared(struct boot *boot, struct buf *why)
{
	const char *dir = boot->conf.state_dir;

	boot->shared = map_shared(boot, "throttle", throttle_size(), why);
	boot->provider.throttle = boot->shared;
	boot->gate = map_shared(boot, "gate", gate_size(), why);
	if (boot->gate)
		boot->provider.gate = gate_new(boot->gate);
	boot->rate = map_shared(boot, "rate", rate_size(), why);
	boot->provider.rate = boot->rate;
	if (boot->provider.rate)
		rate_seed(boot->provider.rate, &rand_system);
	boot->provider.ring = ring_open(arena_printf(boot->arena, "%s/" BOOT_RING_FILE, dir));
	if (!boot->provider.ring)
		buf_printf(why, "%s/failures: cannot be opened: %s\n", dir, strerror(errno));
}

static void
open_store(struct boot *boot, unsigned parts, struct buf *why)
{
	const struct conf *conf = &boot->conf;
	bool admin = (parts & BOOT_ADMIN) && !str_empty(conf->db_admin_user);
	const char *file = admin ? conf->db_admin_password_file : conf->db_password_file;
	struct store_options options = {
		.socket = conf->db_socket,
		.host = conf->db_host,
		.port = (unsigned)conf->db_port,
		.database = conf->db_name,
		.user = admin ? conf->db_admin_user : conf->db_user,
		.ca = conf->db_ca,
	};
	const char *text = NULL;

	if (!str_empty(file)) {
		options.password = conf_read_secret(boot->arena, file, &text);
		if (!options.password) {
			buf_printf(why, "%s\n", text);
			return;
		}
	}
	boot->provider.store = store_open(&options, boot->provider.log);
}

static void
construct(struct boot *boot, unsigned parts, const char *program, struct buf *why)
{
	struct provider *provider = &boot->provider;

	provider->conf = &boot->conf;
	provider->clock = &clock_system;
	provider->random = &rand_system;
	provider->host = host_name(boot->arena);
	provider->fetcher = fetch_program(boot->arena, &boot->conf);
	boot->broker = broker_at(boot->conf.broker_socket);
	provider->broker = &boot->broker;
	provider->key_sets = key_sets_new();
	open_log(boot, parts, program, why);
	if (parts & BOOT_PAGES)
		open_pages(boot, why);
	if (parts & BOOT_MASTER)
		open_master(boot, why);
	if (parts & BOOT_SHARED)
		open_shared(boot, why);
	open_store(boot, parts, why);
	if (provider->store && provider->master)
		provider->realms = realms_new(provider->store, provider->master, provider->log);
}

struct boot *
boot_open(const char *path, unsigned parts, const char *program, struct buf *why)
{
	struct arena *arena = arena_new(BOOT_MEMORY);
	struct boot *boot = arena_alloc(arena, sizeof(*boot));

	boot->arena = arena;
	if (conf_load(arena, path, &boot->conf, why) == 0 &&
	    (!(parts & BOOT_SERVICE) || become_service(&boot->conf, why) == 0))
		construct(boot, parts, program, why);
	if (why->size == 0)
		return boot;
	boot_close(boot);
	return NULL;
}

void
boot_close(struct boot *boot)
{
	if (!boot)
		return;
	realms_free(boot->provider.realms);
	key_sets_free(boot->provider.key_sets);
	gate_free(boot->provider.gate);
	if (boot->provider.store)
		store_close(boot->provider.store);
	if (boot->provider.ring)
		ring_close(boot->provider.ring);
	if (boot->rate)
		shared_unmap(boot->rate, rate_size());
	if (boot->shared)
		shared_unmap(boot->shared, throttle_size());
	if (boot->gate)
		shared_unmap(boot->gate, gate_size());
	if (boot->provider.log)
		log_close(boot->provider.log);
	arena_free(boot->arena);
}

const struct provider *
boot_provider(const struct boot *boot)
{
	return &boot->provider;
}
