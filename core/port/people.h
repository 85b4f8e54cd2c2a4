/* SPDX-License-Identifier: ISC */
/*
 * People from elsewhere: who a source has proven somebody to be becomes an account at the first
 * sign-in and is brought up to date at each; and whether they are still there is asked again when
 * the last answer is older than SOURCE_CHECK_SECS.
 *
 * The key of a person is what never changes about them at their source, so somebody who gets the
 * name of another does not inherit the account.
 */
#ifndef OSTIARY_PORT_PEOPLE_H
#define OSTIARY_PORT_PEOPLE_H

#include "core/model/source.h"
#include "core/port/broker_wire.h"
#include "core/port/provider.h"

struct person {
	const char *username; /* normalised */
	const char *key;
	struct json_object *claims; /* checked */
};

/*
 * What the broker tells about somebody: claims of their types, groups, the source's rule for e-mail
 * addresses (which are unverified then). 0, or -1 with *why: what cannot be an account.
 */
int people_of_broker(struct tx *tx, const struct source *source, const struct broker_person *told,
		     struct person *person, const char **why) __attribute__((warn_unused_result));

enum people_verdict {
	PEOPLE_WELCOME,
	PEOPLE_REFUSED, /* with *why: disabled here, or the name is somebody's of another source */
	PEOPLE_DOWN,    /* the database is */
};

/* The account of a proven person. */
enum people_verdict people_admit(struct tx *tx, const struct source *source,
				 const struct person *person, struct account *account,
				 const char **why) __attribute__((warn_unused_result));

/*
 * Asks the account's source whether the person is there, if that is due: 0 when the account may go
 * on (also when nobody can say), -1 when it is away from now on.
 */
int people_check(struct tx *tx, const struct account *account) __attribute__((warn_unused_result));

enum people_seen {
	PEOPLE_THERE,
	PEOPLE_AWAY,    /* from now on */
	PEOPLE_UNKNOWN, /* the source cannot say; nothing has changed */
};

/*
 * Whether a name is for an account of the realm's own: AWAY when no table and no service knows it,
 * THERE with the source that does, UNKNOWN with the one that cannot say. May take seconds.
 */
enum people_seen people_knowing(struct tx *tx, const char *username, const struct source **source)
	__attribute__((warn_unused_result));

/* Asks now, waiting at most so many milliseconds. */
enum people_seen people_look(struct tx *tx, const struct account *account, uint32_t wait_ms)
	__attribute__((warn_unused_result));

#endif
