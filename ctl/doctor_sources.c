/* SPDX-License-Identifier: ISC */
/*
 * Whether the sources of people can be asked: each service for a name that nobody has, each table
 * for the same. A source that is down is seen here before people see it.
 */
#include <unistd.h>

#include "core/base/bug.h"
#include "core/base/str.h"
#include "core/model/source.h"
#include "core/model/table_person.h"
#include "core/port/broker.h"
#include "ctl/doctor.h"

#define NOBODY "ostiary-doctor-asks"

/* ostiary-pamd always answers root, and workers only where allow_users names theirs. */
static int
ask_as_worker(struct doctor *doctor, const struct broker_request *request,
	      struct broker_answer *answer, const char **user)
{
	const struct broker broker = broker_at(doctor->conf.broker_socket);
	uid_t own = geteuid(), uid = own;
	int result;

	if (own == 0 && doctor_worker_uid(doctor, &uid) && seteuid(uid) != 0)
		uid = own;
	*user = doctor_user(doctor, uid);
	result = broker_look_patiently(&broker, doctor->cli->arena, request, answer);
	if (uid != own && seteuid(own) != 0)
		bug("the user cannot be changed back");
	return result;
}

static void
look_at_service(struct doctor *doctor, const struct realm *realm, const struct source *source)
{
	struct cli *cli = doctor->cli;
	const struct broker_request request = {
		.kind = BROKER_LOOKUP,
		.wait_ms = BROKER_WAIT_MS,
		.services = {&source->service, 1},
		.username = NOBODY,
	};
	struct broker_answer answer;
	const char *user;

	if (str_empty(doctor->conf.broker_socket)) {
		doctor_find(doctor, FINDING_ERROR, "sources",
			    "realm %s, source %s: broker_socket is empty, so service %s cannot be "
			    "asked; name the socket of ostiary-pamd in %s, or take the line out",
			    realm->name, source->name, source->service, cli_conf_path(cli));
		return;
	}
	if (ask_as_worker(doctor, &request, &answer, &user) != 0) {
		doctor_find(doctor, FINDING_ERROR, "sources",
			    "realm %s, source %s: ostiary-pamd does not answer %s at %s; "
			    "`systemctl status ostiary-pamd`, broker_socket, and allow_users in "
			    "pamd.conf",
			    realm->name, source->name, user, doctor->conf.broker_socket);
		return;
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
