/* SPDX-License-Identifier: ISC */
/*
 * What is true of the parameters of every request (RFC 6749 3.1, 3.2).
 */
#ifndef OSTIARY_OAUTH_PARAMETERS_H
#define OSTIARY_OAUTH_PARAMETERS_H

#include "core/base/form.h"
#include "core/port/provider.h"

/* No parameter is there twice but resource and audience (RFC 8707 2, RFC 8693 2.1). 0, or -1 with
 * invalid_request. */
int parameters_check(struct tx *tx, const struct form *form) __attribute__((warn_unused_result));

#endif
