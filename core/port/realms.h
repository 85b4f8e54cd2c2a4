/* SPDX-License-Identifier: ISC */
/*
 * The worker's snapshot of all realms with their unsealed keys: read at first use, looked at once a
 * second, and read again as a whole when the generation counter has moved. A snapshot lives in an
 * arena of its own; requests hold pointers into it only until they are answered.
 */
#ifndef OSTIARY_PORT_REALMS_H
#define OSTIARY_PORT_REALMS_H

#include "core/jose/keyring.h"
#include "core/model/key.h"
#include "core/model/realm.h"

struct log;
struct master;

#define REALMS_CHECK_MS 1000 /* how old a look at the generation counter may be */

struct realm_live {
	struct realm realm;
	struct keyring *ring;
	struct jws_alg_set token_algs; /* what our own tokens may be signed with */
	const char *path;              /* of the issuer: "" or "/sub/path" */
	bool secure;                   /* the issuer is https */
	const char *origin;            /* of the issuer */
	const char *jwks;              /* the published keys */
	const char *jwks_tag;          /* its ETag */
	const char *discovery; /* both metadata documents, made at first use by their endpoint */
	const char *discovery_tag;
};

struct realms;

/* An empty snapshot. store and master must outlive it. */
struct realms *realms_new(struct store *store, const struct master *master, struct log *log);
void realms_free(struct realms *realms);

/*
 * Makes the snapshot current. OK; DOWN when there is none and the database does not answer (an old
 * one is kept and OK is said); NONE when the schema does not fit.
 */
enum store_verdict realms_refresh(struct realms *realms, int64_t now_ms)
	__attribute__((warn_unused_result));

/* Reads again at the next refresh whatever the clock says: after a change made by this process. */
void realms_forget(struct realms *realms);

int64_t realms_generation(const struct realms *realms);
size_t realms_count(const struct realms *realms);
struct realm_live *realms_at(const struct realms *realms, size_t index);
struct realm_live *realms_by_name(const struct realms *realms, const char *name);

/*
 * The realm with the longest issuer path that is path or a whole-segment prefix of it, among those
 * reached by vhost (NULL: the parameter was not sent). *rest is what follows ("" or "/token"). NULL
 * when there is none.
 */
struct realm_live *realms_by_path(const struct realms *realms, const char *vhost, const char *path,
				  const char **rest);

/*
 * Keeps a realm's metadata document as long as the snapshot lives; returns the realm with it.
 */
const struct realm_live *realms_set_discovery(struct realms *realms, const struct realm_live *live,
					      const char *document);

/* The place under which a realm's key is sealed; also for those who make keys. */
struct seal_place;
struct seal_place key_seal_place(const struct realm *realm, const struct key_row *row);

#endif
