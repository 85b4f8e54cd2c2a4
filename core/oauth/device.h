/* SPDX-License-Identifier: ISC */
/*
 * Device authorization (RFC 8628): a device begins, a person finds its request by the user code and
 * decides. What an approval gives is a grant whose code is the device code
 * (core/oauth/grant/device_code.c).
 */
#ifndef OSTIARY_OAUTH_DEVICE_H
#define OSTIARY_OAUTH_DEVICE_H

#include "core/model/device.h"
#include "core/oauth/authz/authz.h"

struct device_answer {
	const char *device_code;
	const char *user_code; /* as it is shown */
	int64_t expires_in;    /* seconds */
};

/* Keeps a request that was read AUTHZ_AT_DEVICE. 0, or -1 with the failure in tx. */
int device_begin(struct tx *tx, const struct authz *authz, const char *user_agent,
		 struct device_answer *answer) __attribute__((warn_unused_result));

/* The request that waits under a user code (its letters alone); NONE also when it has been decided
 * or has expired. */
enum store_verdict device_waiting(struct tx *tx, const char *user_code,
				  struct device_request *request)
	__attribute__((warn_unused_result));

/*
 * Reads what a device asked for once more, as the client and the realm are now. 0, or -1 with the
 * failure in tx.
 */
int device_read(struct tx *tx, const struct device_request *request, struct authz *authz)
	__attribute__((warn_unused_result));

/* Makes the grant, with its record, where the request is still waiting; else NONE. */
enum store_verdict device_approve(struct tx *tx, const struct authz *authz,
				  const struct authz_subject *subject,
				  const struct device_request *request)
	__attribute__((warn_unused_result));

/* The same for a denial. */
enum store_verdict device_deny(struct tx *tx, const struct authz_subject *subject,
			       const struct device_request *request)
	__attribute__((warn_unused_result));

#endif
