/* SPDX-License-Identifier: ISC */
/*
 * The groups of commands, one file each.
 */
#ifndef OSTIARY_CTL_COMMANDS_H
#define OSTIARY_CTL_COMMANDS_H

#include "ctl/cli.h"

#define ROWS(table)    (table), sizeof(table) / sizeof((table)[0])
#define OPTIONS(table) .options = (table), .options_count = sizeof(table) / sizeof((table)[0])

extern const struct cli_group group_migrate;
extern const struct cli_group group_realm;
extern const struct cli_group group_client;
extern const struct cli_group group_user;
extern const struct cli_group group_source;
extern const struct cli_group group_scope;
extern const struct cli_group group_resource;
extern const struct cli_group group_issuer;
extern const struct cli_group group_registration;
extern const struct cli_group group_key;
extern const struct cli_group group_session;
extern const struct cli_group group_jobs;
extern const struct cli_group group_config;
extern const struct cli_group group_vhost;
extern const struct cli_group group_doctor;
extern const struct cli_group group_explain;
extern const struct cli_group group_completion;
extern const struct cli_group group_reference;

/* Secrets of clients are commands of the group client, in a file of their own. */
enum cli_exit client_secret_add_run(struct cli *cli);
enum cli_exit client_secret_list_run(struct cli *cli);
enum cli_exit client_secret_expire_run(struct cli *cli);
enum cli_exit client_secret_remove_run(struct cli *cli);

/* Says with a fresh secret how it is kept. */
struct manage_secret;
void client_secret_said(struct cli *cli, const struct manage_secret *secret);

/* A complaint that changes nothing, and a member of the document. */
void client_note(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A note for each that the client names and the realm does not know. */
void client_unknown_note(struct cli *cli, const char *client_id);

/* A note where the client cannot authenticate itself as it is registered. */
void client_lack_note(struct cli *cli, const char *client_id);

/* Links of people are commands of the group user, likewise. */
enum cli_exit user_link_run(struct cli *cli);
enum cli_exit user_unlink_run(struct cli *cli);
enum cli_exit user_links_run(struct cli *cli);

#endif
