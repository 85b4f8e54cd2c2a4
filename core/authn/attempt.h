/* SPDX-License-Identifier: ISC */
/*
 * One attempt to sign in as the throttle and the records see it: charged before anything is looked
 * at, refunded when it was right or nobody could say, told when it was wrong.
 */
#ifndef OSTIARY_AUTHN_ATTEMPT_H
#define OSTIARY_AUTHN_ATTEMPT_H

#include "core/authn/throttle.h"
#include "core/port/provider.h"

struct attempt {
	const char *name;              /* normalised */
	const struct account *account; /* of that name; NULL: none */
	struct throttle_keys keys;
};

/* known: text of the browser's mark; NULL. account may be NULL. */
void attempt_make(struct tx *tx, const char *name, const struct account *account, const char *known,
		  struct attempt *attempt);

/* 0, or the seconds to wait, with a line in the log and nothing charged. */
int64_t attempt_charge(struct tx *tx, const struct attempt *attempt)
	__attribute__((warn_unused_result));

void attempt_refund(struct tx *tx, const struct attempt *attempt);

/*
 * Records that it was wrong. The row of a known person is written once the answer is out: its time
 * must not tell that there is one. why: private text; NULL.
 */
void attempt_wrong(struct tx *tx, const struct attempt *attempt, const char *why);

#endif
