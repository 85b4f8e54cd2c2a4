/* SPDX-License-Identifier: ISC */
/*
 * The way out: whether ostiary-fetch answers. It is asked for something that it must refuse, so
 * nothing leaves the host.
 */
#include "core/base/str.h"
#include "core/port/fetch_program.h"
#include "ctl/doctor.h"

#define REFUSED_URL "http://localhost/" /* not https */

void
doctor_outside(struct doctor *doctor)
{
	const struct conf *conf = &doctor->conf;
	bool alone = str_empty(conf->fetch_socket);
	const struct fetcher *fetcher = fetch_program(doctor->cli->arena, conf);
	const struct fetch_request request = {.url = REFUSED_URL, .max = 1};
	struct fetched fetched = {0};
	enum fetch_verdict verdict =
		fetcher->get(fetcher->context, doctor->cli->arena, &request, &fetched);

	if (verdict == FETCH_REFUSED)
		doctor_find(doctor, FINDING_OK, "fetching", "%s",
			    alone ? conf->fetch_program : conf->fetch_socket);
	else
		doctor_find(doctor, FINDING_WARNING, "fetching",
			    "%s; keys and documents of clients cannot be fetched: %s",
			    fetched.why ? fetched.why : "it fetched what it must refuse",
			    alone ? "install the program or correct fetch_program"
				  : "start ostiary-fetch or correct fetch_socket");
}
