/* SPDX-License-Identifier: ISC */
/*
 * What a child does with its socket: reads one START and talks, or one LOOKUP and answers.
 *
 *   broker → child   the worker's packets as they came: START, RESPOND …; or LOOKUP
 *   child → broker   WORK_HEAD bytes (a delay in microseconds, most significant first), then a
 *                    state: PROMPT for a page, DONE at the end; or an answer without such a head
 */
#ifndef OSTIARY_PAMD_WORK_H
#define OSTIARY_PAMD_WORK_H

#define WORK_HEAD 4

/* context is a const struct settings *. Both return when all is said. */
void work_converse(void *context, int fd);
void work_lookup(void *context, int fd);

#endif
