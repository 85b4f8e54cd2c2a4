/* SPDX-License-Identifier: ISC */
/*
 * Pages of the documentation that are one table each.
 */
#ifndef OSTIARY_CTL_REFERENCE_TABLES_H
#define OSTIARY_CTL_REFERENCE_TABLES_H

struct buf;

/* docs/settings.md: what a realm decides, and what a client may have of its own. */
void reference_settings(struct buf *out);

/* docs/metadata.md: the members of client metadata, and who may set them. */
void reference_metadata(struct buf *out);

#endif
