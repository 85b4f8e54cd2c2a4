/* SPDX-License-Identifier: ISC */
/*
 * What an access token is for (RFC 8707): which resource servers a request may name, and from what
 * was granted and what is asked the audience, scopes and make of one token. The issuer is the
 * resource of the realm's own scopes and of userinfo, and may be named like any other. All
 * endpoints that take `resource` decide by these functions.
 */
#ifndef OSTIARY_OAUTH_TARGET_H
#define OSTIARY_OAUTH_TARGET_H

#include "core/base/form.h"
#include "core/base/str.h"
#include "core/model/client.h"
#include "core/port/provider.h"

struct target {
	struct strlist audience; /* identifiers, one at least */
	struct strlist scopes;   /* those that every one of the audience knows */
	int64_t format;          /* enum token_format */
	int64_t lifetime;        /* seconds */
	const char *alg;         /* of a JWT */
};

/* For whom a client asks: what people may let it reach is more than what it may reach by itself. */
enum target_subject { TARGET_FOR_PERSON, TARGET_FOR_CLIENT };

/*
 * The issuer, or a resource server of the realm that the client may ask for: one of its
 * `resources`; where it has none, any that a person lets it reach and none for itself.
 */
bool target_allowed(const struct realm *realm, const struct client *client,
		    enum target_subject subject, const char *identifier);

/*
 * The resources that a request names, each once; an empty list when it names none. 0, or -1 with
 * invalid_target: more than RESOURCES_MAX, or one that is not allowed.
 */
int target_asked(struct tx *tx, const struct client *client, enum target_subject subject,
		 const struct form *form, struct strlist *resources)
	__attribute__((warn_unused_result));

/*
 * What may be reached by a grant in which these resources were named and these scopes allowed: the
 * named ones; where none was, the client's default_resource and the issuer. With openid also the
 * issuer, whose userinfo that scope is for. What is no longer allowed is left out.
 */
struct strlist target_reach(struct tx *tx, const struct client *client, enum target_subject subject,
			    const struct strlist *named, const struct strlist *scopes);

/* The realm itself, or one of the resources, knows the scope. */
bool target_knows_scope(const struct realm *realm, const struct strlist *resources,
			const char *scope);

struct target_wish {
	const struct client *client;
	enum target_subject subject;
	const char *granted;   /* resources named when it was granted, with blanks between; NULL:
				  none was */
	struct strlist scopes; /* granted, and narrowed to those that are asked for */
	struct strlist asked;  /* resources of this request, as of target_asked() */
};

/*
 * 0, or -1 with invalid_target. The audience: the asked ones, which must be within what was
 * granted; without asking all that were named then; where none was, the issuer if openid was
 * granted, else the client's default_resource, else the issuer. The scopes are those that all of
 * the audience know: when that leaves none of several, each resource needs a token of its own. The
 * make is the resources' where they have one, else the client's; the shortest lifetime counts, and
 * formats or algorithms that differ do not go into one token.
 */
int target_choose(struct tx *tx, const struct target_wish *wish, struct target *target)
	__attribute__((warn_unused_result));

#endif
