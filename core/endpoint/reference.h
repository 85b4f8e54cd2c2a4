/* SPDX-License-Identifier: ISC */
/*
 * What the manual says about each endpoint: its specification, what it is for and its parameters.
 * The rest of docs/endpoints.md comes from the tables that decide: routes, grants, client
 * authentication, errors. A test compares the parameters with those that the code reads.
 */
#ifndef OSTIARY_ENDPOINT_REFERENCE_H
#define OSTIARY_ENDPOINT_REFERENCE_H

#include <stddef.h>

struct endpoint_parameter {
	const char *name;
	const char *when; /* "required", "optional", or in which case */
	const char *help;
};

struct endpoint_reference {
	const char *path; /* of the route */
	const char *specification;
	const char *help;
	const struct endpoint_parameter *parameters; /* ended by a NULL name; NULL: none */
};

/* What clients that authenticate may send beside an endpoint's own parameters. */
extern const struct endpoint_parameter client_auth_parameters[];

/* In the order of the manual. */
const struct endpoint_reference *endpoint_reference_table(size_t *count);

#endif
