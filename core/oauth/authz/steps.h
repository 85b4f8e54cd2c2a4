/* SPDX-License-Identifier: ISC */
/*
 * Steps of the table in steps.c that stand in files of their own.
 */
#ifndef OSTIARY_OAUTH_STEPS_H
#define OSTIARY_OAUTH_STEPS_H

#include "core/oauth/authz/authz.h"

/* ---- pushed.c ---- */
int step_pushing(struct tx *tx, struct authz *authz);
int step_pushed(struct tx *tx, struct authz *authz);
int step_pushed_before(struct tx *tx, struct authz *authz);
int step_pushed_fresh(struct tx *tx, struct authz *authz);
int step_must_push(struct tx *tx, struct authz *authz);

#endif
