/* SPDX-License-Identifier: ISC */
/*
 * The table of groups, in the order of help and manual. What stands last is hidden: it serves the
 * build.
 */
#include "ctl/commands.h"

#define HIDDEN 1
#define COUNT  18

static struct cli_group const *const order[COUNT] = {
	&group_migrate, &group_realm,      &group_client,    &group_user,         &group_source,
	&group_scope,   &group_resource,   &group_issuer,    &group_registration, &group_key,
	&group_session, &group_jobs,       &group_config,    &group_vhost,        &group_doctor,
	&group_explain, &group_completion, &group_reference,
};

const struct cli_group *const *
cli_groups(size_t *visible, size_t *all)
{
	*all = COUNT;
	*visible = COUNT - HIDDEN;
	return order;
}
