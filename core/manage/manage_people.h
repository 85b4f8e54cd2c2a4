/* SPDX-License-Identifier: ISC */
/*
 * Looking after people from elsewhere.
 */
#ifndef OSTIARY_MANAGE_PEOPLE_H
#define OSTIARY_MANAGE_PEOPLE_H

#include "core/manage/manage.h"

/*
 * Asks the sources of the realm for everybody who has a live session or grant and was not asked for
 * lately; whoever is away is signed out everywhere, with a line in report. A source that cannot say
 * changes nothing.
 */
enum store_verdict manage_people_sweep(struct tx *tx, struct buf *report)
	__attribute__((warn_unused_result));

#endif
