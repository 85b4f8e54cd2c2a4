/* SPDX-License-Identifier: ISC */
/*
 * Configurations of web servers, as text: one row for each way of mounting. `ostiary vhost` fills
 * them for the realms at hand, `make docs` for the examples, so both are the same words.
 */
#ifndef OSTIARY_CTL_VHOST_H
#define OSTIARY_CTL_VHOST_H

#include "core/base/buf.h"
#include "core/model/realm.h"

/* What the administrator may have elsewhere. All are set. */
struct vhost_places {
	const char *socket;  /* of the pool */
	const char *program; /* the worker, where the web server starts it */
	const char *conf;    /* its configuration file */
	const char *tls;     /* folder with HOST.pem, HOST.key and clients.pem */
	bool inside;         /* only what goes into a server that is there already */
};

/*
 * The configuration for these realms under the web server of that name. 0, or -1 with *why: no such
 * web server, an issuer that cannot be read, a mtls_endpoint_base with another path than its
 * issuer.
 */
int vhost_write(struct buf *out, const char *server, const struct vhost_places *places,
		const struct realm_list *realms, const char **why)
	__attribute__((warn_unused_result));

/* The names of the web servers: NULL at the end. */
const char *vhost_server(size_t index);

/* Whether the configuration under that web server has the word anywhere: "socket", "program",
 * "conf" or "tls" of the places. */
bool vhost_has_word(const char *server, const char *word);

/* The file under conf-examples of that name ("nginx", "nginx-path", …). 0, or -1: there is none. */
int vhost_example(struct buf *out, const char *name) __attribute__((warn_unused_result));

#endif
