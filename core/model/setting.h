/* SPDX-License-Identifier: ISC */
/*
 * Settings of a realm, the same for the command line, the stored document and the manual: one
 * table. A client may override those marked so; it stores only what it overrides.
 */
#ifndef OSTIARY_MODEL_SETTING_H
#define OSTIARY_MODEL_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct json_object;
struct buf;

enum token_format { TOKEN_JWT, TOKEN_OPAQUE };
enum registration_rule { REGISTRATION_CLOSED, REGISTRATION_TOKEN, REGISTRATION_OPEN };

/* Durations are seconds. */
struct settings {
	int64_t access_token_lifetime; /* default 1h; 1m to 1d */
	int64_t access_token_format;   /* enum token_format; default jwt */
	const char *access_token_alg;  /* "ES256" default; RS256 PS256 ES256 EdDSA */
	const char *id_token_alg;  /* id_token_signed_response_alg: "RS256" default, same choice */
	int64_t id_token_lifetime; /* default 1h */
	int64_t code_lifetime;     /* default 60 s; 10 s to 10 min */
	int64_t refresh_token_lifetime; /* since the grant; default 90d; 1m to 3650d */
	int64_t refresh_token_idle;     /* since the last use; default 30d */
	int64_t refresh_token_grace;    /* default 30 s; 0 to 5 min */
	int64_t session_lifetime;       /* since sign-in; default 7d; realm only */
	int64_t session_idle;           /* since the last use; default 12h; realm only */
	int64_t flow_lifetime;   /* how long a sign-in page stays good; default 1h; realm only */
	int64_t key_rotation;    /* age at which a signing key is replaced; default 90d, 0 never */
	int64_t audit_retention; /* default 400d; realm only */
	int64_t client_rate;     /* requests a minute; default 60000; 0: no limit */
	int64_t par_lifetime;    /* of a pushed request's handle; default 60 s; 5 s to 10 min */
	int64_t require_pushed;  /* require_pushed_authorization_requests: 0 or 1; realm only */
	int64_t device_code_lifetime;   /* default 10 min; 1 min to 1 h */
	const char *mtls_endpoint_base; /* "": no second name; realm only */
	/* of clients that register themselves; all realm only */
	int64_t registration;             /* enum registration_rule; default closed */
	const char *registration_scopes;  /* the scopes that they may have */
	const char *registration_profile; /* their policy profile; default "oauth21" */
	int64_t registration_limit;       /* how many of them there may be; default 1000 */
	int64_t registration_unused; /* seconds until one without a grant is removed; 0: never */
	int64_t client_id_metadata_document; /* 1: the URL of a document is a client_id too */
};

enum setting_type {
	SETTING_DURATION,
	SETTING_NUMBER,
	SETTING_CHOICE_NUMBER,
	SETTING_CHOICE_TEXT,
	SETTING_URL,   /* https without a slash at the end, or "" */
	SETTING_WORDS, /* scopes with blanks between; at most max bytes */
};

struct setting {
	const char *name; /* as in `ostiary realm set NAME=VALUE` and the stored document */
	enum setting_type type;
	size_t offset; /* in struct settings */
	int64_t min, max;
	const char *fallback;       /* the default as it would be written */
	const char *const *choices; /* NULL-terminated, for choices */
	bool client_may;            /* a client may override it */
	const char *help;           /* one sentence for people */
};

/* All settings; *count of them. */
const struct setting *settings_table(size_t *count);
const struct setting *setting_find(const char *name);

/* Every default. */
void settings_default(struct settings *settings);

/* Sets one from text. -1 when the value is refused; *why (arena) says what would be right. */
int setting_parse(struct arena *arena, const struct setting *setting, const char *text,
		  struct settings *settings, const char **why) __attribute__((warn_unused_result));

/* The value as it would be written, e.g. "1h", "jwt". */
const char *setting_format(struct arena *arena, const struct setting *setting,
			   const struct settings *settings);

/*
 * Applies a stored document {"access_token_lifetime": "1h", …} over *settings. -1 for an unknown
 * name or a bad value. for_client refuses those that a client may not override.
 */
int settings_apply(struct arena *arena, struct json_object *document, bool for_client,
		   struct settings *settings, const char **why) __attribute__((warn_unused_result));

#endif
