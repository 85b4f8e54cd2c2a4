/* SPDX-License-Identifier: ISC */
/*
 * The options of ostiary-pamd, one row each, and what is written from the rows: the reference file
 * and the manual page. Reading is in settings_read.c.
 */
#include "pamd/settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/str.h"

#define TEXT_BYTES   SETTINGS_TEXT_MAX
#define PATH_BYTES   160
#define SOCKET_BYTES 107 /* what the address of a Unix socket holds */
#define WRAP_AT      78

#define BROKER_AT(member)  offsetof(struct settings, member)
#define SERVICE_AT(member) offsetof(struct service, member)

/* clang-format off */
static const struct option options[] = {
	{"socket", IN_BROKER, OPTION_PATH, BROKER_AT(socket), 1, SOCKET_BYTES,
	 "/run/ostiary-pamd/socket",
	 "The socket that workers connect to. A socket that systemd passes is taken instead."},
	{"allow_users", IN_BROKER, OPTION_TEXT, BROKER_AT(allow_users), 1, TEXT_BYTES, "ostiary",
	 "Who may connect, with blanks between: names from /etc/passwd, or numbers. Root always may; "
	 "all others are turned away whatever the rights of the socket."},
	{"max_conversations", IN_BROKER, OPTION_INT, BROKER_AT(max_conversations), 1, 4096, "256",
	 "How many people may be signing in at once. Each has a process while a page of theirs "
	 "waits for its answer."},
	{"max_per_network", IN_BROKER, OPTION_INT, BROKER_AT(max_per_network), 1, 4096, "32",
	 "How many of them from one network (IPv4 /24; IPv6 /64)."},
	{"max_per_name", IN_BROKER, OPTION_INT, BROKER_AT(max_per_name), 1, 256, "4",
	 "How many of them with one user name. One more takes the place of the oldest that has "
	 "proven nothing, one of its own network if there is any."},
	{"prove_seconds", IN_BROKER, OPTION_INT, BROKER_AT(prove_seconds), 1, 600, "30",
	 "How long the first page waits for its answer, and how long a service may work on any "
	 "answer before its process is killed."},
	{"answer_seconds", IN_BROKER, OPTION_INT, BROKER_AT(answer_seconds), 1, 3600, "120",
	 "How long every later page waits for its answer."},
	{"failure_ms", IN_BROKER, OPTION_INT, BROKER_AT(failure_ms), 0, 10000, "600",
	 "No failure is told sooner, in milliseconds; unknown names, locked accounts and wrong "
	 "passwords take the same time. Delays that a module asks for are kept beyond that."},
	{"log_target", IN_BROKER, OPTION_TEXT, BROKER_AT(log_target), 1, 16, "syslog",
	 "Where log lines go: syslog or stderr."},

	{"change_password", IN_PAM | IN_LDAP, OPTION_BOOL, SERVICE_AT(change_password), 0, 0, "no",
	 "Whether people change an expired password while they sign in. pam_unix needs a broker "
	 "that runs as root for it. no: they are sent to the address that the realm's source names."},

	{"pam_service", IN_PAM, OPTION_TEXT, SERVICE_AT(pam_service), 1, 64, "ostiary",
	 "The file in /etc/pam.d that says what is asked."},
	{"pam_dir", IN_PAM, OPTION_PATH, SERVICE_AT(pam_dir), 0, PATH_BYTES, "",
	 "A folder in which that file lies instead of /etc/pam.d."},
	{"min_uid", IN_PAM, OPTION_INT, SERVICE_AT(min_uid), 1, 4294967294, "1000",
	 "The smallest number of a user who may sign in: system users may not, root never."},

	{"uri", IN_LDAP, OPTION_TEXT, SERVICE_AT(uri), 0, TEXT_BYTES, "",
	 "The directory servers, ldaps://, ldap:// or ldapi://, several with blanks between, tried "
	 "in their order. ldap:// to another host needs start_tls."},
	{"start_tls", IN_LDAP, OPTION_BOOL, SERVICE_AT(start_tls), 0, 0, "no",
	 "Whether connections to ldap:// are encrypted by StartTLS before anything is sent."},
	{"ca_file", IN_LDAP, OPTION_PATH, SERVICE_AT(ca_file), 0, PATH_BYTES, "",
	 "The certificate of the authority that signed the servers' certificates (PEM). Empty: the "
	 "system's authorities."},
	{"bind_dn", IN_LDAP, OPTION_TEXT, SERVICE_AT(bind_dn), 0, TEXT_BYTES, "",
	 "The entry that searches for people. Empty: anonymous."},
	{"bind_password_file", IN_LDAP, OPTION_PATH, SERVICE_AT(bind_password_file), 0, PATH_BYTES, "",
	 "A file that holds the password of bind_dn in one line, for the user of ostiary-pamd alone: "
	 "/etc/ostiary is closed to it, /etc/ostiary-pamd need not be."},
	{"base", IN_LDAP, OPTION_TEXT, SERVICE_AT(base), 0, TEXT_BYTES, "",
	 "The entry below which people are searched."},
	{"scope", IN_LDAP, OPTION_TEXT, SERVICE_AT(scope), 1, 8, "sub",
	 "How deep below it: sub is all the way, one is directly below."},
	{"filter", IN_LDAP, OPTION_TEXT, SERVICE_AT(filter), 1, TEXT_BYTES, "(uid=%u)",
	 "Which entry is the person's; %u is the name that was typed, escaped. It must match one "
	 "entry alone."},
	{"id_attribute", IN_LDAP, OPTION_TEXT, SERVICE_AT(id_attribute), 1, 64, "entryUUID",
	 "The attribute that is never given to another person, such as entryUUID or objectGUID."},
	{"name_attribute", IN_LDAP, OPTION_TEXT, SERVICE_AT(name_attribute), 1, 64, "uid",
	 "The attribute that holds the user name as it is written in accounts."},
	{"claims", IN_LDAP, OPTION_TEXT, SERVICE_AT(claims), 0, TEXT_BYTES,
	 "name=cn given_name=givenName family_name=sn email=mail",
	 "What is known about a person, as CLAIM=ATTRIBUTE with blanks between."},
	{"email_verified", IN_LDAP, OPTION_BOOL, SERVICE_AT(email_verified), 0, 0, "no",
	 "Whether the directory vouches for the addresses that it holds."},
	{"group_base", IN_LDAP, OPTION_TEXT, SERVICE_AT(group_base), 0, TEXT_BYTES, "",
	 "The entry below which groups are searched. Empty: people have none."},
	{"group_filter", IN_LDAP, OPTION_TEXT, SERVICE_AT(group_filter), 0, TEXT_BYTES, "(member=%d)",
	 "Which groups are the person's; %d is the name of the person's entry, %u the user name, "
	 "both escaped. Empty: those below group_base that the entry's memberOf names."},
	{"group_name", IN_LDAP, OPTION_TEXT, SERVICE_AT(group_name), 1, 64, "cn",
	 "The attribute that holds a group's name."},
	{"disabled_filter", IN_LDAP, OPTION_TEXT, SERVICE_AT(disabled_filter), 0, TEXT_BYTES, "",
	 "Entries that it matches may not sign in, and their sessions end, as in "
	 "(nsAccountLock=TRUE)."},
	{"timeout", IN_LDAP, OPTION_INT, SERVICE_AT(timeout), 1, 30, "3",
	 "How many seconds one step may take: connecting, searching, binding."},
};
/* clang-format on */

#define OPTIONS_COUNT (sizeof(options) / sizeof(options[0]))

static const char intro[] =
	"Configuration of ostiary-pamd, which asks the logins of this host for the workers. "
	"Options "
	"are here with their defaults; take the # away from those you change. A value reaches to "
	"the end of its line or to a blank and a semicolon; a line that begins with a blank goes "
	"on "
	"with the value before it.";

static const char service_help[] =
	"A login that realms may name: `ostiary source add --kind service --set service=NAME`. "
	"There may be several; names consist of a-z, 0-9, - and _, a letter first.";

const struct option *
settings_table(size_t *count)
{
	*count = OPTIONS_COUNT;
	return options;
}

const char *
settings_path(void)
{
	const char *path = secure_getenv(SETTINGS_ENVIRONMENT);

	return str_empty(path) ? SETTINGS_DEFAULT_PATH : path;
}

const struct service *
settings_service(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->services; i++) {
		if (str_equal(settings->service[i].name, name))
			return &settings->service[i];
	}
	return NULL;
}

/* ---- the reference file ---- */

/* Text as comment lines, broken at blanks. */
static void
add_comment(struct buf *out, const char *text)
{
	while (*text) {
		size_t size = strlen(text);

		if (size > WRAP_AT)
			size = WRAP_AT;
		/* no word is as long as a line */
		while (text[size] != ' ' && text[size])
			size--;
		buf_printf(out, "# %.*s\n", (int)size, text);
		text += size;
		text += strspn(text, " ");
	}
}

static void
add_type(struct buf *out, const struct option *option)
{
	const char *may_be_empty = option->min == 0 ? ", may be empty" : "";

	switch (option->type) {
	case OPTION_TEXT:
		buf_printf(out, "Text of at most %" PRId64 " bytes%s.\n", option->max,
			   may_be_empty);
		return;
	case OPTION_PATH:
		buf_printf(out, "An absolute path%s.\n", may_be_empty);
		return;
	case OPTION_INT:
		buf_printf(out, "A number from %" PRId64 " to %" PRId64 ".\n", option->min,
			   option->max);
		return;
	case OPTION_BOOL:
		buf_add_text(out, "yes or no.\n");
		return;
	}
	bug("option of an unknown type");
}

static void
add_options(struct buf *out, unsigned place, unsigned unless)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		const struct option *option = &options[i];

		if (!(option->places & place) || option->places & unless)
			continue;
		buf_add_char(out, '\n');
		add_comment(out, option->help);
		buf_add_text(out, "# ");
		add_type(out, option);
		buf_printf(out, "#%s =%s%s\n", option->name, *option->fallback ? " " : "",
			   option->fallback);
	}
}

void
settings_reference(struct buf *out)
{
	add_comment(out, intro);
	buf_add_text(out, "\n[broker]\n");
	add_options(out, IN_BROKER, 0);
	buf_add_char(out, '\n');
	add_comment(out, service_help);
	buf_add_text(out, "[service pam]\nkind = pam\n");
	add_options(out, IN_PAM, 0);
	buf_add_char(out, '\n');
	add_comment(out, "People of a directory, asked without PAM. change_password may stand here "
			 "too.");
	buf_add_text(out, "#[service directory]\n#kind = ldap\n");
	add_options(out, IN_LDAP, IN_PAM);
}

/* ---- the manual page ---- */

static const char manual_head[] =
	".\\\" SPDX-License-Identifier: ISC\n"
	".\\\" Written by ostiary-pamd --manual.\n"
	".TH OSTIARY\\-PAMD 8 \"\" Ostiary \"System administration\"\n"
	".SH NAME\n"
	"ostiary\\-pamd \\- asks the logins of this host for Ostiary\n"
	".SH SYNOPSIS\n"
	".B ostiary\\-pamd\n"
	"[\\fB\\-c\\fR \\fIFILE\\fR] [\\fB\\-\\-check\\fR]\n"
	".br\n"
	".B ostiary\\-pamd\n"
	"\\fB\\-\\-reference\\fR | \\fB\\-\\-manual\\fR | \\fB\\-\\-help\\fR\n"
	".SH DESCRIPTION\n"
	"Workers of Ostiary have no rights on the host. What they need to know about its people "
	"they\n"
	"ask this program over a Unix socket: it keeps conversations with PAM or a directory "
	"server\n"
	"(user name, password, one-time codes, a new password), and looks up accounts and groups.\n"
	".PP\n"
	"The program itself only passes packets on. Each conversation and each look-up runs in a\n"
	"process of its own, so a module that hangs, crashes or leaks costs one sign-in.\n"
	"Callers are known by the user they run as; conversations belong to a random id and to "
	"the\n"
	"browser that began them. A module that asks without end is stopped: after 8 answers that "
	"have\n"
	"proven nothing the sign-in is wrong, so each costs a guesser as much as a wrong "
	"password.\n"
	".SH RIGHTS\n"
	"With pam_unix it runs as a user of its own with the supplementary group shadow, which is\n"
	"enough to compare passwords. Changing an expired password (change_password) needs root.\n"
	"Stacks that ask another service (nslcd, sssd), and services of kind ldap, need no "
	"rights.\n"
	".SH OPTIONS\n"
	".TP\n\\fB\\-c\\fR \\fIFILE\\fR\n"
	"The configuration; without it what OSTIARY_PAMD_CONFIG names, else " SETTINGS_DEFAULT_PATH
	".\n"
	".TP\n\\fB\\-\\-check\\fR\nReads the configuration, prints every mistake and exits.\n"
	".TP\n\\fB\\-\\-reference\\fR\nPrints a configuration with every option and its default.\n"
	".TP\n\\fB\\-\\-manual\\fR\nPrints this page.\n"
	".TP\n\\fB\\-\\-help\\fR\nPrints the usage.\n"
	".SH CONFIGURATION\n";

static const char manual_tail[] =
	".SH SIGNALS\n"
	"SIGTERM and SIGINT end the program and all its conversations.\n"
	".SH EXIT STATUS\n"
	"0, 1 when the configuration or the socket is not usable, 2 for unknown arguments.\n"
	".SH FILES\n"
	".TP\n" SETTINGS_DEFAULT_PATH "\nThe configuration.\n"
	".TP\n/etc/pam.d/ostiary\nWhat PAM asks, where no other service is named.\n"
	".SH SEE ALSO\n"
	".BR ostiary (8),\n.BR ostiary.conf (5),\n.BR pam (8),\n.BR pam.d (5)\n";

/* Text in which nothing begins a request or an escape. */
static void
add_roff(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			buf_add_text(out, "\\e");
		else if (*text == '-')
			buf_add_text(out, "\\-");
		else
			buf_add_char(out, *text);
	}
}

static void
add_manual_options(struct buf *out, unsigned place, unsigned unless)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		const struct option *option = &options[i];

		if (!(option->places & place) || option->places & unless)
			continue;
		buf_add_text(out, ".TP\n\\fB");
		add_roff(out, option->name);
		buf_add_text(out, "\\fR");
		if (*option->fallback) {
			buf_add_text(out, " = ");
			add_roff(out, option->fallback);
		}
		buf_add_char(out, '\n');
		add_roff(out, option->help);
		buf_add_char(out, '\n');
		add_type(out, option);
	}
}

void
settings_manual(struct buf *out)
{
	buf_add_text(out, manual_head);
	add_roff(out, intro);
	buf_add_text(out, "\n.SS [broker]\n");
	add_manual_options(out, IN_BROKER, 0);
	buf_add_text(out, ".SS [service NAME]\n");
	add_roff(out, service_help);
	buf_add_text(out, "\n.TP\n\\fBkind\\fR\npam or ldap; must be given. The options below are "
			  "those of pam.\n");
	add_manual_options(out, IN_PAM, 0);
	buf_add_text(out, ".SS [service NAME], kind = ldap\n");
	add_manual_options(out, IN_LDAP, IN_PAM);
	buf_add_text(out, manual_tail);
}
