/* SPDX-License-Identifier: ISC */
/*
 * docs/endpoints.md, made from the tables that decide.
 */
#ifndef OSTIARY_CTL_REFERENCE_ENDPOINTS_H
#define OSTIARY_CTL_REFERENCE_ENDPOINTS_H

struct buf;

void reference_endpoints(struct buf *out);

#endif
