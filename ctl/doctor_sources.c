/* SPDX-License-Identifier: ISC */
/*
 * Whether the sources of people can be asked: each service for a name that nobody has, each table
 * for the same. A source that is down is seen here before people see it.
 */
#include "core/base/str.h"
#include "core/model/source.h"
#include "core/model/table_person.h"
#include "core/port/broker.h"
#include "ctl/doctor.h"

#define NOBODY "ostiary-doctor-asks"
#define TRIES  20 /* each BROKER_WAIT_MS: a slow service has its answer ready at the next */

static void
look_at_service(struct doctor *doctor, const struct realm *realm, const struct source *source)
{
	struct cli *cli = doctor->cli;
	const struct broker broker = broker_at(doctor->conf.broker_socket);
	const struct broker_request request = {
		.kind = BROKER_LOOKUP,
		.wait_ms = BROKER_WAIT_MS,
		.services = {&source->service, 1},
		.username = NOBODY,
	};
	struct broker_answer answer = {.found = BROKER_DOWN};

	if (str_empty(doctor->conf.broker_socket)) {
		doctor_find(doctor, FINDING_ERROR, "sources",
			    "realm %s, source %s: broker_socket is empty, so service %s cannot be "
			    "asked; name the socket of ostiary-pamd in %s, or take the line out",
			    realm->name, source->name, source->service, cli_conf_path(cli));
		return;
	}
	for (unsigned i = 0; i < TRIES && answer.found == BROKER_DOWN; i++) {
		if (broker.lookup(broker.context, cli->arena, &request, &answer) != 0) {
			doctor_find(doctor, FINDING_ERROR, "sources",
				    "realm %s, source %s: ostiary-pamd does not answer at %s; "
				    "`systemctl status ostiary-pamd`, and broker_socket",
				    realm->name, source->name, doctor->conf.broker_socket);
			return;
		}
		if (answer.why)
			break;
	}
	if (answer.found == BROKER_DOWN)
		doctor_find(doctor, FINDING_ERROR, "sources",
			    "realm %s, source %s: service %s cannot say who there is: %s; see "
			    "pamd.conf and the log of ostiary-pamd",
			    realm->name, source->name, source->service,
			    answer.why ? answer.why : "no answer in time");
	else
		doctor_find(doctor, FINDING_OK, "sources",
			    "realm %s, source %s: service %s answers", realm->name, source->name,
			    source->service);
}

static void
look_at_table(struct doctor *doctor, const struct realm *realm, const struct source *source)
{
	struct cli *cli = doctor->cli;
	const char *why = "";

	if (people_try(cli->provider.store, cli->arena, source->view, &why) == STORE_OK)
		doctor_find(doctor, FINDING_OK, "sources", "realm %s, source %s: %s can be read",
			    realm->name, source->name, source->view);
	else
		doctor_find(doctor, FINDING_ERROR, "sources", "realm %s, source %s: %s",
			    realm->name, source->name, why);
}

void
doctor_sources(struct doctor *doctor, const struct realm *realm)
{
	for (size_t i = 0; i < realm->sources_count; i++) {
		switch (realm->sources[i].kind) {
		case SOURCE_OWN:
			break;
		case SOURCE_TABLE:
			look_at_table(doctor, realm, &realm->sources[i]);
			break;
		case SOURCE_SERVICE:
			look_at_service(doctor, realm, &realm->sources[i]);
			break;
		}
	}
}
